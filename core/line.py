"""Backpressure: past what the workers hold, work stands in line, and people are told how long that line is."""

from __future__ import annotations

from core.ports.clock import Clock
from core.ports.job_queue import JobQueue
from core.ports.limiter import Limit, Limiter
from core.rendering import refusals

LOOK_SECONDS = 1.0
"""The line is looked at once in so many seconds, however much comes in."""
WORTH_TELLING_SECONDS = 10.0
FEW = 5
"""Who asked no more than so often lately has no line of their own worth looking for: it costs a look at the queue."""
TOLD = Limit(requests=1, window_seconds=300)
"""One person is told once in a while: who asks often would only make the line of posts longer."""


class Line:
    """How long what begins now has waited, which is what the next one in line may expect.

    Who asks for much waits behind their own, and nobody else does: they are told of that line.
    """

    def __init__(self, *, queue: JobQueue, limiter: Limiter, clock: Clock) -> None:
        self._queue = queue
        self._limiter = limiter
        self._clock = clock
        self._looked_at: float | None = None
        self._waited: dict[str | None, float] = {}
        """By person; None: everybody's. What was seen since `_looked_at`."""

    async def notice(self, person: str, *, asked: int) -> str | None:
        """What to tell this person, who asked so often lately, about the line; None where it is short.

        Raises QueueUnavailable.
        """
        everybody = await self._look(None)
        own = await self._look(person) if asked > FEW else 0.0
        if max(everybody, own) < WORTH_TELLING_SECONDS:
            return None
        told = await self._limiter.admit(f"line:{person}", TOLD)
        if not told.allowed:
            return None
        return refusals.in_line(everybody) if everybody >= own else refusals.in_own_line(own)

    async def _look(self, person: str | None) -> float:
        now = self._clock.monotonic()
        before = self._waited
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at, self._waited = now, {}
        if person not in self._waited:
            # Until there is an answer, whoever asks meanwhile gets the last one.
            self._waited[person] = before.get(person, 0.0)
            self._waited[person] = await self._queue.waited(person)
        return self._waited[person]
