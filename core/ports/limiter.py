"""Counting requests."""

from __future__ import annotations

from typing import Protocol

from core.models import Frozen, Verdict


class Limit(Frozen):
    """At most `requests` in any `window_seconds` (a sliding window)."""

    requests: int
    window_seconds: float


class Limiter(Protocol):
    """Exact under concurrency: of any number of simultaneous requests exactly the limit is admitted."""

    async def admit(self, key: str, limit: Limit) -> Verdict:
        """Count one request of `key` if the limit allows it. Never raises: without its store it counts alone."""
        ...
