"""Two moves at once: the rows agree with what people were told."""

from __future__ import annotations

import asyncio

import pytest

from core.models import Plan, PlannedStep, Reply, Status
from core.ports.store import Store
from tests.contracts.samples import NOW, accepted


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.PARTIAL, Status.FAILED])
async def test_an_answer_from_before_a_cancellation_is_refused(store: Store, status: Status) -> None:
    delegation_id = await accepted(store)
    assert await store.cancel(delegation_id, by="ada", now=NOW)
    stale, cancelled = Reply(text="done"), Reply(text="Cancelled.")
    assert not await store.save_answer(delegation_id, round=0, status=status, reply=stale, now=NOW)
    assert await store.save_answer(delegation_id, round=0, status=Status.CANCELLED, reply=cancelled, now=NOW)
    assert (await store.load(delegation_id)).reply == cancelled


async def test_a_cancellation_and_an_answer_at_once_agree(store: Store, other: Store) -> None:
    for number in range(20):
        delegation_id = await accepted(store, f"d{number}")
        await store.save_plan(
            delegation_id, Plan(planner="rules", steps=(PlannedStep(agent="a", task="t"),)), now=NOW
        )
        cancelled, answered = await asyncio.gather(
            store.cancel(delegation_id, by="ada", now=NOW),
            other.save_answer(delegation_id, round=0, status=Status.FAILED, reply=Reply(text="x"), now=NOW),
        )
        assert cancelled is not answered


async def test_a_task_with_half_a_character_is_kept_without_it(store: Store) -> None:
    """Half of a surrogate pair is what JSON may hold and no database takes: a plan must not fail on it for ever."""
    delegation_id = await accepted(store)
    plan = Plan(planner="model", steps=(PlannedStep(agent="a", task="half \ud83d of it"),))
    assert await store.save_plan(delegation_id, plan, now=NOW)
    assert (await store.load(delegation_id)).steps[0].task.startswith("half ")
