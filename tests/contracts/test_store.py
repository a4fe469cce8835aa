"""The Store port on whole delegations, over every implementation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.errors import Conflict, NotFound
from core.models import (
    Artifact,
    Button,
    Delegation,
    DelegationState,
    EventKind,
    Plan,
    Reply,
    Result,
    Status,
    StepState,
    Usage,
)
from core.policies import CHECK_SECONDS
from core.ports.store import Store
from tests.contracts.samples import (
    BAD,
    GOOD,
    NOW,
    REPLY,
    TWO_STEPS,
    accepted,
    answered,
    at,
    claimed,
    ended,
    failed,
    instruction,
    planned,
)

NO_STEPS = Plan(planner="rules")


async def test_an_accepted_delegation_reads_back_field_for_field(store: Store, other: Store) -> None:
    asked = instruction("Füge 🧪 hinzu\n\ttab and 'quotes'", fingerprint="f" * 64)
    made, created = await store.accept(asked, delegation_id="d1", now=NOW)
    assert created
    assert made == Delegation(
        id="d1",
        instruction=asked,
        state=DelegationState.RECEIVED,
        received_at=NOW,
        check_at=at(CHECK_SECONDS),
    )
    assert await other.load("d1") == made


async def test_a_delegation_reads_back_field_for_field_at_its_end(store: Store, other: Store) -> None:
    first, second = await planned(store)
    file = Artifact(name="a.csv", path="/data/a.csv", media_type="text/csv", size_bytes=12)
    usage = Usage(input_tokens=5, output_tokens=6, cost_usd=0.25)
    result = Result(
        state=StepState.SUCCEEDED,
        output="out",
        usage=usage,
        used_model=True,
        tainted=True,
        partial=True,
        artifacts=(file,),
    )
    await ended(store, first.id, result)
    await ended(store, second.id, BAD)
    reply = Reply(
        text="*done*", buttons=(Button(action="retry", label="Try again", value="d1"),), files=(file,)
    )
    await store.save_answer("d1", round=0, status=Status.PARTIAL, reply=reply, now=at(2))
    await store.mark_delivered("d1", round=0, now=at(3))

    read = await other.load("d1")
    assert (read.state, read.status, read.reply) == (DelegationState.DELIVERED, Status.PARTIAL, reply)
    assert (read.planner, read.planning_usage) == ("model", TWO_STEPS.usage)
    assert (read.planned_at, read.answered_at, read.delivered_at) == (NOW, at(2), at(3))
    assert read.check_at is None
    one, two = read.steps
    assert (one.result, two.result) == (result, BAD)
    assert (one.agent, one.task, one.after, one.index) == ("search", "find it", (), 0)
    assert (two.agent, two.task, two.after, two.index) == ("write", "tell", (0,), 1)
    assert (one.started_at, one.ended_at, one.execution_time_ms) == (NOW, at(1), 1000)
    assert await other.load_step(second.id) == (read, two)


async def test_an_answer_that_is_posted_nowhere_is_delivered_with_its_saving(
    store: Store, other: Store
) -> None:
    await store.accept(instruction(), delegation_id="d1", now=NOW)
    answer: dict[str, Any] = {"round": 0, "status": Status.SUCCESS, "reply": REPLY, "delivered": True}
    assert await store.save_answer("d1", now=at(2), **answer) is True
    assert await other.save_answer("d1", now=at(3), **answer) is False
    read = await other.load("d1")
    assert (read.state, read.answered_at, read.delivered_at) == (DelegationState.DELIVERED, at(2), at(2))
    assert read.check_at is None
    kinds = [event.kind for event in await other.events("d1", after=0)]
    assert kinds[1:] == [EventKind.DELEGATION_ANSWERED, EventKind.DELEGATION_DELIVERED]
    assert await store.mark_delivered("d1", round=0, now=at(4)) is False


async def test_the_same_key_is_the_same_delegation(store: Store, other: Store) -> None:
    asked = instruction()
    made, _ = await store.accept(asked, delegation_id="d1", now=NOW)
    again, created = await other.accept(asked, delegation_id="d2", now=at(5))
    assert (again, created) == (made, False)
    assert await store.known(asked.key) == "d1"
    assert await store.known("another") is None
    with pytest.raises(NotFound):
        await store.load("d2")


async def test_a_repeated_key_brings_the_delegation_as_it_is_by_now(store: Store) -> None:
    asked = instruction()
    await store.accept(asked, delegation_id="d1", now=NOW)
    await store.save_plan("d1", TWO_STEPS, now=at(1))
    again, _ = await store.accept(asked, delegation_id="d1", now=at(5))
    assert again == await store.load("d1")
    assert len(again.steps) == 2


async def test_of_fifty_simultaneous_accepts_of_one_key_one_creates(store: Store, other: Store) -> None:
    asked = instruction()
    outcomes = await asyncio.gather(
        *((store, other)[n % 2].accept(asked, delegation_id=f"d{n}", now=NOW) for n in range(50))
    )
    assert sum(created for _, created in outcomes) == 1
    assert len({delegation.id for delegation, _ in outcomes}) == 1
    assert len(await store.recent(workspace="W1")) == 1


async def test_a_key_that_was_used_for_another_request_is_a_conflict(store: Store) -> None:
    await store.accept(instruction(key="k", fingerprint="one"), delegation_id="d1", now=NOW)
    with pytest.raises(Conflict):
        await store.accept(instruction(key="k", fingerprint="two"), delegation_id="d2", now=NOW)


async def test_what_does_not_exist_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.load("nothing")
    with pytest.raises(NotFound):
        await store.load_step("nothing-0")
    assert await store.save_plan("nothing", TWO_STEPS, now=NOW) is None
    assert await store.cancel("nothing", by="u", now=NOW) is False
    assert await store.retry("nothing", by="u", now=NOW) is False
    assert await store.claim_step("nothing-0", now=NOW, lease_until=at(30)) is None


async def test_of_two_plans_the_first_one_stands(store: Store, other: Store) -> None:
    await accepted(store)
    saved = await asyncio.gather(
        store.save_plan("d1", TWO_STEPS, now=NOW), other.save_plan("d1", NO_STEPS, now=NOW)
    )
    (stands,) = [delegation for delegation in saved if delegation is not None]
    assert stands == await store.load("d1")
    assert len(stands.steps) == (2 if saved[0] else 0)
    assert await store.save_plan("d1", TWO_STEPS, now=at(1)) is None


async def test_an_answered_delegation_takes_no_plan(store: Store) -> None:
    await answered(store)
    assert await store.save_plan("d1", TWO_STEPS, now=NOW) is None


async def test_of_two_answers_the_first_one_stands(store: Store, other: Store) -> None:
    await planned(store)
    replies = (Reply(text="one"), Reply(text="two"))
    saved = await asyncio.gather(
        store.save_answer("d1", round=0, status=Status.SUCCESS, reply=replies[0], now=NOW),
        other.save_answer("d1", round=0, status=Status.FAILED, reply=replies[1], now=NOW),
    )
    assert sorted(saved) == [False, True]
    assert (await store.load("d1")).reply == replies[saved.index(True)]


async def test_only_an_answer_can_be_delivered_and_only_once(store: Store) -> None:
    await planned(store)
    assert await store.mark_delivered("d1", round=0, now=NOW) is False
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(1))
    assert await store.mark_delivered("d1", round=1, now=at(2)) is False
    assert await store.mark_delivered("d1", round=0, now=at(2)) is True
    assert await store.mark_delivered("d1", round=0, now=at(3)) is False
    assert (await store.load("d1")).delivered_at == at(2)


async def test_cancelling_before_the_plan_leaves_nothing_to_run(store: Store) -> None:
    await accepted(store)
    assert await store.cancel("d1", by="u", now=at(1)) is True
    assert await store.save_plan("d1", TWO_STEPS, now=at(2)) is None
    read = await store.load("d1")
    assert (read.state, read.cancelled_by, read.steps) == (DelegationState.PLANNED, "u", ())


async def test_cancelling_ends_what_has_not_ended_and_refuses_late_results(store: Store) -> None:
    first, second = await planned(store)
    running = await claimed(store, first.id)
    assert await store.cancel("d1", by="u", now=at(1)) is True
    assert await store.end_step(first.id, token=running.token, result=GOOD, now=at(2)) is None
    assert await store.release_step(first.id, token=running.token, now=at(2)) is False
    assert await store.renew({first.id: running.token}, now=at(2), lease_until=at(40)) == frozenset()
    assert await store.claim_step(second.id, now=at(2), lease_until=at(40)) is None
    steps = (await store.load("d1")).steps
    assert [step.state for step in steps] == [StepState.CANCELLED, StepState.CANCELLED]
    assert [step.ended_at for step in steps] == [at(1), at(1)]
    assert steps[0].lease_until is None


async def test_cancelling_keeps_what_has_ended(store: Store) -> None:
    first, _ = await planned(store)
    await ended(store, first.id)
    await store.cancel("d1", by="u", now=at(2))
    one, two = (await store.load("d1")).steps
    assert (one.state, one.result) == (StepState.SUCCEEDED, GOOD)
    assert two.state is StepState.CANCELLED


async def test_cancelling_twice_is_cancelling_once(store: Store) -> None:
    await planned(store)
    assert await store.cancel("d1", by="first", now=at(1)) is True
    before = await store.load("d1")
    events = await store.events("d1")
    assert await store.cancel("d1", by="second", now=at(2)) is True
    assert await store.load("d1") == before
    assert await store.events("d1") == events


async def test_once_it_is_cancelled_only_an_answer_that_says_so_is_taken(store: Store) -> None:
    await planned(store)
    await store.cancel("d1", by="u", now=at(1))
    assert await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2)) is False
    assert await store.save_answer("d1", round=0, status=Status.CANCELLED, reply=REPLY, now=at(2)) is True


@pytest.mark.parametrize("delivered", [False, True])
async def test_an_answer_can_not_be_cancelled(store: Store, delivered: bool) -> None:
    await answered(store)
    if delivered:
        await store.mark_delivered("d1", round=0, now=at(1))
    before = await store.load("d1")
    assert await store.cancel("d1", by="u", now=at(2)) is False
    assert await store.load("d1") == before


async def test_a_retry_starts_only_what_failed(store: Store) -> None:
    before = await failed(store)
    assert await store.retry("d1", by="u", now=at(10)) is True
    after = await store.load("d1")
    assert (after.state, after.round, after.generation) == (DelegationState.PLANNED, 1, 1)
    assert (after.status, after.reply, after.answered_at, after.delivered_at) == (None, None, None, None)
    assert after.check_at == at(10 + CHECK_SECONDS)
    one, two = after.steps
    assert one == before.steps[0]
    assert (two.state, two.generation, two.result) == (StepState.PENDING, 1, None)
    assert (two.started_at, two.ended_at, two.crashes) == (None, None, 0)
    assert two.token > before.steps[1].token


async def test_a_cancelled_delegation_can_be_started_again(store: Store) -> None:
    await planned(store)
    await store.cancel("d1", by="u", now=at(1))
    await store.save_answer("d1", round=0, status=Status.CANCELLED, reply=REPLY, now=at(2))
    assert await store.retry("d1", by="u", now=at(3)) is True
    after = await store.load("d1")
    assert after.cancelled_by is None
    assert {step.state for step in after.steps} == {StepState.PENDING}


async def test_there_is_nothing_to_retry_where_all_succeeded_or_work_goes_on(store: Store) -> None:
    first, second = await planned(store)
    assert await store.retry("d1", by="u", now=NOW) is False
    await ended(store, first.id)
    await ended(store, second.id)
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
    assert await store.retry("d1", by="u", now=at(3)) is False
    await answered(store, "d2")
    assert await store.retry("d2", by="u", now=at(3)) is False


async def test_of_two_retries_one_counts(store: Store, other: Store) -> None:
    await failed(store)
    done = await asyncio.gather(store.retry("d1", by="u", now=at(10)), other.retry("d1", by="u", now=at(10)))
    assert sorted(done) == [False, True]
    assert (await store.load("d1")).round == 1


async def test_the_former_rounds_answer_comes_too_late(store: Store) -> None:
    await failed(store)
    await store.retry("d1", by="u", now=at(10))
    assert await store.save_answer("d1", round=0, status=Status.FAILED, reply=REPLY, now=at(11)) is False
    assert await store.save_answer("d1", round=1, status=Status.FAILED, reply=REPLY, now=at(11)) is True
    assert await store.mark_delivered("d1", round=0, now=at(12)) is False
    assert await store.mark_delivered("d1", round=1, now=at(12)) is True
