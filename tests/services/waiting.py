"""Waiting for what others do, without a guess at how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE_SECONDS = 30.0


async def eventually(
    condition: Callable[[], Awaitable[Any]] | Callable[[], Any], *, seconds: float = PATIENCE_SECONDS
) -> Any:
    """What the condition gives, once it gives anything. Raises TimeoutError where it never does."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)
