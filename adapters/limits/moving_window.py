"""`MovingWindow`: the limits library's exact moving window, in Redis first."""

from __future__ import annotations

import asyncio
import logging
import math
from datetime import UTC, datetime, timedelta

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit

logger = logging.getLogger(__name__)
PREFIX = "flowmate:limits"
ANSWER_SECONDS = 1.0
CONNECTIONS = 20
"""Requests beyond it wait their turn, as long as it takes: counted alone they would be admitted once more."""


class MovingWindow:
    """The Limiter port. One atomic script in Redis decides; while Redis is out, this process counts alone."""

    def __init__(self, redis_url: str | None, *, clock: Clock) -> None:
        self._clock = clock
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
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
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._out = False

    async def admit(self, key: str, limit: Limit) -> Verdict:
        # The library counts in whole seconds; a window that is cut short would let too many in.
        item = RateLimitItemPerSecond(limit.requests, max(1, math.ceil(limit.window_seconds)))
        if self._shared is not None:
            try:
                async with self._turns:
                    verdict = await self._ask(self._shared, item, key)
            except (RedisError, OSError, TimeoutError) as error:
                if not self._out:
                    logger.warning(
                        "Redis is out (%s): this process counts requests alone", type(error).__name__
                    )
                self._out = True
            else:
                self._out = False
                return verdict
        return await self._ask(self._alone, item, key)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

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
