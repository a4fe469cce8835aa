"""A clock that only moves when a test moves it."""

import time


class ManualClock:
    """Seconds on a monotonic clock that stands still until ``advance`` is called."""

    def __init__(self, start: float | None = None) -> None:
        self._now = time.monotonic() if start is None else start

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on; time never goes back."""
        if seconds < 0:
            raise ValueError("a monotonic clock does not go back")
        self._now += seconds
