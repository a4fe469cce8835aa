"""`MovingWindow`: the Limiter port, in Redis first."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from redis.exceptions import RedisError

from adapters.limits.line import RedisLine
from adapters.limits.under_way import RedisUnderWay
from adapters.limits.window import RedisWindow
from adapters.queue.round_trips import RoundTrips
from core.memory.limiter import InMemoryLimiter
from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit

logger = logging.getLogger(__name__)
T = TypeVar("T")
PREFIX = "flowmate:limits"


class MovingWindow:
    """The Limiter port. One atomic script in Redis decides; while Redis is out, this process counts alone."""

    def __init__(self, redis_url: str | None, *, clock: Clock) -> None:
        self._alone = InMemoryLimiter(clock=clock)
        self._redis = None if redis_url is None else _InRedis(redis_url, clock=clock)
        self._out = False

    async def admit(self, key: str, limit: Limit) -> Verdict:
        if self._redis is not None:
            verdict = await self._unless_out(self._redis.window.admit(key, limit))
            if verdict is not None:
                return verdict
        return await self._alone.admit(key, limit)

    async def take_back(self, key: str, limit: Limit) -> None:
        if self._redis is None or not await self._unless_out(self._redis.window.take_back(key, limit)):
            await self._alone.take_back(key, limit)

    async def line_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float = 0.0
    ) -> float:
        standing: dict[str, Any] = {"ticket": ticket, "order": order, "alone_seconds": alone_seconds}
        if self._redis is not None:
            wait = await self._unless_out(self._redis.lines.step_up(key, limit, **standing))
            if wait is not None:
                return wait
        return await self._alone.line_up(key, limit, **standing)

    async def leave(self, key: str, *, ticket: str) -> None:
        if self._redis is not None:
            await self._unless_out(self._redis.lines.leave(key, ticket=ticket))
        await self._alone.leave(key, ticket=ticket)

    async def hold(self, key: str, *, seconds: float) -> None:
        if self._redis is not None:
            await self._unless_out(self._redis.lines.hold(key, seconds=seconds))
        # Should Redis go out now, the platform's patience is the same.
        await self._alone.hold(key, seconds=seconds)

    async def begin(self, key: str, *, ticket: str, every_seconds: float, within_seconds: float) -> float:
        terms: dict[str, Any] = {
            "ticket": ticket,
            "every_seconds": every_seconds,
            "within_seconds": within_seconds,
        }
        if self._redis is not None:
            wait = await self._unless_out(self._redis.under_way.begin(key, **terms))
            if wait is not None:
                return wait
        return await self._alone.begin(key, **terms)

    async def end(self, key: str, *, ticket: str) -> None:
        if self._redis is not None:
            await self._unless_out(self._redis.under_way.end(key, ticket=ticket))
        # It may have begun while Redis was out.
        await self._alone.end(key, ticket=ticket)

    async def under_way(self, key: str) -> bool:
        if self._redis is not None and await self._unless_out(self._redis.under_way.there(key)):
            return True
        return await self._alone.under_way(key)

    async def aclose(self) -> None:
        if self._redis is not None:
            await self._redis.trips.aclose()

    async def _unless_out(self, asked: Awaitable[T]) -> T | None:
        """What Redis says; None, with one warning, while it is out."""
        try:
            answer = await asked
        except (RedisError, OSError, TimeoutError) as error:
            if not self._out:
                logger.warning("Redis is out (%s): this process counts requests alone", type(error).__name__)
            self._out = True
            return None
        self._out = False
        return answer


class _InRedis:
    """What is counted in Redis, over one connection."""

    def __init__(self, redis_url: str, *, clock: Clock) -> None:
        self.trips = RoundTrips(redis_url)
        self.window = RedisWindow(self.trips, prefix=PREFIX, clock=clock)
        self.lines = RedisLine(self.trips, prefix=PREFIX)
        self.under_way = RedisUnderWay(self.trips, prefix=PREFIX)
