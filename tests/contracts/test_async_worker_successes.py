# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Jobs that keep no result are recorded together, and leave in Redis what RQ's own worker would leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.commands.core import Script
from rq import Callback
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.utils import as_text

from tests.contracts.test_async_worker_lost_answers import APPLIED, break_once
from tests.contracts.worker_harness import (
    JOBS,
    enqueue,
    is_drained,
    statistics,
    until,
    work_off,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage
from workers.claims import Claims
from workers.runs import Run
from workers.successes import RECORD_SCRIPT

pytestmark = pytest.mark.slow

TWO = RateLimit(key="person-1", concurrency=2)


def mixed(queue: Queue) -> None:
    """Jobs of every kind that may end at the same moment."""
    for number in range(20):
        enqueue(queue, "echo", number, job_id=f"plain-{number}", result_ttl=0)
    for number in range(10):
        enqueue(queue, "echo", number, job_id=f"limited-{number}", result_ttl=0, rate_limit=TWO)
    first = enqueue(queue, "echo", "first", job_id="first", result_ttl=0)
    enqueue(queue, "echo", "second", job_id="second", depends_on=first)
    enqueue(queue, "echo", "third", job_id="third", depends_on=first, result_ttl=0)
    enqueue(queue, "echo", "kept", job_id="kept", result_ttl=500)
    enqueue(queue, "echo", "told", job_id="told", result_ttl=0, on_success=Callback(f"{JOBS}.note_success"))
    enqueue(queue, "fail", job_id="failed", result_ttl=0)


def left_in(queue: Queue) -> list[str]:
    keys = sorted(as_text(key) for key in queue.connection.scan_iter("*"))
    return [key for key in keys if not key.startswith(("rq:worker:", "rq:clean_", "rq:scheduler"))]


def test_what_is_left_is_what_rq_leaves(queue: Queue) -> None:
    left: dict[str, Any] = {}
    for kind in ("simple", "async"):
        queue.connection.flushall()
        mixed(queue)
        worker = work_off(kind, queue)
        left[kind] = (
            left_in(queue),
            statistics(worker, queue.connection),
            sorted(queue.connection.lrange("notes", 0, -1)),
        )
    assert left["async"] == left["simple"]
    assert left["async"][1] == {"successful_job_count": 35, "failed_job_count": 1}


async def test_many_that_end_at_once_share_their_round_trips(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(200):
        enqueue(queue, "wait_at_gate", result_ttl=0)
    transactions = 0
    call = Script.__call__

    def counting(self: Script, *args: Any, **options: Any) -> Any:
        nonlocal transactions
        transactions += self.script == RECORD_SCRIPT
        return call(self, *args, **options)

    async with working(worker_on(queue)):
        await until(lambda: len(stage.arrived) == 200)
        monkeypatch.setattr(Script, "__call__", counting)
        stage.gate.set()
        await until(lambda: is_drained(queue))
    assert 0 < transactions <= 20


@APPLIED
async def test_a_lost_answer_counts_each_job_once_and_frees_each_slot(
    applied: bool, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        enqueue(queue, "wait_at_gate", job_id=f"limited-{number}", result_ttl=0, rate_limit=TWO)
    for number in range(4):
        enqueue(queue, "wait_at_gate", job_id=f"plain-{number}", result_ttl=0)
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 6)
        broken = break_once(monkeypatch, RECORD_SCRIPT, applied=applied)
        stage.gate.set()
        await until(
            lambda: broken and len(stage.arrived) == 10 and is_drained(queue) and not worker.in_flight
        )
    assert sorted(stage.arrived) == sorted(
        f"{kind}-{n}" for kind, m in (("limited", 6), ("plain", 4)) for n in range(m)
    )
    assert statistics(worker, queue.connection)["successful_job_count"] == 10
    registry = RateLimitRegistry("person-1", connection=queue.connection)
    assert (registry.get_allowed_job_count(), registry.get_rate_limited_job_count()) == (0, 0)


@pytest.mark.parametrize("meanwhile", ["cancel", "delete"])
async def test_one_that_somebody_took_away_meanwhile_disturbs_no_other(meanwhile: str, queue: Queue) -> None:
    jobs = [enqueue(queue, "wait_at_gate", result_ttl=0, rate_limit=TWO) for _ in range(4)]
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 2)
        await asyncio.to_thread(getattr(jobs[0], meanwhile))
        stage.gate.set()
        await until(lambda: len(stage.arrived) == 4 and is_drained(queue) and not worker.in_flight)
        registry = RateLimitRegistry("person-1", connection=queue.connection)
        # A sweep frees the slot of one that is gone.
        await until(
            lambda: not registry.get_allowed_job_count() and not registry.get_rate_limited_job_count()
        )


async def test_a_dependent_that_is_added_meanwhile_runs(queue: Queue) -> None:
    jobs = [enqueue(queue, "wait_at_gate", result_ttl=0) for _ in range(3)]
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 3)
        later = await asyncio.to_thread(lambda: enqueue(queue, "echo", "later", depends_on=jobs[1]))
        stage.gate.set()
        await until(lambda: later.get_status() == "finished")
    assert not any(queue.connection.exists(job.key) for job in jobs)


async def test_a_job_that_was_done_elsewhere_while_it_was_being_taken_leaves_nothing(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = enqueue(queue, "echo", 1, result_ttl=0)
    start = Claims.start

    def late(self: Claims, runs: list[Run]) -> list[bool]:
        # This worker was halted: a sweep has put the job back, and another worker is done with it.
        queue.intermediate_queue.remove(taken.id)
        queue.connection.delete(taken.key)
        return start(self, runs)

    monkeypatch.setattr(Claims, "start", late)
    async with working(worker_on(queue)):
        await until(lambda: is_drained(queue))
    assert not queue.connection.keys("rq:job:*")
    assert not queue.connection.keys("rq:execution*")
