# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Recording in Redis how each job ended, with RQ's own code and off the event loop."""

from __future__ import annotations

import logging
import queue
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable
from typing import TYPE_CHECKING

from redis.client import Pipeline
from rq.exceptions import NoSuchJobError
from rq.job import JobStatus
from rq.rate_limit import release_slot
from rq.timeouts import JobTimeoutException
from rq.utils import as_text

from adapters.batching import ready
from workers.bookkeeping import drop_hollow, is_registered
from workers.outage import TRANSIENT, NotRecordedError, Outage
from workers.runs import Ending, ExcInfo, Run
from workers.successes import Successes

if TYPE_CHECKING:
    from rq.worker import Worker

logger = logging.getLogger("flowmate.worker")

# RQ logs a transaction that fails and goes on; one that keeps failing while Redis answers is not an outage.
_ATTEMPTS = 5
_AT_ONCE = 100
"""How many jobs that ended meanwhile are recorded together."""


class Recorder:
    """Records ended runs in a few threads and outlasts Redis outages; `recorded` gets each run exactly once.

    Callbacks of a job (`on_success` and so on) run here too, at least once.
    """

    def __init__(
        self, worker: Worker, *, threads: int, outage: Outage, recorded: Callable[[Run], None]
    ) -> None:
        self._worker = worker
        self._queue = worker.queues[0]
        self._connection = worker.connection
        self._registry = self._queue.started_job_registry
        self._outage = outage
        self._recorded = recorded
        self._successes = Successes(worker)
        self._giving_up = threading.Event()
        self._ended: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"flowmate-recorder-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def put(self, run: Run) -> None:
        """Hands over an ended run; never blocks."""
        self._ended.put(run)

    def give_up(self) -> None:
        """Stops outlasting outages: what cannot be recorded now is left to a sweep."""
        self._giving_up.set()
        self._outage.wake()

    def close(self, timeout_seconds: float) -> None:
        """Ends the threads once they have recorded what was handed over."""
        until = time.monotonic() + timeout_seconds
        for _ in self._threads:
            self._ended.put(None)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def hand_back(self, runs: list[Run]) -> None:
        """Puts unfinished runs back at the front of the queue, in their order, in one transaction.

        They do not count as failures or retries. One whose job was cancelled or deleted meanwhile is dropped.
        """
        for run in runs:
            run.recording = True
        try:
            self._outage.outlast(lambda: self._hand_back(runs), give_up=self._giving_up)
        except TRANSIENT as error:
            logger.error("%d jobs could not be handed back and are left to a sweep: %s", len(runs), error)
        for run in runs:
            self._recorded(run)

    def _work(self) -> None:
        while (run := self._ended.get()) is not None:
            runs, last = ready(self._ended, run, limit=_AT_ONCE)
            for each in runs:
                each.recording = True
            for each in self._together(runs):
                self._settle(each)
            if last:
                return

    def _together(self, runs: list[Run]) -> list[Run]:
        """Record what simply succeeded; returns what is to be looked at one by one."""
        try:
            left = self._successes.record(runs)
        except Exception as error:
            logger.info("%d jobs are recorded one by one: %s", len(runs), error)
            for run in runs:
                # Whether it was written is unknown.
                run.attempts += 1
            return runs
        for run in runs:
            if run not in left:
                self._recorded(run)
        return left

    def _settle(self, run: Run) -> None:
        try:
            self._outage.outlast(lambda: self._record(run), give_up=self._giving_up)
        except TRANSIENT as error:
            logger.error("the end of job %s is not recorded and left to a sweep: %s", run.job.id, error)
        except Exception:
            logger.exception("recording the end of job %s failed", run.job.id)
        finally:
            self._worker.executions.pop(run.execution.id, None)
            self._recorded(run)

    def _record(self, run: Run) -> None:
        if run.attempts and not self._still_open(run):
            return
        run.attempts += 1
        if run.lost:
            self._forget(run)
            return
        try:
            self._record_end(run)
        except TRANSIENT:
            raise
        except Exception:
            if self._exists(run):
                raise
            self._forget(run)

    def _still_open(self, run: Run) -> bool:
        """Whether an attempt whose answer was lost has to be made again."""
        if is_registered(run, self._registry):
            try:
                run.job.refresh()
            except NoSuchJobError:
                run.lost = True
            return True
        release_slot(run.job)
        return False

    def _record_end(self, run: Run) -> None:
        if run.ending is Ending.STOPPED:
            self._worker._stopped_job_id = run.job.id
            self._worker._handle_stopped_job(run.job, self._queue, run.execution)
            self._verify(run)
        elif run.ending is Ending.TIMED_OUT:
            self._record_failure(run, _timeout_of(run))
        elif run.exc_info is not None:
            self._record_failure(run, run.exc_info)
        else:
            self._record_success(run)

    def _record_success(self, run: Run) -> None:
        try:
            self._worker._finalize_success(run.job, self._queue, run.execution, run.value)
        except TRANSIENT:
            raise
        except Exception as error:
            if not self._exists(run):
                raise
            # A raising on_success callback makes the job a failed one, as in RQ's own workers.
            run.exc_info = (type(error), error, error.__traceback__)
            self._record_failure(run, run.exc_info)

    def _record_failure(self, run: Run, exc_info: ExcInfo) -> None:
        self._worker._finalize_failure(run.job, self._queue, run.execution, exc_info)
        self._verify(run)

    def _verify(self, run: Run) -> None:
        """Raises unless the failure is in Redis: RQ only logs it when that transaction fails."""
        if not is_registered(run, self._registry):
            return
        if run.attempts >= _ATTEMPTS:
            raise RuntimeError(f"the failure of job {run.job.id} was refused {_ATTEMPTS} times")
        raise NotRecordedError("the transaction failed")

    def _exists(self, run: Run) -> bool:
        return bool(self._connection.hexists(run.job.key, "data"))

    def _forget(self, run: Run) -> None:
        """Removes what is left of an execution that Redis no longer knows as this worker's."""
        run.lost = True
        logger.warning("job %s ended, but redis has lost or reassigned it: nothing to record", run.job.id)
        with self._connection.pipeline() as pipeline:
            run.execution.delete(job=run.job, pipeline=pipeline)
            drop_hollow(run.job, pipeline)
            pipeline.execute()

    def _hand_back(self, runs: list[Run]) -> None:
        newest_first = list(reversed(runs))
        with self._connection.pipeline(transaction=False) as reads:
            for run in newest_first:
                reads.zscore(self._registry.key, run.execution.composite_key)
                reads.hget(run.job.key, "status")
            answers = reads.execute()
        with self._connection.pipeline() as pipeline:
            for run, known, status in zip(newest_first, answers[::2], answers[1::2], strict=True):
                if known is not None:
                    self._requeue(run, status, pipeline)
            pipeline.execute()

    def _requeue(self, run: Run, status: bytes | None, pipeline: Pipeline) -> None:
        self._worker.cleanup_execution(run.job, pipeline=pipeline, execution=run.execution)
        if status is not None and as_text(status) == JobStatus.STARTED:
            run.job.started_at = None
            run.job.worker_name = None
            self._queue._enqueue_job(run.job, pipeline=pipeline, at_front=True)


def _timeout_of(run: Run) -> ExcInfo:
    """The exception RQ records for a time-out, with the place where the job was cancelled."""
    error = JobTimeoutException(f"Task exceeded maximum timeout value ({run.job.timeout} seconds)")
    _, raised, traceback = run.exc_info or (None, None, None)
    if raised is not None and not isinstance(raised, CancelledError):
        error.__cause__ = raised
    return type(error), error.with_traceback(traceback), traceback
