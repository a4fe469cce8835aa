"""What limiters and health checks answer."""

from __future__ import annotations

from pydantic import AwareDatetime

from core.models.values import Frozen


class Verdict(Frozen):
    """A limiter's answer for one request under one limit."""

    allowed: bool
    limit: int
    remaining: int
    window_seconds: float
    reset_at: AwareDatetime
    """When the window has room again (or is empty again, where it has room now)."""
    retry_after_seconds: float = 0.0


class Finding(Frozen):
    """One line of a health check: what was looked at, whether it is well, and how to mend it."""

    subject: str
    ok: bool
    detail: str
    mend: str = ""
