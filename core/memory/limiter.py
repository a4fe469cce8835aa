"""`InMemoryLimiter`: an exact sliding window on the Clock."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta

from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit


class InMemoryLimiter:
    """The Limiter port in this process: a request counts for exactly one window after it was admitted."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._admitted: dict[tuple[str, Limit], deque[datetime]] = {}

    async def admit(self, key: str, limit: Limit) -> Verdict:
        await asyncio.sleep(0)
        now = self._clock.now()
        window = timedelta(seconds=limit.window_seconds)
        admitted = self._admitted.setdefault((key, limit), deque())
        while admitted and admitted[0] <= now - window:
            admitted.popleft()
        allowed = len(admitted) < limit.requests
        if allowed:
            admitted.append(now)
        remaining = limit.requests - len(admitted)
        # With room left, the window is empty again once its newest request has left it, which is this one.
        decisive = admitted[-1 if remaining else 0] if admitted else now
        wait = 0.0 if allowed else (decisive + window - now).total_seconds()
        return Verdict(
            allowed=allowed,
            limit=limit.requests,
            remaining=remaining,
            window_seconds=limit.window_seconds,
            reset_at=decisive + window,
            retry_after_seconds=wait,
        )
