"""`RqJobQueue`: jobs as RQ jobs whose payload is JSON and holds ids only."""

# mypy: allow-untyped-calls
# (RQ is only partly annotated.)

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.serializers import JSONSerializer
from rq.utils import as_text, utcparse

from adapters.batching import Answer, ready, say
from adapters.queue.enqueuing import Enqueuing
from adapters.queue.lean_job import LeanJob
from core.errors import QueueUnavailable
from core.ports.clock import Clock
from core.ports.job_queue import Job, JobKind

T = TypeVar("T")

QUEUE_NAME = "flowmate"
FUNCTIONS = {kind: f"workers.jobs.{kind.value}" for kind in JobKind}
"""Jobs are named, not imported: nothing below `workers` knows it. A test resolves every name."""
LIMITED = {JobKind.STEP: "person", JobKind.PLAN: "plans"}
"""What one person may have in the queue only so many of, each kind by itself: plans that waited for steps, and steps
for plans, could wait for one another."""
FAILURE_TTL = 24 * 3600
ENQUEUED_AT_ONCE = 100
"""How many callers share one round trip at most."""
HEARTBEAT_GRACE = timedelta(seconds=60)
QUEUED_GRACE = timedelta(minutes=10)
"""A job that has been queued for longer is dispatched anew: a second one does no harm, a lost one would."""
WAITING = frozenset({JobStatus.QUEUED, JobStatus.SCHEDULED, JobStatus.DEFERRED, JobStatus.RATE_LIMITED})


@dataclass(frozen=True)
class _Wanted:
    """Jobs that somebody waits to see enqueued."""

    jobs: Sequence[Job]
    answer: Answer[None]


class RqJobQueue:
    """The JobQueue port on one RQ queue. RQ's client blocks, so every call runs on a thread."""

    def __init__(
        self, connection: Redis, *, clock: Clock, steps_per_person: int, name: str = QUEUE_NAME
    ) -> None:
        self._redis = connection
        self._clock = clock
        self._steps_per_person = steps_per_person
        self._queue = Queue(name, connection=connection, serializer=JSONSerializer, job_class=LeanJob)
        self._enqueuing = Enqueuing(self._queue)
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="queue")
        self._wanted: SimpleQueue[_Wanted | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._closed = False

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        if self._closed:
            raise QueueUnavailable
        if self._thread is None:
            self._thread = Thread(target=self._enqueue_all, name="enqueue", daemon=True)
            self._thread.start()
        wanted = _Wanted(jobs, Answer())
        self._wanted.put(wanted)
        # What one caller no longer waits for is enqueued together with what others wait for.
        await _answered(wanted.answer.future)

    async def alive(self, job_ids: Collection[str]) -> frozenset[str]:
        return await self._run(lambda: self._alive(tuple(job_ids))) if job_ids else frozenset()

    async def waited(self, person: str | None = None) -> float:
        return await self._run(self._waited if person is None else lambda: self._held_back(person))

    async def stop(self, job_ids: Collection[str]) -> None:
        await self._run(lambda: self._stop_all(tuple(job_ids)))

    def close(self) -> None:
        self._closed = True
        if self._thread is not None:
            self._wanted.put(None)
            self._thread.join()
            self._thread = None
        self._threads.shutdown(wait=True)
        self._redis.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await _answered(asyncio.get_running_loop().run_in_executor(self._threads, work))

    def _enqueue_all(self) -> None:
        """What is asked for at the same moment shares its round trips, as commits of the database are shared."""
        while (first := self._wanted.get()) is not None:
            batch, last = ready(self._wanted, first, limit=ENQUEUED_AT_ONCE)
            try:
                self._enqueue([job for wanted in batch for job in wanted.jobs])
            except Exception as error:
                say([(wanted.answer, None, error) for wanted in batch])
            else:
                say([(wanted.answer, None, None) for wanted in batch])
            if last:
                return

    def _enqueue(self, jobs: Sequence[Job]) -> None:
        # A thousand schedules of one second: one round trip for all of their jobs, not several for each.
        self._enqueuing.enqueue([self._to_rq(job) for job in jobs], instant=self._clock.now())

    def _to_rq(self, job: Job) -> RqJob:
        limit = None
        if job.person and job.kind in LIMITED:
            limit = RateLimit(key=_share(job.person, job.kind), concurrency=self._steps_per_person)
        return self._queue.create_job(
            FUNCTIONS[job.kind],
            args=(job.target,),
            job_id=job.id,
            timeout=round(job.timeout_seconds),
            # A finished job leaves nothing behind: the database is where results are.
            result_ttl=0,
            failure_ttl=FAILURE_TTL,
            description=job.kind.value,
            rate_limit=limit,
        )

    def _alive(self, job_ids: Sequence[str]) -> frozenset[str]:
        now = self._clock.now()
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hmget(RqJob.key_for(job_id), "status", "last_heartbeat", "enqueued_at")
            found = pipeline.execute()
        return frozenset(
            job_id for job_id, fields in zip(job_ids, found, strict=True) if _is_alive(fields, now=now)
        )

    def _waited(self) -> float:
        first = self._redis.lindex(self._queue.key, 0)
        since = self._redis.hget(RqJob.key_for(as_text(first)), "enqueued_at") if first else None
        if not since:
            return 0.0
        return max(0.0, (self._clock.now() - utcparse(as_text(since)).astimezone(UTC)).total_seconds())

    def _held_back(self, person: str) -> float:
        """Since when the first of this person's stands back behind their own: RQ keeps them by that time."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for kind in LIMITED:
                registry = RateLimitRegistry(_share(person, kind), connection=self._redis)
                pipeline.zrange(registry.rate_limited_key, 0, 0, withscores=True)
            since = [score for found in pipeline.execute() for _, score in found]
        return max(0.0, self._clock.now().timestamp() - min(since)) if since else 0.0

    def _stop_all(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            self._stop(job_id)

    def _stop(self, job_id: str) -> None:
        try:
            job = RqJob.fetch(job_id, connection=self._redis, serializer=JSONSerializer)
            if job.get_status(refresh=False) == JobStatus.STARTED:
                send_stop_job_command(self._redis, job_id, serializer=JSONSerializer)
            else:
                job.cancel()
        except (NoSuchJobError, InvalidJobOperation):
            return


async def _answered(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except (RedisError, OSError) as error:
        raise QueueUnavailable from error


def _share(person: str, kind: JobKind) -> str:
    """The key of a person's limit: hashed, as Redis holds no names, and RQ's keys no surprising characters."""
    digest = hashlib.blake2b(person.encode(), digest_size=10).hexdigest()
    return f"{LIMITED[kind]}-{digest}"


def _is_alive(fields: Sequence[bytes | None], *, now: datetime) -> bool:
    status, heartbeat, enqueued = (field.decode() if field else "" for field in fields)
    if status == JobStatus.STARTED:
        return _within(heartbeat, HEARTBEAT_GRACE, now=now)
    if status == JobStatus.QUEUED:
        return _within(enqueued, QUEUED_GRACE, now=now)
    return status in WAITING


def _within(stamp: str, grace: timedelta, *, now: datetime) -> bool:
    return bool(stamp) and now - utcparse(stamp).astimezone(UTC) < grace
