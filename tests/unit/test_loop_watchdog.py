"""Whoever holds up the event loop alone is named, and nobody where many share it."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from rq.job import Job, _current_job

from workers.events import Events, WorkerEvent
from workers.watchdog import LoopWatchdog


@contextmanager
def watched(told: list[WorkerEvent]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    watchdog = LoopWatchdog(stall_after_seconds=0.06, events=Events(told.append))
    loop.set_task_factory(watchdog.make_task)
    watchdog.start()
    try:
        yield
    finally:
        loop.set_task_factory(None)
        watchdog.stop()
        watchdog.join()


async def hold(seconds: float) -> None:
    time.sleep(seconds)  # noqa: ASYNC251 - that is the point


async def work(shares: list[float]) -> None:
    connection = Redis()
    loop = asyncio.get_running_loop()
    tasks = []
    for number, seconds in enumerate(shares):
        context = contextvars.copy_context()
        context.run(_current_job.set, Job(f"job-{number}", connection=connection))
        tasks.append(loop.create_task(hold(seconds), context=context))
    await asyncio.gather(*tasks)
    connection.close()


async def test_one_job_that_holds_up_the_loop_is_named_and_many_are_not() -> None:
    told: list[WorkerEvent] = []
    with watched(told):
        await work([0.12])
        await asyncio.sleep(0.04)
        await work([0.01] * 12)
    assert {(event.kind, event.job_id) for event in told} == {("stalled", "job-0"), ("stalled", "")}
