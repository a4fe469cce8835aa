# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Jobs and workers stop when they are told to, and nothing gets lost or counted as a failure by it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rq import Callback
from rq.command import send_shutdown_command, send_stop_job_command
from rq.job import Retry
from rq.queue import Queue
from rq.serializers import JSONSerializer

from tests.contracts.worker_harness import (
    JOBS,
    Listener,
    enqueue,
    statistics,
    until,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage
from workers.pace import Pace

pytestmark = pytest.mark.slow


async def test_a_stop_command_ends_that_job_only(queue: Queue) -> None:
    jobs = [
        enqueue(queue, "wait_at_gate", on_stopped=Callback(f"{JOBS}.note_stop"), retry=Retry(max=3))
        for _ in range(5)
    ]
    listener = Listener()
    async with working(worker_on(queue, on_event=listener)):
        await until(lambda: len(stage.arrived) == 5)
        for job in jobs[1:3]:
            send_stop_job_command(queue.connection, job.id, serializer=JSONSerializer)
        await until(lambda: all(job.get_status() == "stopped" for job in jobs[1:3]))
        assert sorted(stage.left) == sorted(job.id for job in jobs[1:3])
        stage.gate.set()
        await until(lambda: all(job.get_status() == "finished" for job in [jobs[0], *jobs[3:]]))
    assert sorted(queue.failed_job_registry.get_job_ids()) == sorted(job.id for job in jobs[1:3])
    notes = set(queue.connection.lrange("notes", 0, -1))
    assert notes == {f"stopped {job.id}".encode() for job in jobs[1:3]}
    result = jobs[1].latest_result()
    assert result is not None
    assert result.exc_string == "Job stopped by user, work-horse terminated."
    assert listener.kinds(jobs[1].id) == ["started", "stopped"]


async def test_a_stop_command_for_another_job_is_ignored(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    job = enqueue(queue, "wait_at_gate")
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: stage.arrived)
        worker.handle_payload({"data": b'{"command": "stop-job", "job_id": "another"}'})
        worker.handle_payload({"data": b'{"command": "stop-execution", "execution_id": "another"}'})
        worker.handle_payload({"data": b'{"command": "kill-horse"}'})
        stage.gate.set()
        await until(lambda: job.get_status() == "finished")
    assert caplog.text.count("nothing to stop") == 2


async def test_a_shutdown_command_drains(queue: Queue) -> None:
    job = enqueue(queue, "wait_at_gate")
    worker = worker_on(queue)
    async with working(worker) as running:
        await until(lambda: stage.arrived)
        send_shutdown_command(queue.connection, worker.name)
        await until(lambda: worker._stop_requested)
        late = enqueue(queue, "echo", 1)
        assert not running.done()
        stage.gate.set()
        await running
    assert (job.get_status(), late.get_status()) == ("finished", "queued")


async def test_what_the_drain_does_not_finish_goes_back_to_the_front_once(queue: Queue) -> None:
    options: dict[str, Any] = {"retry": Retry(max=1), "on_failure": Callback(f"{JOBS}.note_failure")}
    first = [enqueue(queue, "wait_at_gate", job_id=f"first-{n}", **options) for n in range(5)]
    worker = worker_on(queue, concurrency=5, drain_seconds=0.1)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 5)
        enqueue(queue, "echo", 1, job_id="second")
    assert queue.job_ids == [*(job.id for job in first), "second"]
    assert queue.started_job_registry.get_job_count(cleanup=False) == 0
    assert queue.failed_job_registry.get_job_count() == 0
    assert queue.connection.lrange("notes", 0, -1) == []
    assert statistics(worker, queue.connection)["failed_job_count"] == 0
    for job in first:
        job.refresh()
        assert (job.get_status(), job.retries_left) == ("queued", 1)
    stage.gate.set()
    work_again = worker_on(queue)
    async with working(work_again):
        await until(lambda: queue.finished_job_registry.get_job_count() == 6)
    assert sorted(stage.arrived) == sorted([job.id for job in first] * 2)


async def test_a_second_stop_request_ends_the_drain(queue: Queue) -> None:
    job = enqueue(queue, "wait_at_gate")
    worker = worker_on(queue, drain_seconds=3600.0)
    async with working(worker) as running:
        await until(lambda: stage.arrived)
        worker.request_stop()
        worker.request_stop()
        async with asyncio.timeout(10):
            await running
    assert (job.get_status(), queue.job_ids) == ("queued", [job.id])


async def test_a_stop_request_repeated_at_once_counts_as_one(queue: Queue) -> None:
    job = enqueue(queue, "wait_at_gate")
    worker = worker_on(queue, pace=Pace(fetch_wait=0.1))
    async with working(worker) as running:
        await until(lambda: stage.arrived)
        worker.request_stop()
        worker.request_stop()
        await until(lambda: not worker._dequeuer.is_alive())
        stage.gate.set()
        await running
    assert job.get_status() == "finished"


async def test_a_job_cancelled_in_redis_is_not_handed_back(queue: Queue) -> None:
    job = enqueue(queue, "wait_at_gate")
    async with working(worker_on(queue, drain_seconds=0.0)):
        await until(lambda: stage.arrived)
        job.cancel()
    assert (job.get_status(), queue.job_ids) == ("canceled", [])


async def test_a_subscription_that_is_being_renewed_just_now_does_not_keep_a_worker_from_its_leave(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_between() -> None:
        raise AttributeError("'NoneType' object has no attribute 'readline'")

    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: worker.pubsub is not None)
        monkeypatch.setattr(worker.pubsub, "unsubscribe", in_between)
    assert worker.key.encode() not in queue.connection.smembers(worker.redis_workers_keys)
