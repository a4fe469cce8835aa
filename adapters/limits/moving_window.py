"""`MovingWindow`: the limits library's exact moving window, in Redis first."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from adapters.limits.line import RedisLine
from core.memory.limiter import InMemoryLimiter
from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit

logger = logging.getLogger(__name__)
T = TypeVar("T")
PREFIX = "flowmate:limits"
ANSWER_SECONDS = 1.0
CONNECTIONS = 20
"""Requests beyond it wait their turn, as long as it takes: counted alone they would be admitted once more."""


class MovingWindow:
    """The Limiter port. One atomic script in Redis decides; while Redis is out, this process counts alone."""

    def __init__(self, redis_url: str | None, *, clock: Clock) -> None:
        self._clock = clock
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._lines_alone = InMemoryLimiter(clock=clock)
        self._shared: MovingWindowRateLimiter | None = None
        self._lines: RedisLine | None = None
        self._pool: BlockingConnectionPool | None = None
        if redis_url is not None:
            self._pool = BlockingConnectionPool.from_url(
                redis_url,
                max_connections=CONNECTIONS,
                timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
                # A connection from before a restart is tried anew; a server that keeps silent is not asked twice.
                retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
            )
            storage = RedisStorage(
                to_limits_uri(redis_url),
                implementation="redispy",
                key_prefix=PREFIX,
                connection_pool=self._pool,  # type: ignore[arg-type]  # its stub knows plain options only
            )
            self._shared = MovingWindowRateLimiter(storage)
            self._lines = RedisLine(self._pool, prefix=PREFIX)
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._out = False

    async def admit(self, key: str, limit: Limit) -> Verdict:
        # The library counts in whole seconds; a window that is cut short would let too many in.
        item = RateLimitItemPerSecond(limit.requests, max(1, math.ceil(limit.window_seconds)))
        shared = self._shared
        if shared is not None:
            verdict = await self._together(lambda: self._ask(shared, item, key))
            if verdict is not None:
                return verdict
        return await self._ask(self._alone, item, key)

    async def line_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float = 0.0
    ) -> float:
        standing: dict[str, Any] = {"ticket": ticket, "order": order, "alone_seconds": alone_seconds}
        lines = self._lines
        if lines is not None:
            wait = await self._together(lambda: lines.step_up(key, limit, **standing))
            if wait is not None:
                return wait
        return await self._lines_alone.line_up(key, limit, **standing)

    async def leave(self, key: str, *, ticket: str) -> None:
        lines = self._lines
        if lines is not None:
            await self._together(lambda: lines.leave(key, ticket=ticket))
        await self._lines_alone.leave(key, ticket=ticket)

    async def hold(self, key: str, *, seconds: float) -> None:
        lines = self._lines
        if lines is not None:
            await self._together(lambda: lines.hold(key, seconds=seconds))
        # Should Redis go out now, the platform's patience is the same.
        await self._lines_alone.hold(key, seconds=seconds)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _together(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis says; None, with one warning, while it is out."""
        try:
            async with self._turns:
                answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            if not self._out:
                logger.warning("Redis is out (%s): this process counts requests alone", type(error).__name__)
            self._out = True
            return None
        self._out = False
        return answer

    async def _ask(self, limiter: MovingWindowRateLimiter, item: RateLimitItem, key: str) -> Verdict:
        allowed = await limiter.hit(item, key)
        window = await limiter.get_window_stats(item, key)
        now = self._clock.now()
        if allowed and window.remaining > 0:
            # Empty again once its newest request, which is this one, has left it.
            reset_at = now + timedelta(seconds=item.get_expiry())
        else:
            reset_at = max(now, datetime.fromtimestamp(window.reset_time, UTC))
        wait = 0.0 if allowed else max(0.05, (reset_at - now) / timedelta(seconds=1))
        return Verdict(
            allowed=allowed,
            limit=item.amount,
            remaining=max(0, window.remaining),
            window_seconds=float(item.get_expiry()),
            reset_at=reset_at,
            retry_after_seconds=wait,
        )


def to_limits_uri(redis_url: str) -> str:
    """The limits library's form of a Redis URL."""
    if redis_url.startswith("unix://"):
        return "async+redis+" + redis_url
    return "async+" + redis_url
