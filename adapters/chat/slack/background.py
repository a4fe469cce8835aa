"""Small things that happen after the acknowledgement: none is worth making Slack wait, none may be forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from core.errors import FlowMateError

log = logging.getLogger(__name__)


class Background:
    """Holds on to running tasks, and logs what becomes of those that fail."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Start `work` now; its failure is logged and goes no further."""
        self.hold(asyncio.create_task(self._guarded(work, name=name), name=name))

    def hold(self, task: asyncio.Task[Any]) -> None:
        """Keep a task from being collected; asyncio itself refers to tasks weakly."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, *, seconds: float) -> None:
        """Let what runs come to its end for at most so long, then cancel it."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        try:
            await work
        except FlowMateError as error:
            log.warning("slack: %s failed: %s", name, error.sentence)
        except Exception:
            log.exception("slack: %s failed", name)
