"""How fast Parlour may be written to: a bucket of posts and one of edits for each channel, with all its threads."""

from __future__ import annotations

from adapters.chat.pace import Lane
from core.ports.limiter import Limit

POSTS = Limit(requests=5, window_seconds=5.0)
EDITS = Limit(requests=10, window_seconds=5.0)


def posts(channel: str) -> Lane:
    return Lane(f"parlour:posts:{channel}", POSTS)


def edits(channel: str) -> Lane:
    return Lane(f"parlour:edits:{channel}", EDITS)
