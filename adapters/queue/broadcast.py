"""`RedisBroadcast`: news of the moment over Redis pub/sub, which keeps nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from adapters.queue.cancelling import ended
from core.ports.broadcast import Hear
from core.ports.clock import Clock

logger = logging.getLogger(__name__)
PREFIX = "flowmate:words:"
RECONNECT_SECONDS = 1.0
OUT = (RedisError, OSError)


class RedisBroadcast:
    """The Broadcast port: a channel for each topic, and one connection for all that this process listens to."""

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._tuned: dict[str, list[Hear]] = {}
        self._changed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def audience(self, topics: Sequence[str]) -> Sequence[int]:
        try:
            counted = await self._redis.pubsub_numsub(*(PREFIX + topic for topic in topics))
        except OUT as error:
            logger.debug("it can't be learned who listens: %s", type(error).__name__)
            return [0] * len(topics)
        return [int(count) for _, count in counted]

    async def send(self, news: Sequence[tuple[str, str]]) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for topic, text in news:
                    pipeline.publish(PREFIX + topic, text)
                await pipeline.execute()
        except OUT as error:
            logger.debug("what was written just now is not told: %s", type(error).__name__)

    @contextlib.contextmanager
    def tune(self, topic: str, hear: Hear) -> Iterator[None]:
        self._tuned.setdefault(topic, []).append(hear)
        self._changed.set()
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            self._tuned[topic].remove(hear)
            if not self._tuned[topic]:
                del self._tuned[topic]
            self._changed.set()

    async def aclose(self) -> None:
        if self._listening is not None:
            await ended(self._listening)
        await self._redis.aclose()

    async def _listen(self) -> None:
        while self._tuned:
            try:
                async with self._redis.pubsub() as subscription:
                    await self._keep_up(subscription)
            except OUT:
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _keep_up(self, subscription: PubSub) -> None:
        """Be subscribed to what somebody listens to, until nobody does."""
        known: set[str] = set()
        reading: asyncio.Task[None] | None = None
        try:
            while self._tuned:
                self._changed.clear()
                wanted = set(self._tuned)
                if wanted - known:
                    await subscription.subscribe(*(PREFIX + topic for topic in wanted - known))
                if known - wanted:
                    await subscription.unsubscribe(*(PREFIX + topic for topic in known - wanted))
                known = wanted
                reading = reading or asyncio.create_task(self._read(subscription))
                changed = asyncio.create_task(self._changed.wait())
                try:
                    await asyncio.wait({reading, changed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
                if reading.done():
                    return reading.result()
        finally:
            if reading is not None:
                await ended(reading)

    async def _read(self, subscription: PubSub) -> None:
        while True:
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=None)
            if message is not None:
                text = message["data"].decode("utf-8", "replace")
                for hear in tuple(self._tuned.get(message["channel"].decode().removeprefix(PREFIX), ())):
                    hear(text)
