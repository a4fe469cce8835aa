# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Taking jobs off the queue: one thread, never more jobs than there are free slots."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable

from rq.exceptions import DequeueTimeout, NoSuchJobError
from rq.job import Job
from rq.suspension import is_suspended
from rq.utils import as_text, now
from rq.worker import Worker, WorkerStatus

from workers.bookkeeping import drop_hollow, is_registered, new_run, put_back, save_execution
from workers.execution import resolve
from workers.outage import TRANSIENT, Outage
from workers.pace import Pace
from workers.runs import Run, Slots

logger = logging.getLogger("flowmate.worker")


class Dequeuer(threading.Thread):
    """Claims jobs with BLMOVE, starts each batch in one transaction and delivers the runs.

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
        if not self._claimed and not self._starting:
            free = self._slots.wait_free(self._pace.fetch_wait)
            if not free or self._stopping.is_set() or self._suspended():
                return
            self._claim(min(free, self._pace.fetch_batch))
        if self._claimed and not self._stopping.is_set():
            self._load()
        if self._starting:
            self._start()

    def _claim(self, wanted: int) -> None:
        queue = self._queue
        try:
            popped = queue.lmove(self._connection, queue.key, self._pace.fetch_wait)  # type: ignore[arg-type]
        except DequeueTimeout:
            return
        self._claimed.append(as_text(popped[1]))
        more = min(wanted - 1, queue.count) if wanted > 1 else 0
        if more:
            with self._connection.pipeline(transaction=False) as pipeline:
                for _ in range(more):
                    pipeline.lmove(queue.key, queue.intermediate_queue_key)
                self._claimed += [as_text(job_id) for job_id in pipeline.execute() if job_id is not None]

    def _load(self) -> None:
        """Turns claimed ids into runs; one whose job is gone or unreadable leaves the intermediate list."""
        runs = []
        for job_id, job in zip(self._claimed, self._fetch(self._claimed), strict=True):
            if job is None:
                self._queue.intermediate_queue.remove(job_id)
            else:
                runs.append(new_run(job, connection=self._connection, worker_name=self._worker.name))
        self._starting, self._claimed = runs, []

    def _fetch(self, job_ids: list[str]) -> list[Job | None]:
        try:
            return self._queue.job_class.fetch_many(
                job_ids, connection=self._connection, serializer=self._worker.serializer
            )
        except TRANSIENT:
            raise
        except Exception:
            return [self._fetch_alone(job_id) for job_id in job_ids]

    def _fetch_alone(self, job_id: str) -> Job | None:
        try:
            return self._queue.job_class.fetch(
                job_id, connection=self._connection, serializer=self._worker.serializer
            )
        except TRANSIENT:
            raise
        except NoSuchJobError:
            return None
        except Exception:
            logger.exception("job %s cannot be read and is dropped from queue %s", job_id, self._queue.name)
            return None

    def _start(self) -> None:
        runs = self._starting
        claims = self._register(runs)
        ours = [run for run, claimed in zip(runs, claims, strict=True) if claimed]
        for run in ours:
            self._worker.executions[run.execution.id] = run.execution
            try:
                run.call = resolve(run.job)
            except Exception:
                run.exc_info = sys.exc_info()
        self._starting = []
        self._slots.take(ours)
        self._deliver(ours)

    def _register(self, runs: list[Run]) -> list[bool]:
        """Marks the runs as started in one transaction; returns which of them are this worker's to run."""
        # When an earlier attempt's answer was lost, its transaction may have been applied: then the job is ours
        # although LREM no longer finds it.
        registry = self._queue.started_job_registry
        known = [bool(run.attempts) and is_registered(run, registry) for run in runs]
        removals = []
        with self._connection.pipeline() as pipeline:
            for run in runs:
                run.attempts += 1
                job, ttl = run.job, self._worker.get_heartbeat_ttl(run.job)
                run.execution.created_at = run.execution.last_heartbeat = now()
                save_execution(run.execution, registry=registry, ttl=ttl, pipeline=pipeline)
                job.prepare_for_execution(self._worker.name, pipeline=pipeline)
                pipeline.persist(job.key)
                removals.append(len(pipeline))
                pipeline.lrem(self._queue.intermediate_queue_key, 1, job.id)
            self._worker.set_state(WorkerStatus.BUSY, pipeline=pipeline)
            results = pipeline.execute()
        claims = [bool(results[at]) or again for at, again in zip(removals, known, strict=True)]
        for run, claimed in zip(runs, claims, strict=True):
            run.attempts = 0
            if not claimed:
                self._renounce(run)
        return claims

    def _renounce(self, run: Run) -> None:
        logger.warning("job %s was put back by a sweep before it started here", run.job.id)
        with self._connection.pipeline() as pipeline:
            run.execution.delete(job=run.job, pipeline=pipeline)
            # Whoever has it may be done with it: then it was this worker that wrote to it last.
            drop_hollow(run.job, pipeline)
            pipeline.execute()

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
