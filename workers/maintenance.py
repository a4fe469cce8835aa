# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Finding what dead workers left behind, and due retries; the periodic side of a worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from rq import worker_registration
from rq.queue import Queue
from rq.registry import StartedJobRegistry, clean_registries
from rq.scheduler import RQScheduler
from rq.scripts import release_lock
from rq.utils import now
from rq.worker import Worker

from workers.bookkeeping import put_back
from workers.outage import TRANSIENT, Outage

logger = logging.getLogger("flowmate.worker")

# RQ's own lock lives for 15 minutes, which is how long a worker killed during a sweep would block all others.
_LOCK_SECONDS = 60


class Periodic(threading.Thread):
    """Runs an action every so often until stopped, outlasting outages and logging errors."""

    def __init__(
        self, name: str, action: Callable[[], None], *, every_seconds: float, outage: Outage
    ) -> None:
        super().__init__(name=f"flowmate-{name}", daemon=True)
        self._action = action
        self._every_seconds = every_seconds
        self._outage = outage
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._outage.wake()

    def run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            try:
                self._outage.outlast(self._action, give_up=self._stopping)
            except TRANSIENT as error:
                logger.info("%s stops without redis: %s", self.name, error)
            except Exception:
                logger.exception("%s failed", self.name)


def sweep(worker: Worker, queue: Queue, *, grace_seconds: float) -> None:
    """Does RQ's maintenance of one queue, unless another worker is at it.

    Differs from RQ's in three ways: the lock is short; failure callbacks of abandoned jobs run in a thread (RQ's
    need the main thread); a job stuck between queue and start is put back rather than failed.
    """
    key, token = queue.registry_cleaning_key, worker.name
    if not queue.connection.set(key, token, nx=True, ex=_LOCK_SECONDS):
        return
    try:
        StartedJobRegistry(
            queue=queue, job_class=queue.job_class, death_penalty_class=worker.death_penalty_class
        ).cleanup(exception_handlers=worker._exc_handlers)
        clean_registries(queue, worker._exc_handlers)
        worker_registration.clean_worker_registry(queue)
        reclaim(queue, grace_seconds=grace_seconds)
    finally:
        release_lock(queue.connection, key, token)


def reclaim(queue: Queue, *, grace_seconds: float) -> None:
    """Puts back popped jobs that nobody started within the grace, counted from the first sweep that saw them."""
    intermediate = queue.intermediate_queue
    job_ids = intermediate.get_job_ids()
    if not job_ids:
        return
    started = set(queue.started_job_registry.get_job_ids(cleanup=False))
    jobs = queue.job_class.fetch_many(job_ids, connection=queue.connection, serializer=queue.serializer)
    for job_id, job in zip(job_ids, jobs, strict=True):
        if job is None:
            intermediate.remove(job_id)
            continue
        seen_at = intermediate.get_first_seen(job_id)
        if job_id in started:
            continue
        if seen_at is None or (job.enqueued_at is not None and seen_at < job.enqueued_at):
            # RQ keeps the mark for a day, so it may be that of an earlier attempt of the same job.
            queue.connection.delete(intermediate.get_first_seen_key(job_id))
            intermediate.set_first_seen(job_id)
        elif now() - seen_at >= timedelta(seconds=grace_seconds) and put_back(queue, job_id):
            logger.warning(
                "job %s was popped by a worker that never started it; it is back in the queue", job_id
            )


class DueRetries:
    """Queues scheduled retries when they are due; one worker of a queue at a time, by RQ's scheduler lock."""

    def __init__(self, worker: Worker) -> None:
        self._scheduler = RQScheduler(
            worker.queues, connection=worker.connection, serializer=worker.serializer
        )
        # Or else the scheduler opens a pool of its own.
        self._scheduler._connection = worker.connection  # type: ignore[assignment]

    def tick(self) -> None:
        self._scheduler.acquire_locks()
        self._scheduler.enqueue_scheduled_jobs()

    def release(self) -> None:
        self._scheduler.release_locks()
