"""Noticing a job that holds up the event loop, and saying which one and where."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections.abc import Coroutine, Generator
from typing import Any
from weakref import WeakKeyDictionary

from rq.job import _current_job

from workers.events import Events

logger = logging.getLogger("flowmate.worker")


class LoopWatchdog(threading.Thread):
    """Pings the loop from a thread of its own; one late answer is one log line with the job's id and stack.

    As the loop's task factory it learns which job a task works for, also for tasks that a job starts itself.
    Must be built on the loop's thread.
    """

    def __init__(self, *, stall_after_seconds: float, events: Events) -> None:
        super().__init__(name="flowmate-watchdog", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._stall_after_seconds = stall_after_seconds
        self._events = events
        self._job_ids: WeakKeyDictionary[asyncio.Task[Any], str] = WeakKeyDictionary()
        self._answered = threading.Event()
        self._stopping = threading.Event()

    def make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        **options: Any,
    ) -> asyncio.Task[Any]:
        """Serves as a task factory."""
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        context = options.get("context")
        job = _current_job.get() if context is None else context.get(_current_job)
        if job is not None:
            self._job_ids[task] = job.id
        return task

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
            if not self._answered.wait(self._stall_after_seconds):
                self._report()
            self._stopping.wait(self._stall_after_seconds / 2)

    def _report(self) -> None:
        began = time.monotonic() - self._stall_after_seconds
        job_id = self._culprit()
        frame = sys._current_frames().get(self._loop_thread)
        stack = "".join(traceback.format_stack(frame)[-6:]) if frame else "(no stack)"
        job, seconds = job_id or "(unknown)", self._stall_after_seconds
        # The stack is a field of its own: whoever looks for the cause has it, and a terminal isn't filled with it.
        logger.error("job %s has held up the event loop for %.1f s", job, seconds, extra={"at_line": stack})
        self._events.tell("stalled", job_id=job_id, seconds=self._stall_after_seconds)
        self._answered.wait()
        logger.warning(
            "the event loop goes on after %.1f s (job %s)", time.monotonic() - began, job_id or "(unknown)"
        )

    def _culprit(self) -> str:
        task = asyncio.current_task(self._loop)
        return self._job_ids.get(task, "") if task is not None else ""
