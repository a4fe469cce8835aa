"""The JobQueue port, over both implementations; and what RQ's jobs look like in Redis."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from redis import Redis
from rq.job import Job as RqJob
from rq.job import JobStatus
from rq.utils import as_text, utcformat

from adapters.clock import SystemClock
from adapters.queue import rq_queue
from adapters.queue.connection import connect
from adapters.queue.rq_queue import FUNCTIONS, QUEUE_NAME, RqJobQueue
from core.errors import QueueUnavailable
from core.memory.job_queue import InMemoryJobQueue
from core.ports.job_queue import Job, JobKind, JobQueue
from tests.contracts.worker_harness import work_off
from tests.services.valkey import Valkey

PERSON = "toy:W1:U-invented-person"
STAGE = Job(id="plan-d1-0", kind=JobKind.PLAN, target="d1")
STEP = Job(id="step-d1-0-0", kind=JobKind.STEP, target="d1-0", person=PERSON, timeout_seconds=400)
BOTH = pytest.mark.parametrize("job", [STAGE, STEP], ids=lambda job: job.kind.value)


class Rq:
    """The real queue, and what a test does to it from outside."""

    def __init__(self, valkey: Valkey) -> None:
        self.valkey = valkey
        self.redis = Redis(unix_socket_path=str(valkey.socket))
        self._opened: list[RqJobQueue] = []

    def open(self) -> RqJobQueue:
        self._opened.append(RqJobQueue(connect(self.valkey.url), clock=SystemClock(), steps_per_person=2))
        return self._opened[-1]

    def waiting(self) -> list[str]:
        return [as_text(name) for name in self.redis.lrange(f"rq:queue:{QUEUE_NAME}", 0, -1)]

    def set(self, job: Job, **fields: str) -> None:
        for name, value in fields.items():
            self.redis.hset(RqJob.key_for(job.id), name, value)

    async def finish_all(self) -> None:
        work_off("simple", self._opened[0]._queue)

    def out(self) -> None:
        self.valkey.stop()

    def back(self) -> None:
        self.valkey.start()

    def close(self) -> None:
        for queue in self._opened:
            queue.close()
        self.redis.close()


class Memory:
    """The fake, handled the same way."""

    def __init__(self) -> None:
        self.queue = InMemoryJobQueue()

    def open(self) -> InMemoryJobQueue:
        return self.queue

    def waiting(self) -> list[str]:
        return list(self.queue.waiting)

    async def finish_all(self) -> None:
        async def nothing(job: Job) -> None:
            pass

        await self.queue.run_all(nothing)

    def out(self) -> None:
        self.queue.available = False

    def back(self) -> None:
        self.queue.available = True


def do_nothing(target: str) -> None:
    """A job that ends at once."""


@pytest.fixture
async def rq(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rq]:
    for kind in JobKind:
        monkeypatch.setitem(rq_queue.FUNCTIONS, kind, f"{__name__}.do_nothing")
    rq = Rq(valkey)
    yield rq
    rq.close()


@pytest.fixture(params=["memory", pytest.param("rq", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Rq | Memory:
    if request.param == "memory":
        return Memory()
    real: Rq = request.getfixturevalue("rq")
    return real


@pytest.fixture
def queue(server: Rq | Memory) -> JobQueue:
    return server.open()


@BOTH
async def test_a_job_that_is_enqueued_twice_is_one_job(
    server: Rq | Memory, queue: JobQueue, job: Job
) -> None:
    await queue.enqueue([job])
    await queue.enqueue([job, job])
    assert server.waiting() == [job.id]


@BOTH
async def test_a_job_that_many_enqueue_at_once_is_one_job(server: Rq | Memory, job: Job) -> None:
    queues = [server.open() for _ in range(8)]
    await asyncio.gather(*(queue.enqueue([job]) for queue in queues for _ in range(5)))
    assert server.waiting() == [job.id]


async def test_jobs_wait_in_the_order_of_their_coming(server: Rq | Memory, queue: JobQueue) -> None:
    jobs = [STAGE.model_copy(update={"id": f"plan-d{n}-0", "target": f"d{n}"}) for n in range(5)]
    await queue.enqueue(jobs)
    await queue.enqueue([])
    assert server.waiting() == [job.id for job in jobs]


async def test_what_begins_next_says_how_long_it_has_waited(rq: Rq) -> None:
    queue = rq.open()
    assert await queue.waited() == 0
    jobs = [STAGE.model_copy(update={"id": f"plan-d{n}-0", "target": f"d{n}"}) for n in range(2)]
    await queue.enqueue(jobs)
    assert 0 <= await queue.waited() < 30
    rq.set(jobs[0], enqueued_at=utcformat(SystemClock().now() - timedelta(seconds=100)))
    assert 100 <= await queue.waited() < 130
    rq.redis.delete(RqJob.key_for(jobs[0].id))
    assert await queue.waited() == 0
    rq.out()
    with pytest.raises(QueueUnavailable):
        await queue.waited()


async def test_what_many_ask_for_at_once_is_all_there_in_its_order(
    server: Rq | Memory, queue: JobQueue
) -> None:
    jobs = [STAGE.model_copy(update={"id": f"plan-d{n}-0", "target": f"d{n}"}) for n in range(300)]
    await asyncio.gather(*(queue.enqueue([job]) for job in jobs))
    assert server.waiting() == [job.id for job in jobs]


async def test_when_the_queue_is_out_everyone_who_asks_is_told(server: Rq | Memory, queue: JobQueue) -> None:
    await queue.enqueue([STAGE])
    server.out()
    jobs = [STAGE.model_copy(update={"id": f"plan-e{n}-0"}) for n in range(20)]
    told = await asyncio.gather(*(queue.enqueue([job]) for job in jobs), return_exceptions=True)
    assert [type(one) for one in told] == [QueueUnavailable] * 20
    server.back()
    await queue.enqueue(jobs)
    assert set(server.waiting()) >= {job.id for job in jobs}


@BOTH
async def test_a_job_that_has_ended_can_be_enqueued_again(
    server: Rq | Memory, queue: JobQueue, job: Job
) -> None:
    await queue.enqueue([job])
    await server.finish_all()
    assert server.waiting() == []
    assert await queue.alive([job.id]) == frozenset()
    await queue.enqueue([job])
    assert server.waiting() == [job.id]


@BOTH
async def test_what_waits_is_alive_and_what_is_unknown_is_not(queue: JobQueue, job: Job) -> None:
    assert await queue.alive([]) == frozenset()
    await queue.enqueue([job])
    assert await queue.alive([job.id, "unknown"]) == {job.id}


@BOTH
async def test_a_stopped_job_does_not_run(server: Rq | Memory, queue: JobQueue, job: Job) -> None:
    await queue.enqueue([job])
    await queue.stop([job.id, "unknown"])
    await queue.stop([job.id])
    assert server.waiting() == []
    assert await queue.alive([job.id]) == frozenset()


async def test_without_its_server_it_says_so_and_works_again_when_it_is_back(
    server: Rq | Memory, queue: JobQueue
) -> None:
    await queue.enqueue([STAGE])
    server.out()
    for call in (
        queue.enqueue([STAGE]),
        queue.enqueue([STEP]),
        queue.alive([STAGE.id]),
        queue.stop([STAGE.id]),
    ):
        async with asyncio.timeout(5):
            with pytest.raises(QueueUnavailable):
                await call
    server.back()
    await queue.enqueue([STAGE, STEP])
    assert await queue.alive([STAGE.id, STEP.id]) == {STAGE.id, STEP.id}


@pytest.mark.slow
async def test_everything_that_redis_forgot_can_be_enqueued_again(rq: Rq) -> None:
    queue = rq.open()
    await queue.enqueue([STAGE, STEP])
    rq.valkey.empty()
    assert await queue.alive([STAGE.id, STEP.id]) == frozenset()
    await queue.enqueue([STAGE, STEP])
    assert sorted(rq.waiting()) == sorted([STAGE.id, STEP.id])


@pytest.mark.slow
async def test_more_steps_than_a_person_may_have_wait_and_are_alive(rq: Rq) -> None:
    queue = rq.open()
    steps = [STEP.model_copy(update={"id": f"step-d1-{n}-0", "target": f"d1-{n}"}) for n in range(4)]
    await queue.enqueue(steps)
    await queue.enqueue(steps)
    assert rq.waiting() == [step.id for step in steps[:2]]
    assert await queue.alive([step.id for step in steps]) == {step.id for step in steps}
    await queue.stop([steps[0].id, steps[3].id])
    assert rq.waiting() == [steps[1].id, steps[2].id]
    assert await queue.alive([step.id for step in steps]) == {steps[1].id, steps[2].id}


@pytest.mark.slow
async def test_who_asks_for_much_waits_behind_their_own_and_nobody_else_does(rq: Rq) -> None:
    queue = rq.open()
    names = ["d", "b", "c", "a", "e"]
    plans = [Job(id=f"plan-{n}-0", kind=JobKind.PLAN, target=n, person=PERSON) for n in names]
    other = Job(id="plan-other-0", kind=JobKind.PLAN, target="other", person="toy:W1:somebody-else")
    began = SystemClock().now()
    await queue.enqueue(plans)
    await queue.enqueue([other, STEP])
    # In the order they were asked for, plans beside steps, and the other one right behind the first two.
    assert rq.waiting() == [plans[0].id, plans[1].id, other.id, STEP.id]
    longest = (SystemClock().now() - began).total_seconds()
    assert 0 < await queue.waited(PERSON) <= longest + 1
    assert await queue.waited("toy:W1:somebody-else") == await queue.waited("nobody") == 0
    await queue.stop([plans[0].id])
    assert rq.waiting()[-1] == plans[2].id
    await rq.finish_all()
    assert await queue.waited(PERSON) == 0


def ago(**time: float) -> str:
    stamp: str = utcformat(SystemClock().now() - timedelta(**time))
    return stamp


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "alive"),
    [
        (lambda: {"status": JobStatus.STARTED.value, "last_heartbeat": ago(seconds=5)}, True),
        (lambda: {"status": JobStatus.STARTED.value, "last_heartbeat": ago(minutes=5)}, False),
        (lambda: {"status": JobStatus.STARTED.value, "last_heartbeat": ""}, False),
        (lambda: {"status": JobStatus.QUEUED.value, "enqueued_at": ago(seconds=30)}, True),
        (lambda: {"status": JobStatus.QUEUED.value, "enqueued_at": ago(minutes=30)}, False),
        (lambda: {"status": JobStatus.SCHEDULED.value}, True),
        (lambda: {"status": JobStatus.DEFERRED.value}, True),
        (lambda: {"status": JobStatus.RATE_LIMITED.value}, True),
        (lambda: {"status": JobStatus.FINISHED.value}, False),
        (lambda: {"status": JobStatus.FAILED.value}, False),
        (lambda: {"status": JobStatus.STOPPED.value}, False),
        (lambda: {"status": JobStatus.CANCELED.value}, False),
        (lambda: {"status": "something new"}, False),
    ],
)
async def test_whether_a_job_is_alive_shows_in_its_status_and_times(
    rq: Rq, fields: Callable[[], dict[str, str]], alive: bool
) -> None:
    queue = rq.open()
    await queue.enqueue([STAGE])
    rq.set(STAGE, **fields())
    assert (await queue.alive([STAGE.id]) == {STAGE.id}) == alive


def everything(redis: Redis) -> bytes:
    """Every key with all that is in it, unpacked where RQ packed it."""
    readers: dict[Any, Callable[[Any], Any]] = {
        b"hash": lambda key: redis.hgetall(key),
        b"string": lambda key: redis.get(key),
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": lambda key: redis.smembers(key),
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"stream": lambda key: redis.xrange(key),
    }
    found = []
    for key in redis.scan_iter():
        value = readers[redis.type(key)](key)
        if isinstance(value, dict) and b"data" in value:
            value[b"data"] = zlib.decompress(value[b"data"])
        found.append(repr((key, value)).encode())
    return b"\n".join(found)


@pytest.mark.slow
async def test_redis_holds_ids_and_no_person(rq: Rq) -> None:
    queue = rq.open()
    await queue.enqueue([STAGE, STEP, *(STEP.model_copy(update={"id": f"step-{n}"}) for n in range(5))])
    content = everything(rq.redis)
    assert b"d1-0" in content
    for private in (PERSON, "U-invented-person", "toy:W1"):
        assert private.encode() not in content


@pytest.mark.slow
@BOTH
async def test_a_jobs_payload_is_json_with_its_target_alone(rq: Rq, job: Job) -> None:
    await rq.open().enqueue([job])
    fields: dict[Any, Any] = dict(rq.redis.hgetall(RqJob.key_for(job.id)))
    payload = zlib.decompress(fields[b"data"])
    assert json.loads(payload) == [FUNCTIONS[job.kind], None, [job.target], {}]
    assert fields[b"description"].decode() == job.kind.value
    assert int(fields[b"timeout"]) == round(job.timeout_seconds)


@pytest.mark.slow
async def test_nothing_stays_behind_in_redis_for_ever(rq: Rq) -> None:
    queue = rq.open()
    await queue.enqueue([STAGE, STEP])
    await rq.finish_all()
    kept = [as_text(key) for key in rq.redis.scan_iter() if rq.redis.ttl(key) < 0]
    assert [key for key in kept if "d1" in key] == []


def test_every_name_of_a_job_is_a_coroutine_function_of_one_id() -> None:
    for kind in JobKind:
        module, _, name = FUNCTIONS[kind].rpartition(".")
        function = getattr(import_module(module), name)
        assert asyncio.iscoroutinefunction(function)
        assert function.__code__.co_argcount == 1
