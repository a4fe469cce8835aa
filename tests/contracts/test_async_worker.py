# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""The worker leaves in Redis what RQ's own worker leaves, and holds many jobs at once."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

import pytest
from redis import Redis
from rq import Callback
from rq.job import Retry
from rq.queue import Queue
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend
from rq.worker import Worker, WorkerStatus

from tests.contracts.worker_harness import (
    JOBS,
    Listener,
    enqueue,
    portrait,
    statistics,
    until,
    work_off,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage
from workers.async_worker import AsyncWorker
from workers.pace import Pace

pytestmark = pytest.mark.slow


# Each row: what the job does, its arguments, how it is enqueued, and the status it ends in ("" = no hash).
SAME_AS_RQ: dict[str, tuple[str, list[Any], dict[str, Any], str]] = {
    "success": ("echo", ["done"], {}, "finished"),
    "success of a plain function": ("plain_echo", ["done"], {}, "finished"),
    "success whose result is not kept": ("echo", ["done"], {"result_ttl": 0}, ""),
    "success kept for ever": ("echo", ["done"], {"result_ttl": -1}, "finished"),
    "result that cannot be serialised": ("return_nonsense", [], {}, "finished"),
    "failure": ("fail", [], {}, "failed"),
    "failure of a plain function": ("plain_fail", [], {}, "failed"),
    "failure kept for a minute": ("fail", [], {"failure_ttl": 60}, "failed"),
    "job that exits": ("leave_the_process", [], {}, "failed"),
    "function that is not there": ("no_such_function", [], {}, "failed"),
    "wrong arguments": ("echo", ["one", "too many"], {}, "failed"),
    "retries used up": ("fail", [], {"retry": Retry(max=2)}, "failed"),
    "success on the last retry": ("fail_until_last_try", [], {"retry": Retry(max=2)}, "finished"),
    "retry that waits": ("fail", [], {"retry": Retry(max=2, interval=[60, 90])}, "scheduled"),
    "retry asked for by the job": ("ask_for_retry", [2], {}, "failed"),
    "meta": ("write_meta", [], {"meta": {"kept": 1}}, "finished"),
    "success callback": ("echo", ["done"], {"on_success": Callback(f"{JOBS}.note_success")}, "finished"),
    "failing callback": ("echo", ["done"], {"on_success": Callback(f"{JOBS}.raise_on_success")}, "failed"),
    "failure callback": ("fail", [], {"on_failure": Callback(f"{JOBS}.note_failure")}, "failed"),
    "slow callback": ("echo", ["done"], {"on_success": Callback(f"{JOBS}.hang_on_success", 1)}, "failed"),
    "time-out": ("hang", [], {"job_timeout": 1}, "failed"),
    "time-out of a plain function": ("plain_hang", [], {"job_timeout": 1}, "failed"),
    "time-out, retried": ("hang", [], {"job_timeout": 1, "retry": Retry(max=1, interval=60)}, "scheduled"),
}


@pytest.mark.parametrize("case", SAME_AS_RQ)
def test_a_job_leaves_in_redis_what_rqs_own_worker_leaves(case: str, queue: Queue) -> None:
    function, args, options, status = SAME_AS_RQ[case]
    seen = {}
    for kind in ("simple", "async"):
        queue.connection.flushall()
        job = enqueue(queue, function, *args, job_id="job-1", **options)
        worker = work_off(kind, queue)
        last = job.latest_result() if status in ("failed", "finished") else None
        seen[kind] = portrait(queue, job.id) | {
            "statistics": statistics(worker, queue.connection),
            "last line": last.exc_string.strip().splitlines()[-1] if last and last.exc_string else None,
        }
    assert seen["async"] == seen["simple"]
    assert seen["async"]["fields"].get("status", b"").decode() == status


async def test_a_retry_that_waits_runs_when_it_is_due(queue: Queue) -> None:
    job = enqueue(queue, "fail_until_last_try", retry=Retry(max=1, interval=1))
    async with working(worker_on(queue)):
        await until(lambda: job.get_status() == "finished")
    assert job.return_value() == "made it"


async def test_a_scheduled_job_is_left_to_the_scheduler_that_holds_rqs_lock(queue: Queue) -> None:
    job = enqueue(queue, "fail_until_last_try", retry=Retry(max=1, interval=1))
    scheduler = RQScheduler([queue], connection=queue.connection, serializer=JSONSerializer)
    scheduler.acquire_locks()
    async with working(worker_on(queue)):
        await until(lambda: job.get_status() == "scheduled")
        await until(lambda: queue.scheduled_job_registry.get_jobs_to_schedule())
        scheduler.enqueue_scheduled_jobs()
        await until(lambda: job.get_status() == "finished")
    scheduler.release_locks()
    scheduler.connection.close()


async def test_300_jobs_wait_at_once_in_one_process(queue: Queue) -> None:
    jobs = queue.enqueue_many(
        [Queue.prepare_data(f"{JOBS}.wait_at_gate", args=("all",), timeout=60) for _ in range(300)]
    )
    async with working(worker_on(queue)) as _:
        await until(lambda: stage.inside.get("all") == 300)
        stage.gate.set()
        await until(lambda: queue.finished_job_registry.get_job_count() == 300)
    assert sorted(stage.left) == sorted(job.id for job in jobs)
    # Each saw itself as the current job before and after it waited.
    assert {job.id: job.return_value() for job in jobs} == {job.id: job.id for job in jobs}


async def test_no_more_jobs_are_taken_than_there_are_free_slots(queue: Queue) -> None:
    for _ in range(10):
        enqueue(queue, "wait_at_gate")
    worker = worker_on(queue, concurrency=4)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 4)
        assert (queue.count, len(queue.intermediate_queue.get_job_ids())) == (6, 0)
        assert worker.in_flight == 4
        stage.gate.set()
        await until(lambda: len(stage.left) == 10)
    assert stage.peak[""] <= 4


