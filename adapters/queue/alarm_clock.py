"""`AlarmClock`: rq-scheduler wakes a worker when a slot's instant has come; the database says what is due then."""

# mypy: allow-untyped-calls, disable-error-code="no-any-unimported"
# (rq-scheduler has no annotations.)

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

from adapters.queue.rq_queue import QUEUE_NAME

RING = "workers.jobs.ring"
"""Named, not imported: nothing below `workers` knows it."""
RING_SECONDS = 120
LOCK_SECONDS = 10
"""What rq-scheduler adds to its interval for its lock: a scheduler that died is followed by another after this time."""


class JsonJob(Job):
    """A job whose payload is JSON; rq-scheduler would pickle it."""

    @classmethod
    def create(cls, *args: Any, **options: Any) -> Job:
        return super().create(*args, **{**options, "serializer": JSONSerializer})

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:
        return super().fetch(id, connection=connection, serializer=serializer or JSONSerializer)


class AlarmClock:
    """One alarm for each instant, not for each schedule; losing one costs nothing but the seconds until the next sweep.

    Blocks: call it on a thread. Every method raises RedisError.
    """

    def __init__(self, connection: Redis, *, queue: str = QUEUE_NAME) -> None:
        self._scheduler = Scheduler(queue, connection=connection, interval=1, job_class=JsonJob)
        self._redis = connection

    def arm(self, instants: Iterable[datetime]) -> None:
        """Wake a worker at these instants. Safe to repeat: an instant has one alarm."""
        for instant in instants:
            # rq-scheduler reads times without a zone, as UTC.
            self._scheduler.enqueue_at(
                instant.replace(tzinfo=None),
                RING,
                job_id=alarm_id(instant),
                timeout=RING_SECONDS,
                job_result_ttl=0,
                job_description="alarm",
            )

    def armed(self, instants: Iterable[datetime]) -> set[datetime]:
        """Those of these instants that have an alarm."""
        return {instant for instant in instants if alarm_id(instant) in self._scheduler}

    def strike(self) -> int:
        """Put the alarms whose time has come into the queue, if no other process is doing it; returns how many."""
        if not self._scheduler.acquire_lock():
            return 0
        try:
            ready = list(self._scheduler.get_jobs_to_queue())
            for job in ready:
                self._scheduler.enqueue_job(job)
            return len(ready)
        finally:
            self._scheduler.remove_lock()


def alarm_id(instant: datetime) -> str:
    """The id of an instant's alarm."""
    return f"alarm-{int(instant.timestamp())}"
