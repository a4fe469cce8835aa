# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Job functions for the worker's contract tests, and the stage on which they meet the test that runs them."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from rq.job import Job, Retry, get_current_job


@dataclass
class Stage:
    """What the jobs of one event loop share with their test."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    inside: dict[str, int] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)


stage = Stage()


def reset() -> Stage:
    """Clears the stage for the next test."""
    for name, value in vars(Stage()).items():
        setattr(stage, name, value)
    return stage


def current_job() -> Job:
    job = get_current_job()
    assert job is not None
    return job


async def noop(*ids: str) -> None:
    """Does nothing."""


async def echo(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def plain_echo(value: Any) -> Any:
    stage.threads.add(threading.get_ident())
    return value


async def wait_at_gate(key: str = "") -> str:
    job_id = current_job().id
    stage.arrived.append(job_id)
    stage.inside[key] = stage.inside.get(key, 0) + 1
    stage.peak[key] = max(stage.peak.get(key, 0), stage.inside[key])
    try:
        await stage.gate.wait()
    finally:
        stage.inside[key] -= 1
        stage.left.append(job_id)
    return current_job().id


async def pass_by(key: str) -> None:
    """Is inside for a few turns of the loop, so that an overlap would show in the peak."""
    stage.inside[key] = stage.inside.get(key, 0) + 1
    stage.peak[key] = max(stage.peak.get(key, 0), stage.inside[key])
    await asyncio.sleep(0.002)
    stage.inside[key] -= 1
    stage.arrived.append(current_job().id)


async def fail(*ids: str) -> None:
    raise ValueError("invented failure")


def plain_fail(*ids: str) -> None:
    raise ValueError("invented failure")


async def fail_at_gate(*ids: str) -> None:
    stage.arrived.append(current_job().id)
    await stage.gate.wait()
    stage.left.append(current_job().id)
    raise ValueError("invented failure")


async def leave_the_process(*ids: str) -> None:
    raise SystemExit(3)


async def hang(*ids: str) -> None:
    stage.arrived.append(current_job().id)
    await asyncio.Event().wait()


def plain_hang(*ids: str) -> None:
    stage.arrived.append(current_job().id)
    try:
        while True:
            threading.Event().wait(0.01)
    finally:
        stage.left.append("interrupted")


async def ignore_cancellation(*ids: str) -> None:
    stage.arrived.append(current_job().id)
    while not stage.gate.is_set():
        try:
            await stage.gate.wait()
        except asyncio.CancelledError:
            stage.left.append("cancellation")


async def block_the_loop(seconds: float) -> None:
    threading.Event().wait(seconds)


async def block_in_a_child(seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(block_the_loop(seconds), name="a name of its own")


async def fail_until_last_try(*ids: str) -> str:
    if current_job().retries_left:
        raise ValueError("invented failure")
    return "made it"


async def ask_for_retry(times: int) -> Any:
    return Retry(max=times)


async def write_meta(*ids: str) -> None:
    job = current_job()
    job.meta["seen"] = True
    job.save_meta()


async def return_nonsense(*ids: str) -> object:
    return object()


async def hang_the_first_time(key: str) -> None:
    """Leaves its process's id in Redis; only its first run hangs."""
    connection = current_job().connection
    first = connection.incr(f"{key}:runs") == 1
    connection.rpush(f"{key}:pids", os.getpid())
    if first:
        await asyncio.Event().wait()


def note_success(job: Job, connection: Redis, result: Any) -> None:
    connection.rpush("notes", f"success {result}")


def note_failure(job: Job, connection: Redis, *exc_info: Any) -> None:
    connection.rpush("notes", f"failure {exc_info[0].__name__}")


def note_stop(job: Job, connection: Redis) -> None:
    connection.rpush("notes", f"stopped {job.id}")


def raise_on_success(job: Job, connection: Redis, result: Any) -> None:
    raise LookupError("invented callback failure")


def hang_on_success(job: Job, connection: Redis, result: Any) -> None:
    while True:
        threading.Event().wait(0.01)
