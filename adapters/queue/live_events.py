"""`LiveEvents`: the events in the store, heard as they happen; Redis only carries the hint that there are more."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from adapters.queue.cancelling import ended
from adapters.queue.connection import connect_async
from adapters.queue.round_trips import RoundTrips
from core.errors import NotFound
from core.memory.rings import Listeners
from core.models import DelegationState, Event, EventKind
from core.ports.clock import Clock
from core.ports.event_log import Rings
from core.ports.store import Store

logger = logging.getLogger(__name__)
CHANNEL = "flowmate:events"
FALLBACK_SECONDS = 1.0
RECONNECT_SECONDS = 1.0
TURNS = frozenset({EventKind.DELEGATION_DELIVERED, EventKind.DELEGATION_RETRIED})


class LiveEvents:
    """The EventLog port. Without Redis followers still see everything, up to a second later."""

    def __init__(self, *, store: Store, redis_url: str | None, clock: Clock) -> None:
        self._store = store
        self._redis = None if redis_url is None else connect_async(redis_url)
        self._trips = None if redis_url is None else RoundTrips(redis_url)
        self._clock = clock
        self._bells: dict[str, set[asyncio.Event]] = {}
        """One for each follower: with a common one, whoever clears it first would hide the ring from the others."""
        self._listeners = Listeners()
        self._to_ring: set[str] = set()
        self._ringing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    def ring(self, delegation_id: str) -> None:
        self._wake(delegation_id)
        if self._trips is None:
            return
        self._to_ring.add(delegation_id)
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._publish(self._trips))

    def listen(self) -> AbstractContextManager[Rings]:
        self._hear_others()
        return self._listeners.listen()

    async def follow(self, delegation_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        self._hear_others()
        bell = asyncio.Event()
        self._bells.setdefault(delegation_id, set()).add(bell)
        try:
            over = await self._is_over(delegation_id)
            while True:
                bell.clear()
                turned = False
                for event in await self._store.events(delegation_id, after=after):
                    after = event.sequence
                    turned = turned or event.kind in TURNS
                    yield event
                if turned:
                    # A delivered delegation may have been started again meanwhile: its row knows.
                    over = await self._is_over(delegation_id)
                elif over:
                    return
                else:
                    await _heard(bell)
        finally:
            bells = self._bells[delegation_id]
            bells.discard(bell)
            if not bells:
                del self._bells[delegation_id]

    async def aclose(self) -> None:
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)
        if self._listening is not None:
            await ended(self._listening)
        if self._trips is not None:
            await self._trips.aclose()
        if self._redis is not None:
            await self._redis.aclose()

    def _wake(self, delegation_id: str) -> None:
        for bell in self._bells.get(delegation_id, ()):
            bell.set()
        self._listeners.ring(delegation_id)

    def _hear_others(self) -> None:
        if self._redis is not None and (self._listening is None or self._listening.done()):
            self._listening = asyncio.create_task(self._listen(self._redis))

    async def _is_over(self, delegation_id: str) -> bool:
        try:
            return (await self._store.load(delegation_id)).state is DelegationState.DELIVERED
        except NotFound:
            return False

    async def _publish(self, trips: RoundTrips) -> None:
        while self._to_ring:
            wanted, self._to_ring = self._to_ring, set()
            try:
                await asyncio.gather(*(trips.command("PUBLISH", CHANNEL, one) for one in wanted))
            except (RedisError, OSError, TimeoutError) as error:
                logger.debug("followers elsewhere hear of this a little later: %s", type(error).__name__)

    async def _listen(self, redis: Redis) -> None:
        while True:
            try:
                async with redis.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    while True:
                        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=None)
                        if message is not None:
                            self._wake(message["data"].decode())
            except (RedisError, OSError):
                await self._clock.sleep(RECONNECT_SECONDS)


async def _heard(bell: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FALLBACK_SECONDS):
            await bell.wait()
