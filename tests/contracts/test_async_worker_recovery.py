# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""No job is lost when a worker dies, and none is given up while its worker lives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rq import Callback
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, Retry
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.utils import now

from tests.contracts.worker_harness import (
    JOBS,
    QUICK,
    enqueue,
    is_drained,
    until,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage

pytestmark = pytest.mark.slow


@contextmanager
def killed_worker(socket: Path, queue: Queue, *, runs: int) -> Iterator[None]:
    """Runs a worker in a process, waits until it has started so many jobs, and kills it with -9."""
    command = [sys.executable, "-m", "tests.contracts.worker_process", str(socket), "victim"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            for _ in range(runs):
                assert queue.connection.blpop(["key:pids"], timeout=30), "the process did not start the job"
        finally:
            process.kill()
    yield


async def test_a_killed_workers_jobs_are_retried_or_failed_by_another(socket: Path, queue: Queue) -> None:
    limit = RateLimit(key="person", concurrency=1)
    retried = enqueue(queue, "hang_the_first_time", "key", retry=Retry(max=1), rate_limit=limit)
    with killed_worker(socket, queue, runs=1):
        pass
    waiting = enqueue(queue, "echo", 1, rate_limit=limit)
    assert (retried.get_status(), waiting.get_status()) == ("started", "rate_limited")
    async with working(worker_on(queue)):
        await until(lambda: waiting.get_status() == "finished")
    assert retried.get_status() == "finished"
    assert queue.connection.get("key:runs") == b"2"
    assert RateLimitRegistry("person", connection=queue.connection).get_allowed_job_count() == 0


async def test_a_killed_workers_job_without_retries_fails_as_abandoned(socket: Path, queue: Queue) -> None:
    limit = RateLimit(key="person", concurrency=1)
    callback = Callback(f"{JOBS}.note_failure")
    job = enqueue(queue, "hang_the_first_time", "key", on_failure=callback, rate_limit=limit)
    with killed_worker(socket, queue, runs=1):
        pass
    waiting = enqueue(queue, "echo", 1, rate_limit=limit)
    async with working(worker_on(queue)):
        await until(lambda: waiting.get_status() == "finished")
    result = job.latest_result()
    assert result is not None
    assert "AbandonedJobError" in (result.exc_string or "")
    assert queue.failed_job_registry.get_job_ids() == [job.id]
    assert queue.connection.lrange("notes", 0, -1) == [b"failure AbandonedJobError"]


async def test_a_popped_job_that_nobody_started_comes_back_on_the_second_sweep(queue: Queue) -> None:
    lost, deleted = enqueue(queue, "echo", 1), enqueue(queue, "echo", 2)
    for _ in range(2):
        queue.connection.lmove(queue.key, queue.intermediate_queue_key)
    deleted.delete()
    async with working(worker_on(queue)):
        await until(lambda: lost.get_status() == "finished")
        await until(lambda: not queue.intermediate_queue.get_job_ids())
    assert is_drained(queue)
    assert lost.return_value() == 1
    assert not queue.connection.exists(queue.intermediate_queue.get_first_seen_key(lost.id))


async def test_a_job_just_popped_again_is_not_put_back_because_of_an_old_mark(queue: Queue) -> None:
    job = enqueue(queue, "echo", 1)
    intermediate: IntermediateQueue = queue.intermediate_queue
    queue.connection.set(intermediate.get_first_seen_key(job.id), 1.0)
    queue.connection.lmove(queue.key, intermediate.key)
    worker = worker_on(queue)
    worker.clean_registries()
    assert (intermediate.get_job_ids(), queue.job_ids) == ([job.id], [])
    worker.connection.connection_pool.disconnect()


async def test_a_worker_killed_during_a_sweep_does_not_block_the_others_for_long(queue: Queue) -> None:
    worker = worker_on(queue)
    queue.connection.set(queue.registry_cleaning_key, "a dead worker", ex=60)
    worker.clean_registries()
    assert queue.connection.get(queue.registry_cleaning_key) == b"a dead worker"
    queue.connection.delete(queue.registry_cleaning_key)
    worker.clean_registries()
    assert not queue.connection.exists(queue.registry_cleaning_key)
    worker.connection.connection_pool.disconnect()


async def test_jobs_longer_than_the_abandonment_time_keep_running(queue: Queue) -> None:
    jobs = [enqueue(queue, "wait_at_gate", retry=Retry(max=1)) for _ in range(20)]
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 20)
        first = _lowest_score(queue)
        await until(lambda: _lowest_score(queue) > first + QUICK.abandoned_after)
        # What a stock worker's maintenance does.
        queue.started_job_registry.cleanup()
        assert queue.started_job_registry.get_job_count(cleanup=False) == 20
        assert queue.connection.ttl(worker.key) > 0
        stage.gate.set()
        await until(lambda: all(job.get_status() == "finished" for job in jobs))
    assert len(stage.arrived) == 20


def _lowest_score(queue: Queue) -> float:
    entries: Any = queue.connection.zrange(queue.started_job_registry.key, 0, 0, withscores=True)
    return float(entries[0][1])


async def test_a_heartbeat_leaves_no_trace_of_a_job_deleted_meanwhile(queue: Queue) -> None:
    job = enqueue(queue, "wait_at_gate", result_ttl=0)
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: stage.arrived)
        job.delete()
        deleted_at = now()
        # The second beat after that ends no sooner than the first one that follows the deletion.
        await until(lambda: worker.last_heartbeat is not None and worker.last_heartbeat > deleted_at)
        former = worker.last_heartbeat
        await until(lambda: worker.last_heartbeat != former)
        assert not Job.exists(job.id, queue.connection)
        stage.gate.set()
        await until(lambda: stage.left)
    assert [key for key in queue.connection.keys() if job.id.encode() in key] == []
    # So the id is free again.
    enqueue(queue, "echo", 1, job_id=job.id, unique=True)
