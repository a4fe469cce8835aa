"""`MovingWindow`: the Limiter port, in Redis first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from adapters.limits.line import RedisLine
from adapters.limits.window import RedisWindow
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
        self._alone = InMemoryLimiter(clock=clock)
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._window: RedisWindow | None = None
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
            self._window = RedisWindow(self._pool, prefix=PREFIX, clock=clock, turns=self._turns)
            self._lines = RedisLine(self._pool, prefix=PREFIX)
        self._out = False

    async def admit(self, key: str, limit: Limit) -> Verdict:
        window = self._window
        if window is not None:
            verdict = await self._together(lambda: window.admit(key, limit))
            if verdict is not None:
                return verdict
        return await self._alone.admit(key, limit)

    async def take_back(self, key: str, limit: Limit) -> None:
        window = self._window
        if window is None or not await self._in_turn(lambda: window.take_back(key, limit)):
            await self._alone.take_back(key, limit)

    async def line_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float = 0.0
    ) -> float:
        standing: dict[str, Any] = {"ticket": ticket, "order": order, "alone_seconds": alone_seconds}
        lines = self._lines
        if lines is not None:
            wait = await self._in_turn(lambda: lines.step_up(key, limit, **standing))
            if wait is not None:
                return wait
        return await self._alone.line_up(key, limit, **standing)

    async def leave(self, key: str, *, ticket: str) -> None:
        lines = self._lines
        if lines is not None:
            await self._in_turn(lambda: lines.leave(key, ticket=ticket))
        await self._alone.leave(key, ticket=ticket)

    async def hold(self, key: str, *, seconds: float) -> None:
        lines = self._lines
        if lines is not None:
            await self._in_turn(lambda: lines.hold(key, seconds=seconds))
        # Should Redis go out now, the platform's patience is the same.
        await self._alone.hold(key, seconds=seconds)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _in_turn(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        async def in_turn() -> T:
            async with self._turns:
                return await ask()

        return await self._together(in_turn)

    async def _together(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis says; None, with one warning, while it is out."""
        try:
            answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            if not self._out:
                logger.warning("Redis is out (%s): this process counts requests alone", type(error).__name__)
            self._out = True
            return None
        self._out = False
        return answer
