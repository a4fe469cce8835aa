"""A clock that a test moves."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class ManualClock:
    """Time that passes only through `advance`, or, with `auto_advance`, at once whenever somebody sleeps."""

    def __init__(self, start: datetime = START, *, auto_advance: bool = False) -> None:
        self._start = start
        self._elapsed = 0.0
        self._auto_advance = auto_advance
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.slept: list[float] = []
        """Every sleep that was asked for, in seconds, in order."""

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._auto_advance:
            self._elapsed += max(0.0, seconds)
            self._wake()
        if self._auto_advance or seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many are asleep now."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, waking sleepers in the order of their times, each with its own time on the clock."""
        end = self._elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self._elapsed = max(self._elapsed, self._sleepers[0][0])
            self._wake()
            # A woken task may go to sleep again inside the same stretch of time.
            await asyncio.sleep(0)
        self._elapsed = end
        await asyncio.sleep(0)

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
