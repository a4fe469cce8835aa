# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""RQ's rate limits hold with many jobs in one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rq.command import send_stop_job_command
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.scripts import save_unique_job
from rq.serializers import JSONSerializer

from tests.contracts.worker_harness import (
    JOBS,
    enqueue,
    until,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage

pytestmark = pytest.mark.slow

TWO = RateLimit(key="person-1", concurrency=2)


def slots_of(queue: Queue, key: str) -> tuple[int, int]:
    registry = RateLimitRegistry(key, connection=queue.connection)
    return registry.get_allowed_job_count(), registry.get_rate_limited_job_count()


async def test_two_of_a_key_run_at_a_time_and_other_keys_are_not_delayed(queue: Queue) -> None:
    held = [enqueue(queue, "wait_at_gate", "person-1", rate_limit=TWO) for _ in range(6)]
    others = [
        enqueue(queue, "pass_by", f"person-{n}", rate_limit=RateLimit(key=f"person-{n}", concurrency=2))
        for n in range(2, 6)
    ]
    async with working(worker_on(queue)):
        await until(lambda: all(job.get_status() == "finished" for job in others))
        assert stage.inside["person-1"] == 2
        assert slots_of(queue, "person-1") == (2, 4)
        stage.gate.set()
        await until(lambda: all(job.get_status() == "finished" for job in held))
    assert stage.peak["person-1"] == 2
    assert slots_of(queue, "person-1") == (0, 0)


async def test_the_limit_holds_through_a_hundred_quick_jobs(queue: Queue) -> None:
    for _ in range(100):
        enqueue(queue, "pass_by", "person-1", rate_limit=TWO, result_ttl=0)
    async with working(worker_on(queue)):
        await until(lambda: len(stage.arrived) == 100)
    assert stage.peak["person-1"] <= 2
    assert slots_of(queue, "person-1") == (0, 0)


def _stop(queue: Queue, job: Job) -> None:
    send_stop_job_command(queue.connection, job.id, serializer=JSONSerializer)


ENDINGS: dict[str, tuple[str, dict[str, Any], Callable[[Queue, Job], None] | None]] = {
    "success": ("noop", {}, None),
    "success without a result": ("noop", {"result_ttl": 0}, None),
    "failure": ("fail", {}, None),
    "time-out": ("hang", {"job_timeout": 1}, None),
    "stop": ("hang", {}, _stop),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_slot_is_free_again_after(ending: str, queue: Queue) -> None:
    function, options, interfere = ENDINGS[ending]
    one = RateLimit(key="person-1", concurrency=1)
    first = enqueue(queue, function, rate_limit=one, **options)
    second = enqueue(queue, "echo", 1, rate_limit=one)
    assert second.get_status() == "rate_limited"
    async with working(worker_on(queue)):
        if interfere is not None:
            await until(lambda: first.id in stage.arrived)
            interfere(queue, first)
        await until(lambda: second.get_status() == "finished")
    assert slots_of(queue, "person-1") == (0, 0)


async def test_a_job_handed_back_keeps_its_slot(queue: Queue) -> None:
    first, second = (
        enqueue(queue, "wait_at_gate", rate_limit=RateLimit(key="person-1", concurrency=1)) for _ in range(2)
    )
    async with working(worker_on(queue, drain_seconds=0.0)):
        await until(lambda: stage.arrived)
    assert (first.get_status(), second.get_status()) == ("queued", "rate_limited")
    stage.gate.set()
    async with working(worker_on(queue)):
        await until(lambda: second.get_status() == "finished")
    assert slots_of(queue, "person-1") == (0, 0)


def test_rq_refuses_unique_together_with_a_rate_limit(queue: Queue) -> None:
    with pytest.raises(ValueError, match="unique=True is not supported with rate-limited jobs"):
        enqueue(queue, "noop", job_id="once", unique=True, rate_limit=TWO)


def enqueue_once(queue: Queue, job_id: str, limit: RateLimit) -> Job:
    """The way to have both: save the job uniquely without pushing it, then let the limiter push it."""
    job = queue.create_job(f"{JOBS}.noop", job_id=job_id, rate_limit=limit, timeout=30, result_ttl=0)
    job._status = JobStatus.RATE_LIMITED
    save_unique_job(queue.connection, queue.key, job, enqueue=False)
    registry = RateLimitRegistry.from_job(job)
    with queue.connection.pipeline() as pipeline:
        pipeline.sadd(queue.redis_queues_keys, queue.key)
        registry.register(limit.concurrency, pipeline)
        registry.add_to_rate_limited(job.id, pipeline)
        registry.acquire_and_enqueue(limit.concurrency, pipeline=pipeline)
        pipeline.execute()
    return job


async def test_a_rate_limited_job_can_be_saved_uniquely_and_then_given_to_the_limiter(queue: Queue) -> None:
    one = RateLimit(key="person-1", concurrency=1)
    jobs = [enqueue_once(queue, f"once-{n}", one) for n in range(2)]
    with pytest.raises(DuplicateJobError):
        enqueue_once(queue, "once-0", one)
    assert [job.get_status() for job in jobs] == ["queued", "rate_limited"]
    assert queue.job_ids == ["once-0"]
    async with working(worker_on(queue)):
        await until(lambda: not any(Job.exists(job.id, queue.connection) for job in jobs))
    assert slots_of(queue, "person-1") == (0, 0)
