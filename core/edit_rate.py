"""How many edits of progress one process begins: under load progress is what gives way first."""

from __future__ import annotations

import asyncio
from collections import deque

from core.ports.clock import Clock

PER_SECOND = 10
PATIENCE_SECONDS = 5.0
_ROUNDING = 1e-6
"""A sleep that is as long as it takes may leave this little to wait for, and no clock can tell it from nothing."""


class EditRate:
    """Lets `per_second` edits begin a second, as many at once after a quiet one.

    What comes beyond that waits, the newest first: the longer ago something changed, the sooner the answer makes
    showing it superfluous, maybe by another process, which tells nobody. Each edit costs several round trips, and no
    platform takes more of them from one bot than this.
    """

    def __init__(
        self, *, clock: Clock, per_second: int = PER_SECOND, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._clock = clock
        self._per_second = per_second
        self._patience_seconds = patience_seconds
        self._left = float(per_second)
        self._counted_at = clock.monotonic()
        self._waiting: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._letting: asyncio.Task[None] | None = None

    async def turn(self) -> bool:
        """Return when an edit may begin; False where that took too long. Whoever is cancelled takes no turn."""
        if not self._waiting and self._take():
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._clock.monotonic(), future))
        if self._letting is None:
            self._letting = asyncio.create_task(self._let_pass(), name="edits")
        return await future

    async def _let_pass(self) -> None:
        try:
            while self._someone_waits():
                if self._take():
                    self._waiting.pop()[1].set_result(True)
                else:
                    await self._clock.sleep((1.0 - self._left) / self._per_second)
        finally:
            self._letting = None

    def _someone_waits(self) -> bool:
        """Whether the newest one still waits, once those are sent away that have waited for too long."""
        too_old = self._clock.monotonic() - self._patience_seconds
        while self._waiting and self._waiting[0][0] <= too_old:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(False)
        while self._waiting and self._waiting[-1][1].done():
            self._waiting.pop()
        return bool(self._waiting)

    def _take(self) -> bool:
        now = self._clock.monotonic()
        self._left = min(float(self._per_second), self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1.0 - _ROUNDING:
            return False
        self._left = max(0.0, self._left - 1.0)
        return True
