# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Running jobs as tasks of one event loop, each with its own time-out and its own end."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import functools
import inspect
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from rq.job import Job, _current_job
from rq.queue import Queue
from rq.timeouts import JobTimeoutException, TimerDeathPenalty

from workers.runs import Ending, Run

logger = logging.getLogger("flowmate.worker")


class ThreadDeathPenalty(TimerDeathPenalty):
    """Bounds a callback that runs in a thread; RQ's default needs SIGALRM and the main thread.

    RQ's timer patches the exception class it is given, for the whole process: it gets one of its own here.
    """

    def __init__(self, timeout: float, exception: type[Exception] = JobTimeoutException, **_: Any) -> None:
        super().__init__(
            timeout, type(exception.__name__, (exception,), {"__module__": exception.__module__})
        )
        self._turn = threading.Lock()
        self._over = False

    def handle_death_penalty(self) -> None:
        with self._turn:
            if not self._over:
                super().handle_death_penalty()

    def cancel_death_penalty(self) -> None:
        with self._turn:
            self._over = True
        super().cancel_death_penalty()


def resolve(job: Job) -> Callable[[], Any]:
    """Imports the job's function and binds its arguments; raises whatever the import or the payload raises."""
    function = job.func
    if function is None:
        raise ValueError("the job names no function")
    return functools.partial(function, *job.args, **job.kwargs)


async def _invoke(call: Callable[[], Any]) -> Any:
    function = call.func if isinstance(call, functools.partial) else call
    result = call() if inspect.iscoroutinefunction(function) else await _in_thread(call)
    return await result if inspect.isawaitable(result) else result


async def _in_thread(call: Callable[[], Any]) -> Any:
    """Runs a plain function in a thread of its own; cancelling interrupts it at its next line of Python."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def deliver(value: Any, error: BaseException | None) -> None:
        if not outcome.done():
            outcome.set_result((value, error))

    def body() -> None:
        value, error = None, None
        try:
            value = context.run(call)
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(deliver, value, error)
        except RuntimeError:
            logger.debug("a function ended after its event loop")

    # A daemon, so that a function that never returns cannot keep the process from ending.
    thread = threading.Thread(target=body, name="flowmate-sync-job", daemon=True)
    thread.start()
    try:
        value, error = await outcome
    except asyncio.CancelledError:
        if thread.ident is not None and thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(JobTimeoutException)
            )
        raise
    if error is not None:
        raise error
    return value


class Flight:
    """The jobs that run in this event loop; every method must be called on the loop's thread.

    `ended` gets each run exactly once: when its function is done, or when it has ignored its cancellation for
    longer than the grace, in which case the task is left behind and logged.
    """

    def __init__(self, *, ended: Callable[[Run], None], cancel_grace_seconds: float) -> None:
        self._ended = ended
        self._cancel_grace_seconds = cancel_grace_seconds
        self._runs: dict[str, Run] = {}
        self._left_behind: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def left_behind(self) -> int:
        return len(self._left_behind)

    def launch(self, run: Run) -> None:
        """Starts a run whose call has been resolved."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        context.run(_current_job.set, run.job)
        self._runs[run.execution.id] = run
        run.task = loop.create_task(self._perform(run), name=f"job {run.job.id}", context=context)
        run.task.add_done_callback(functools.partial(self._done, run))
        timeout = run.job.timeout or Queue.DEFAULT_TIMEOUT
        if timeout > 0:
            run.timer = loop.call_later(timeout, self.end, run, Ending.TIMED_OUT)

    def end(self, run: Run, ending: Ending) -> None:
        """Cancels a run for this reason; the first reason counts, and a run that is done is left alone."""
        if run.ended or run.ending is not None or run.task is None:
            return
        run.ending = ending
        if run.timer is not None:
            run.timer.cancel()
        run.task.cancel()
        loop = asyncio.get_running_loop()
        run.timer = loop.call_later(self._cancel_grace_seconds, self._leave_behind, run)

    async def _perform(self, run: Run) -> None:
        assert run.call is not None
        try:
            run.value = await _invoke(run.call)
        except BaseException:
            # SystemExit and KeyboardInterrupt too: a job must not be able to end the worker.
            run.exc_info = sys.exc_info()

    def _done(self, run: Run, task: asyncio.Task[None]) -> None:
        if task in self._left_behind:
            self._left_behind.discard(task)
            logger.warning("job %s, left behind earlier, has ended at last", run.job.id)
            return
        if task.cancelled():
            # Cancelled before its first step: the coroutine never ran.
            run.exc_info = (asyncio.CancelledError, asyncio.CancelledError(), None)
        self._finish(run)

    def _leave_behind(self, run: Run) -> None:
        assert run.task is not None
        logger.error(
            "job %s ignored its cancellation (%s) for %.1f s and is left behind",
            run.job.id,
            run.ending.value if run.ending else "none",
            self._cancel_grace_seconds,
        )
        self._left_behind.add(run.task)
        run.exc_info = (asyncio.CancelledError, asyncio.CancelledError(), None)
        self._finish(run)

    def _finish(self, run: Run) -> None:
        run.ended = True
        if run.timer is not None:
            run.timer.cancel()
        del self._runs[run.execution.id]
        self._ended(run)