async def test_a_job_enqueued_while_the_worker_idles_starts_at_once(queue: Queue) -> None:
    # With waits this long, only a job that wakes the worker up is done within the time allowed.
    pace = Pace(fetch_wait=8.0, answer_within=20.0, heartbeat=8.0, maintenance=8.0)
    worker = worker_on(queue, pace=pace)
    running = asyncio.create_task(worker.run())
    await until(lambda: _blocked_clients(queue.connection) == 1)
    job = enqueue(queue, "echo", 1)
    await until(lambda: job.get_status() == "finished", seconds=4)
    worker.request_stop()
    await until(worker._stop_asked.is_set)
    queue.connection.client_unblock(_blocked_client_id(queue.connection))
    await running


def _blocked_clients(connection: Redis) -> int:
    return int(connection.info("clients")["blocked_clients"])


def _blocked_client_id(connection: Redis) -> int:
    return next(int(each["id"]) for each in connection.client_list() if "b" in each["flags"])


async def test_plain_functions_run_beside_the_loop(queue: Queue) -> None:
    jobs = [enqueue(queue, "plain_echo", n) for n in range(3)]
    async with working(worker_on(queue)):
        await until(lambda: all(job.get_status() == "finished" for job in jobs))
    assert threading.get_ident() not in stage.threads


async def test_a_plain_function_past_its_time_out_is_interrupted(queue: Queue) -> None:
    job = enqueue(queue, "plain_hang", job_timeout=1)
    async with working(worker_on(queue)):
        await until(lambda: job.get_status() == "failed")
        await until(lambda: stage.left == ["interrupted"])


async def test_a_job_that_ignores_its_cancellation_is_left_behind(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    job = enqueue(queue, "ignore_cancellation", job_timeout=1)
    worker = worker_on(queue, concurrency=1)
    async with working(worker):
        try:
            await until(lambda: worker.left_behind == 1)
            await until(lambda: job.get_status() == "failed")
            after = enqueue(queue, "echo", 1)
            await until(lambda: after.get_status() == "finished")
        finally:
            # Whatever went wrong here: the loop can't close before the job ends.
            stage.gate.set()
        await until(lambda: worker.left_behind == 0)
    result = job.latest_result()
    assert result is not None
    assert "JobTimeoutException" in (result.exc_string or "")
    assert f"job {job.id} ignored its cancellation" in caplog.text
    assert stage.left == ["cancellation"]


@pytest.mark.parametrize("function", ["block_the_loop", "block_in_a_child"])
async def test_a_job_that_blocks_the_loop_is_named(
    function: str, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(queue, "wait_at_gate")
    listener = Listener()
    async with working(worker_on(queue, on_event=listener)):
        await until(lambda: stage.arrived)
        job = enqueue(queue, function, 1.0)
        await until(lambda: job.get_status() == "finished")
        stage.gate.set()
    assert listener.kinds(job.id).count("stalled") == 1
    reports = [record for record in caplog.records if record.levelno == logging.ERROR]
    (stack,) = [vars(report)["at_line"] for report in reports if job.id in report.getMessage()]
    assert "block_the_loop" in stack


async def test_the_worker_shows_in_rqs_own_listing(queue: Queue) -> None:
    worker = worker_on(queue, name="listed")
    async with working(worker):
        await until(lambda: queue.connection.hget(worker.key, "state") == b"idle")
        jobs = [enqueue(queue, "wait_at_gate") for _ in range(3)]
        await until(lambda: len(stage.arrived) == 3)
        for listed in (Worker.all(queue=queue), AsyncWorker.all(connection=queue.connection)):
            assert [each.name for each in listed] == ["listed"]
            assert listed[0].get_state() == WorkerStatus.BUSY
            assert listed[0].pid == os.getpid()
            assert {each.job_id for each in listed[0].get_current_executions()} == {job.id for job in jobs}
        stage.gate.set()
        await until(lambda: queue.connection.hget(worker.key, "state") == b"idle")
        assert Worker.all(queue=queue)[0].successful_job_count == 3
    assert Worker.all(queue=queue) == []


async def test_a_suspended_worker_takes_nothing_until_it_is_resumed(queue: Queue) -> None:
    suspend(queue.connection)
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: queue.connection.hget(worker.key, "state") == b"suspended")
        job = enqueue(queue, "echo", 1)
        assert job.get_status() == "queued"
        resume(queue.connection)
        await until(lambda: job.get_status() == "finished")


async def test_an_unreadable_job_is_dropped_and_the_rest_goes_on(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    bad, gone, good = (enqueue(queue, "echo", 1) for _ in range(3))
    queue.connection.hset(bad.key, "status", "no such status")
    queue.connection.delete(gone.key)
    async with working(worker_on(queue)):
        await until(lambda: good.get_status() == "finished")
        await until(lambda: not queue.intermediate_queue.get_job_ids())
    assert f"job {bad.id} cannot be read" in caplog.text
