"""Whoever holds up the event loop alone is named, and nobody where many share it."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis
from rq.job import Job, _current_job

from workers.events import Events, WorkerEvent
from workers.watchdog import LoopWatchdog

PATIENCE_SECONDS = 30.0
Shares = Callable[[list[WorkerEvent], int], list[Callable[[], bool]]]
"""When each job lets go of the loop, from what was told, and how much of it before."""


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


async def hold(is_over: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_over() and time.monotonic() < until:
        time.sleep(0.001)  # noqa: ASYNC251 - that is the point


def after(seconds: float) -> Callable[[], bool]:
    began: list[float] = []

    def is_over() -> bool:
        began.append(time.monotonic())
        return began[-1] - began[0] >= seconds

    return is_over


async def work(shares: list[Callable[[], bool]]) -> None:
    connection = Redis()
    loop = asyncio.get_running_loop()
    tasks = []
    for number, is_over in enumerate(shares):
        context = contextvars.copy_context()
        context.run(_current_job.set, Job(f"job-{number}", connection=connection))
        tasks.append(loop.create_task(hold(is_over), context=context))
    await asyncio.gather(*tasks)
    connection.close()


async def until_blamed(job_id: str, shares: Shares) -> None:
    """On a machine that does other things too, whoever is interrupted may have had the loop alone, and the other way
    round: it is done again until this one is blamed."""
    told: list[WorkerEvent] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        with watched(told):
            while not told or told[-1].job_id != job_id:
                await work(shares(told, len(told)))
                await asyncio.sleep(0.01)
    assert {event.kind for event in told} == {"stalled"}


async def test_one_job_that_holds_up_the_loop_is_named() -> None:
    await until_blamed("job-0", lambda told, before: [lambda: len(told) > before])


async def test_none_of_many_that_hold_it_up_together_is_named() -> None:
    await until_blamed("", lambda told, before: [after(0.01) for _ in range(12)])
