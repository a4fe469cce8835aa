# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Taking jobs off the queue: one thread, never more jobs than there are free slots."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable

from rq.exceptions import DequeueTimeout
from rq.suspension import is_suspended
from rq.utils import as_text
from rq.worker import Worker, WorkerStatus

from workers.bookkeeping import new_run, put_back
from workers.claims import Claims
from workers.execution import resolve
from workers.outage import TRANSIENT, Outage
from workers.pace import Pace
from workers.runs import Run, Slots

logger = logging.getLogger("flowmate.worker")


class Dequeuer(threading.Thread):
    """Claims jobs with BLMOVE, starts each batch at once and delivers the runs.

    A claimed job is in the queue's intermediate list until the transaction that registers its execution, so a
    crash at any point leaves it where a sweep finds it. `deliver` is called in this thread, in queue order.
    """

    def __init__(
        self,
        worker: Worker,
        *,
        slots: Slots,
        outage: Outage,
        pace: Pace,
        deliver: Callable[[list[Run]], None],
    ) -> None:
        super().__init__(name="flowmate-dequeuer", daemon=True)
        self._worker = worker
        self._queue = worker.queues[0]
        self._connection = worker.connection
        self._slots = slots
        self._outage = outage
        self._pace = pace
        self._deliver = deliver
        self._claims = Claims(worker)
        self._more_wait = False
        self._stopping = threading.Event()
        self._claimed: list[str] = []
        self._starting: list[Run] = []
        self._next_suspension_check = 0.0

    def stop(self) -> None:
        """Ends the thread within one `fetch_wait`; what is claimed and not started goes back to the front."""
        self._stopping.set()
        self._outage.wake()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._outage.outlast(self._turn, give_up=self._stopping)
            except TRANSIENT as error:
                logger.warning("stopping without redis: %s", error)
            except Exception:
                logger.exception("taking jobs off queue %s failed", self._queue.name)
                self._stopping.wait(self._pace.fetch_wait)
        self._return_claimed()

    def _turn(self) -> None:
        if not self._starting:
            wanted = self._wanted()
            if wanted and not self._stopping.is_set():
                self._load(wanted)
        if self._starting and not self._stopping.is_set():
            self._start()

    def _wanted(self) -> int:
        """How many jobs to load now; those that are claimed already among them."""
        if self._claimed:
            return len(self._claimed)
        free = self._slots.wait_free(self._pace.fetch_wait)
        if not free or self._stopping.is_set() or self._suspended():
            return 0
        wanted = min(free, self._pace.fetch_batch)
        # Where the last batch was full there is more to take, and nothing to wait for.
        return wanted if self._more_wait or self._claim() else 0

    def _claim(self) -> bool:
        """Waits for a job and claims it; False if none came."""
        try:
            popped = self._queue.lmove(self._connection, self._queue.key, self._pace.fetch_wait)  # type: ignore[arg-type]
        except DequeueTimeout:
            return False
        self._claimed.append(as_text(popped[1]))
        return True

    def _load(self, wanted: int) -> None:
        """Turns claimed ids into runs; one whose job is gone or unreadable leaves the intermediate list."""
        self._more_wait = False
        taken = self._claims.take(self._claimed, more=wanted - len(self._claimed))
        self._more_wait = len(taken) == wanted
        self._claimed = [each.job_id for each in taken]
        runs = []
        for each in taken:
            if each.job is None:
                self._queue.intermediate_queue.remove(each.job_id)
            else:
                runs.append(new_run(each.job, connection=self._connection, worker_name=self._worker.name))
        self._starting, self._claimed = runs, []

    def _start(self) -> None:
        runs = self._starting
        ours = [run for run, started in zip(runs, self._claims.start(runs), strict=True) if started]
        if len(ours) < len(runs):
            logger.warning("%d jobs were put back by a sweep before they started here", len(runs) - len(ours))
        for run in ours:
            self._worker.executions[run.execution.id] = run.execution
            try:
                run.call = resolve(run.job)
            except Exception:
                run.exc_info = sys.exc_info()
        self._starting = []
        self._slots.take(ours)
        self._deliver(ours)
        # After the slots are taken: whoever shows the worker as idle looks at them afterwards.
        if self._worker.get_state() != WorkerStatus.BUSY:
            self._outage.outlast(lambda: self._worker.set_state(WorkerStatus.BUSY), give_up=self._stopping)

    def _suspended(self) -> bool:
        """Whether `rq suspend` is in force, asked at most once a second; sleeps for that long if so."""
        if time.monotonic() < self._next_suspension_check:
            return False
        if is_suspended(self._connection):
            self._worker.set_state(WorkerStatus.SUSPENDED)
            self._stopping.wait(1.0)
            return True
        if self._worker.get_state() == WorkerStatus.SUSPENDED:
            self._worker.set_state(WorkerStatus.BUSY if self._slots.used else WorkerStatus.IDLE)
        self._next_suspension_check = time.monotonic() + 1.0
        return False

    def _return_claimed(self) -> None:
        job_ids = self._claimed + [run.job.id for run in self._starting]
        try:
            for job_id in reversed(job_ids):
                put_back(self._queue, job_id)
        except TRANSIENT as error:
            logger.warning("%d popped jobs are left to a sweep: %s", len(job_ids), error)
