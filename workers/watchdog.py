"""Noticing what holds up the event loop, and saying where, and which job where it is one alone."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Coroutine, Generator
from typing import Any

from rq.job import _current_job

from workers.events import Events

logger = logging.getLogger("flowmate.worker")

_LOOKS = 4
"""How often it is looked at who has the loop before somebody is said to hold it up."""


class LoopWatchdog(threading.Thread):
    """Pings the loop from a thread of its own; one late answer is one log line with the stack.

    The line names a job if only that one was seen at work meanwhile: a thousand short ones hold the loop up as well.

    As the loop's task factory it learns which job a task works for, also for tasks that a job starts itself.
    Must be built on the loop's thread.
    """

    def __init__(self, *, stall_after_seconds: float, events: Events) -> None:
        super().__init__(name="flowmate-watchdog", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._stall_after_seconds = stall_after_seconds
        self._events = events
        self._answered = threading.Event()
        self._stopping = threading.Event()

    def make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> asyncio.Task[Any]:
        """Serves as a task factory."""
        task: Any = asyncio.Task(coroutine, loop=loop, **options)
        context = options.get("context")
        # On the task itself: a dictionary of weak references costs more than all the rest.
        task.worked_for = _current_job.get() if context is None else context.get(_current_job)
        return task  # type: ignore[no-any-return]

    def stop(self) -> None:
        self._stopping.set()
        self._answered.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._answered.clear()
            try:
                self._loop.call_soon_threadsafe(self._answered.set)
            except RuntimeError:
                return
            seen = self._seen_unanswered()
            if len(seen) == _LOOKS:
                self._report(seen[0] if len(set(seen)) == 1 else "")
            self._stopping.wait(self._stall_after_seconds / 2)

    def _seen_unanswered(self) -> list[str]:
        """Who had the loop at each look until it answered: a job's id, or nothing."""
        seen: list[str] = []
        while len(seen) < _LOOKS and not self._answered.wait(self._stall_after_seconds / _LOOKS):
            seen.append(self._at_work())
        return seen

    def _report(self, job_id: str) -> None:
        seconds = self._stall_after_seconds
        began = time.monotonic() - seconds
        frame = sys._current_frames().get(self._loop_thread)
        stack = "".join(traceback.format_stack(frame)[-6:]) if frame else "(no stack)"
        culprit = f"job {job_id}" if job_id else "many things at once"
        # The stack is a field of its own: whoever looks for the cause has it, and a terminal isn't filled with it.
        logger.error(
            "the event loop has been held up for %.1f s by %s", seconds, culprit, extra={"at_line": stack}
        )
        self._events.tell("stalled", job_id=job_id, seconds=seconds)
        self._answered.wait()
        logger.warning("the event loop goes on after %.1f s (%s)", time.monotonic() - began, culprit)

    def _at_work(self) -> str:
        job = getattr(asyncio.current_task(self._loop), "worked_for", None)
        return job.id if job is not None else ""
