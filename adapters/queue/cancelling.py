"""Ending a task that waits on redis-py."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_SECONDS = 0.1


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel the task, and wait until it has ended."""
    while not task.done():
        # `asyncio.wait_for` of Python 3.11, through which redis-py sends, loses a cancellation that comes at the
        # moment when it is done.
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
