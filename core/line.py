"""Backpressure: past what the workers hold, work stands in line, and people are told how long that line is."""

from __future__ import annotations

from core.ports.clock import Clock
from core.ports.job_queue import JobQueue
from core.ports.limiter import Limit, Limiter
from core.rendering import refusals

LOOK_SECONDS = 1.0
"""The line is looked at once in so many seconds, however much comes in."""
WORTH_TELLING_SECONDS = 10.0
TOLD = Limit(requests=1, window_seconds=300)
"""One person is told once in a while: who asks often would only make the line of posts longer."""


class Line:
    """How long what begins now has waited, which is what the next one in line may expect."""

    def __init__(self, *, queue: JobQueue, limiter: Limiter, clock: Clock) -> None:
        self._queue = queue
        self._limiter = limiter
        self._clock = clock
        self._looked_at: float | None = None
        self._waited = 0.0

    async def notice(self, person: str) -> str | None:
        """What to tell this person about the line; None where it is short. Raises QueueUnavailable."""
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._waited = await self._queue.waited()
        if self._waited < WORTH_TELLING_SECONDS:
            return None
        told = await self._limiter.admit(f"line:{person}", TOLD)
        return refusals.in_line(self._waited) if told.allowed else None
