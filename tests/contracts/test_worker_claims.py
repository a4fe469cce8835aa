# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""What a worker writes by scripts of its own, when it starts a job and while the job runs, is RQ's."""

from __future__ import annotations

import pytest
from redis import Redis
from rq.executions import Execution, prepare_execution
from rq.job import Job
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.worker import SimpleWorker, Worker

from adapters.queue.enqueuing import LIMIT_PREFIX
from adapters.queue.lean_job import LeanJob
from tests.contracts.worker_harness import contents, enqueue
from workers import bookkeeping
from workers.claims import Claims
from workers.heartbeats import Heartbeats
from workers.runs import Run, Slots

pytestmark = pytest.mark.slow


@pytest.fixture
def worker(queue: Queue) -> Worker:
    return SimpleWorker(  # type: ignore[return-value]
        [queue], name="w", connection=queue.connection, serializer=JSONSerializer, prepare_for_work=False
    )


def taken(claims: Claims, *, more: int) -> list[Run]:
    jobs = [each.job for each in claims.take([], more=more)]
    return [
        bookkeeping.new_run(job, connection=job.connection, worker_name="w")
        for job in jobs
        if job is not None
    ]


def started_by_rq(queue: Queue, worker: Worker) -> str:
    job, _ = Queue.dequeue_any([queue], None, connection=queue.connection, serializer=JSONSerializer) or (
        None,
        0,
    )
    assert job is not None
    execution = prepare_execution(worker, job)
    with queue.connection.pipeline() as pipeline:
        job.prepare_for_execution(worker.name, pipeline=pipeline)
        pipeline.persist(job.key)
        pipeline.execute()
    queue.intermediate_queue.remove(job.id)
    return execution.id


def test_a_job_is_started_as_rq_starts_it(queue: Queue, worker: Worker) -> None:
    found = []
    for own in (False, True):
        queue.connection.flushall()
        enqueue(queue, "echo", 1, job_id="a")
        if own:
            claims = Claims(worker)
            runs = taken(claims, more=5)
            assert claims.start(runs) == [True]
            execution = runs[0].execution.id
        else:
            execution = started_by_rq(queue, worker)
            # The worker's own hash, which is written when it begins to be busy.
            queue.connection.delete(worker.key)
        found.append(contents(queue, execution=execution))
    assert found[0] == found[1]
    assert "rq:execution:a:E" in found[0]


def test_a_beat_is_rqs(queue: Queue, worker: Worker) -> None:
    found = []
    for own in (False, True):
        queue.connection.flushall()
        enqueue(queue, "echo", 1, job_id="a")
        queue.connection.hset(worker.key, "last_heartbeat", "")
        (run,) = runs = taken(Claims(worker), more=1)
        Claims(worker).start(runs)
        for key in queue.connection.scan_iter("rq:execution*"):
            queue.connection.expire(key, 1)
        queue.connection.zadd(queue.started_job_registry.key, {run.execution.composite_key: 0}, xx=True)
        queue.connection.hset(run.job.key, "last_heartbeat", "")
        if own:
            slots = Slots(1)
            slots.take(runs)
            Heartbeats(worker, slots=slots).beat()
        else:
            ttl = worker.get_heartbeat_ttl(run.job)
            with queue.connection.pipeline() as pipeline:
                worker.heartbeat(pipeline=pipeline)
                run.execution.heartbeat(queue.started_job_registry, ttl, pipeline=pipeline)
                run.job.heartbeat(now(), ttl, pipeline=pipeline)
                pipeline.execute()
        assert queue.connection.hget(run.job.key, "last_heartbeat")
        queue.connection.delete(worker.key)
        found.append(contents(queue, execution=run.execution.id))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("recording", "said", "lost"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_what_redis_has_lost_is_marked_by_heartbeats_only_until_its_end_is_recorded(
    queue: Queue, worker: Worker, recording: bool, said: bool, lost: bool
) -> None:
    enqueue(queue, "echo", 1)
    (run,) = runs = taken(Claims(worker), more=1)
    Claims(worker).start(runs)
    slots = Slots(1)
    slots.take(runs)
    queue.connection.flushall()
    queue.connection.hset(worker.key, "last_heartbeat", "")
    run.recording, run.attempts, run.lost = recording, int(said), said
    Heartbeats(worker, slots=slots).beat()
    assert run.lost is lost


def test_a_start_is_repeated_safely_and_one_that_a_sweep_put_back_is_left_alone(
    queue: Queue, worker: Worker
) -> None:
    for name in "abc":
        enqueue(queue, "echo", 1, job_id=name)
    claims = Claims(worker)
    runs = taken(claims, more=3)
    assert bookkeeping.put_back(queue, "b")
    before = queue.connection.hgetall(Job.key_for("b"))
    assert claims.start(runs) == claims.start(runs) == [True, False, True]
    assert queue.connection.hgetall(Job.key_for("b")) == before
    assert queue.job_ids == ["b"]
    assert queue.started_job_registry.get_job_count(cleanup=False) == 2
    assert not queue.connection.exists(runs[1].execution.key, "rq:executions:b")


def test_what_was_taken_before_is_read_with_what_follows(queue: Queue, worker: Worker) -> None:
    for name in "abcd":
        enqueue(queue, "echo", 1, job_id=name)
    queue.connection.lmove(queue.key, queue.intermediate_queue_key)
    queue.connection.delete(Job.key_for("b"))
    queue.connection.hset(Job.key_for("c"), "created_at", "never")
    found = Claims(worker).take(["a"], more=2)
    assert [(each.job_id, each.job is not None) for each in found] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]
    assert queue.intermediate_queue.get_job_ids() == ["a", "b", "c"]


def test_a_lean_job_is_rqs_job(queue: Queue) -> None:
    limit = RateLimit(key="person", concurrency=2)
    made = enqueue(queue, "echo", 1, job_id="a", result_ttl=0, meta={"k": 1}, rate_limit=limit)
    read = [
        kind.fetch("a", connection=queue.connection, serializer=JSONSerializer) for kind in (Job, LeanJob)
    ]
    assert vars(read[0]) == vars(read[1])
    assert read[1].created_at == made.created_at
    assert read[0].to_dict() == read[1].to_dict()


def test_prefixes_are_those_of_rqs_keys() -> None:
    connection = Redis()
    execution = Execution("e", "j", connection=connection)
    assert bookkeeping.JOB_PREFIX + "j" == Job.key_for("j")
    assert Job.dependents_key_for("j") == Job.key_for("j") + ":dependents"
    assert Job("j", connection=connection).dependencies_key == bookkeeping.JOB_PREFIX + ":j:dependencies"
    assert bookkeeping.EXECUTION_PREFIX + "j:e" == execution.key
    assert bookkeeping.EXECUTIONS_PREFIX + "j" == "rq:executions:j"
    assert bookkeeping.RESULT_PREFIX + "j" == Result.get_key("j")
    registry = RateLimitRegistry("p", connection=connection)
    assert LIMIT_PREFIX + "p:allowed" == registry.allowed_key
    assert LIMIT_PREFIX + "p:rate_limited" == registry.rate_limited_key
    connection.close()
