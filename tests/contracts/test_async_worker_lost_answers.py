# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""A connection that breaks in the middle of a transaction neither loses a job nor runs it twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis.exceptions
from redis.client import Pipeline
from redis.commands.core import Script
from rq.job import Retry
from rq.queue import Queue

from tests.contracts.worker_harness import (
    enqueue,
    is_drained,
    statistics,
    until,
    worker_on,
    working,
)
from tests.contracts.worker_jobs import stage
from workers.claims import START_SCRIPT

pytestmark = pytest.mark.slow

APPLIED = pytest.mark.parametrize("applied", [False, True], ids=["not applied", "applied, answer lost"])


def break_once(monkeypatch: pytest.MonkeyPatch, command: str, *, applied: bool) -> list[str]:
    """Breaks the first transaction with this command, or the first call of this script, before or after it is applied.

    Returns what was broken.
    """
    broken: list[str] = []

    def breaking(has_it: Callable[[Any], bool], go_on: Callable[..., Any]) -> Callable[..., Any]:
        def once(self: Any, *args: Any, **options: Any) -> Any:
            hit = not broken and has_it(self)
            if hit:
                broken.append(command)
            answer = go_on(self, *args, **options) if applied or not hit else None
            if hit:
                raise redis.exceptions.ConnectionError("invented break")
            return answer

        return once

    def in_transaction(pipeline: Pipeline) -> bool:
        return any(arguments[0] == command for arguments, _ in pipeline.command_stack)

    monkeypatch.setattr(Pipeline, "execute", breaking(in_transaction, Pipeline.execute))
    monkeypatch.setattr(
        Script, "__call__", breaking(lambda script: bool(script.script == command), Script.__call__)
    )
    return broken


# What the job does, how it is enqueued, a command that only the breaking transaction has (or its script), the final
# status, and how often the job runs.
TRANSACTIONS: dict[str, tuple[str, dict[str, Any], str, str, int]] = {
    "start": ("wait_at_gate", {}, START_SCRIPT, "finished", 1),
    "success": ("wait_at_gate", {}, "XADD", "finished", 1),
    "failure": ("fail_at_gate", {}, "XADD", "failed", 1),
    "failure with retry": ("fail_at_gate", {"retry": Retry(max=1)}, "RPUSH", "failed", 2),
}


@APPLIED
@pytest.mark.parametrize("name", TRANSACTIONS)
async def test_each_transaction_counts_once(
    name: str, applied: bool, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, options, command, status, runs = TRANSACTIONS[name]
    job = enqueue(queue, function, **options)
    stage.gate.set()
    broken = break_once(monkeypatch, command, applied=applied)
    worker = worker_on(queue)
    async with working(worker):
        await until(lambda: broken and is_drained(queue) and not worker.in_flight)
    assert job.get_status() == status
    assert stage.arrived == [job.id] * runs
    counts = statistics(worker, queue.connection)
    assert counts["successful_job_count"] + counts["failed_job_count"] == runs
    assert len(job.results()) == 1


@APPLIED
async def test_a_hand_back_pushes_each_job_once(
    applied: bool, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [enqueue(queue, "wait_at_gate") for _ in range(3)]
    async with working(worker_on(queue, drain_seconds=0.0)):
        await until(lambda: len(stage.arrived) == 3)
        broken = break_once(monkeypatch, "LPUSH", applied=applied)
    assert broken
    assert queue.job_ids == [job.id for job in jobs]
    assert is_drained(queue) is False
    assert queue.started_job_registry.get_job_count(cleanup=False) == 0
