"""The Approvals port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.sql.approvals import SqlApprovals
from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from core.errors import NotFound
from core.memory.approvals import InMemoryApprovals
from core.memory.store import InMemoryStore
from core.models import (
    Approval,
    ApprovalState,
    Decision,
    EventKind,
    Person,
    Reply,
    Result,
    Status,
    Step,
    StepState,
)
from core.ports.approvals import Approvals
from core.ports.store import Store
from tests.contracts.conftest import ALL
from tests.contracts.samples import ASKER, HERE, NOW, REPLY, accepted, at, claimed, failed, planned

BOSS = Person(id="toy:W1:U9", name="Bo")
FOUR: tuple[Decision, ...] = ("approve", "deny", "always", "deny")
Parts = tuple[Approvals, Store]


@pytest.fixture(params=ALL)
async def parts(request: pytest.FixtureRequest) -> AsyncIterator[Parts]:
    if request.param == "memory":
        store = InMemoryStore()
        yield InMemoryApprovals(store=store), store
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield SqlApprovals(database), SqlStore(database)
    database.close()


def approval(name: str = "a1", **values: Any) -> Approval:
    given: dict[str, Any] = {
        "id": name,
        "delegation_id": "d1",
        "step_id": "d1-0",
        "run_id": "d1-0-0",
        "agent": "search",
        "tool": "send_email",
        "arguments": '{"to": "ops@example.org", "body": "caf\\u00e9"}',
        "sources": ("read_page: https://example.org",),
        "unnamed": ("ops@example.org",),
        "person": ASKER.model_copy(update={"zone": None}),
        "asked_at": at(1),
        "expires_at": at(301),
        "check_at": at(6),
    }
    return Approval.model_validate({**given, **values})


async def waiting(parts: Parts, *names: str) -> Step:
    """A step that waits for these."""
    approvals, store = parts
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    for name in names:
        await approvals.ask(approval(name))
    held = await approvals.wait(step.id, token=step.token, approval_ids=names, now=at(2))
    assert held is not None
    return held.steps[0]


async def kinds(store: Store) -> list[EventKind]:
    return [event.kind for event in await store.events("d1") if event.kind.value.startswith("approval")]


async def test_what_is_asked_is_kept_whole_and_asked_once(parts: Parts) -> None:
    approvals, store = parts
    await planned(store)
    assert await approvals.ask(approval()) == approval()
    assert await approvals.ask(approval(asked_at=at(9))) == approval()
    assert await approvals.load("a1") == approval()
    assert await approvals.of(["d1"]) == (approval(),)
    assert await approvals.pending(limit=9) == (approval(),)
    [event] = [e for e in await store.events("d1") if e.kind is EventKind.APPROVAL_REQUESTED]
    assert event.data["approval"] == "a1"
    assert event.data["step"] == 0
    with pytest.raises(NotFound):
        await approvals.load("a2")


async def test_a_step_waits_without_a_lease_and_nobody_can_take_it(parts: Parts) -> None:
    _, store = parts
    step = await waiting(parts, "a1")
    assert (step.state, step.lease_until, step.attempts) == (StepState.WAITING, None, 0)
    assert await store.claim_step(step.id, now=at(500), lease_until=at(530)) is None
    assert not await store.release_step(step.id, token=step.token, now=at(3))
    assert (
        await store.end_step(step.id, token=step.token, result=Result(state=StepState.FAILED), now=at(3))
        is None
    )


async def test_who_lost_its_claim_makes_no_step_wait(parts: Parts) -> None:
    approvals, store = parts
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    await approvals.ask(approval())
    assert await approvals.wait(step.id, token=step.token - 1, approval_ids=["a1"], now=at(2)) is None
    assert (await store.load("d1")).steps[0].state is StepState.RUNNING


async def test_a_yes_lets_the_step_go_on_as_the_same_attempt(parts: Parts) -> None:
    approvals, store = parts
    step = await waiting(parts, "a1")
    ruling = await approvals.decide("a1", "approve", by=BOSS, key="press-1", now=at(61))
    assert ruling.won
    assert ruling.approval == await approvals.load("a1")
    assert ruling.approval.state is ApprovalState.APPROVED
    assert ruling.approval.decided_by == BOSS
    after = (await store.load("d1")).steps[0]
    assert (after.state, after.generation) == (StepState.PENDING, step.generation + 1)
    # From the question to the answer a minute passed, which is none of the step's own time.
    assert after.started_at == NOW + timedelta(seconds=60)
    again = await claimed(store, step.id, now=at(62))
    assert (again.attempts, again.started_at) == (1, after.started_at)
    assert await kinds(store) == [EventKind.APPROVAL_REQUESTED, EventKind.APPROVAL_DECIDED]


async def test_of_many_decisions_at_once_one_wins(parts: Parts) -> None:
    approvals, store = parts
    step = await waiting(parts, "a1")
    rulings = await asyncio.gather(
        *(
            approvals.decide("a1", decision, by=BOSS, key=f"press-{n}", now=at(3))
            for n, decision in enumerate(FOUR)
        )
    )
    assert [ruling.won for ruling in rulings].count(True) == 1
    assert len({ruling.approval.key for ruling in rulings}) == 1
    assert (await store.load("d1")).steps[0].generation == step.generation + 1
    assert (await kinds(store)).count(EventKind.APPROVAL_DECIDED) == 1


async def test_a_decision_between_the_question_and_the_wait_is_not_missed(parts: Parts) -> None:
    approvals, store = parts
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    await approvals.ask(approval("a1"))
    await approvals.ask(approval("a2"))
    assert (await approvals.decide("a2", "deny", by=BOSS, key="p", now=at(2))).won
    held = await approvals.wait(step.id, token=step.token, approval_ids=["a1", "a2"], now=at(3))
    assert held is not None
    assert held.steps[0].state is StepState.PENDING
    assert held.steps[0].generation == step.generation + 1


async def test_a_decision_and_the_wait_at_the_same_moment_leave_no_step_behind(parts: Parts) -> None:
    approvals, store = parts
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    await approvals.ask(approval())
    await asyncio.gather(
        approvals.wait(step.id, token=step.token, approval_ids=["a1"], now=at(2)),
        approvals.decide("a1", "approve", by=BOSS, key="p", now=at(2)),
    )
    assert (await store.load("d1")).steps[0].state is StepState.PENDING


async def test_processes_that_wait_and_decide_at_once_leave_one_decision_and_no_step_behind(
    databases: Callable[[], Database],
) -> None:
    here, there, third = (databases() for _ in range(3))
    store = SqlStore(here)
    for n in range(8):
        first, _ = await planned(store, f"d{n}")
        step = await claimed(store, first.id)
        about = {"delegation_id": f"d{n}", "step_id": step.id, "run_id": f"{step.id}-0"}
        await SqlApprovals(here).ask(approval(f"a{n}", **about))
        _, *rulings = await asyncio.gather(
            SqlApprovals(here).wait(step.id, token=step.token, approval_ids=[f"a{n}"], now=at(2)),
            SqlApprovals(there).decide(f"a{n}", "approve", by=BOSS, key="p1", now=at(2)),
            SqlApprovals(third).decide(f"a{n}", "deny", by=BOSS, key="p2", now=at(2)),
        )
        assert [ruling.won for ruling in rulings].count(True) == 1
        assert len({ruling.approval.state for ruling in rulings}) == 1
        assert (await store.load_step(step.id))[1].state is StepState.PENDING


async def test_too_late_is_expired_and_the_step_goes_on(parts: Parts) -> None:
    approvals, store = parts
    step = await waiting(parts, "a1")
    ruling = await approvals.decide("a1", "approve", by=BOSS, key="p", now=at(301))
    assert not ruling.won
    assert ruling.approval.state is ApprovalState.EXPIRED
    assert (await store.load("d1")).steps[0].generation == step.generation + 1
    assert not (await approvals.decide("a1", "approve", by=BOSS, key="p", now=at(302))).won
    assert await approvals.close("a1", ApprovalState.WITHDRAWN, now=at(303)) == ruling.approval
    assert await approvals.pending(limit=9) == ()


async def test_those_whose_id_begins_so_are_found_whatever_became_of_them(parts: Parts) -> None:
    approvals, _ = parts
    await waiting(parts, "a1", "b1")
    await approvals.ask(approval("a2", asked_at=at(0)))
    await approvals.decide("a1", "deny", by=BOSS, key="p", now=at(3))
    found = await approvals.beginning("a", limit=9)
    assert [(one.id, one.state.value) for one in found] == [("a2", "pending"), ("a1", "denied")]
    assert await approvals.beginning("a", limit=1) == found[:1]
    assert await approvals.beginning("_", limit=9) == await approvals.beginning("%", limit=9) == ()


async def test_always_covers_the_same_tool_in_the_same_run_and_nothing_else(parts: Parts) -> None:
    approvals, _ = parts
    await waiting(parts, "a1", "a2")
    await approvals.ask(approval("a3", tool="delete_file"))
    assert (await approvals.decide("a1", "always", by=BOSS, key="p", now=at(3))).won
    assert (await approvals.load("a2")).state is ApprovalState.APPROVED
    assert (await approvals.load("a3")).state is ApprovalState.PENDING
    later = await approvals.ask(approval("a4", asked_at=at(4)))
    assert (later.state, later.decided_by, later.check_at) == (ApprovalState.APPROVED, BOSS, None)
    assert await approvals.load("a4") == later
    other_run = await approvals.ask(approval("a5", run_id="d1-0-1"))
    assert other_run.state is ApprovalState.PENDING


async def test_what_is_cancelled_is_no_longer_asked(parts: Parts) -> None:
    approvals, store = parts
    await waiting(parts, "a1")
    assert await store.cancel("d1", by="me", now=at(5))
    assert (await store.load("d1")).steps[0].state is StepState.CANCELLED
    withdrawn = await approvals.load("a1")
    assert (withdrawn.state, withdrawn.check_at) == (ApprovalState.WITHDRAWN, at(5))
    assert not (await approvals.decide("a1", "approve", by=BOSS, key="p", now=at(6))).won


async def test_a_run_of_an_earlier_round_can_not_be_decided_any_more(parts: Parts) -> None:
    approvals, store = parts
    await failed(store)
    await approvals.ask(approval(step_id="d1-1", run_id="d1-1-0"))
    assert await store.retry("d1", by="me", now=at(5))
    ruling = await approvals.decide("a1", "approve", by=BOSS, key="p", now=at(6))
    assert (ruling.won, ruling.approval.state) == (False, ApprovalState.WITHDRAWN)
    assert (await store.load("d1")).steps[1].state is StepState.PENDING


async def test_a_step_that_waits_for_nothing_can_be_woken(parts: Parts) -> None:
    approvals, store = parts
    step = await waiting(parts, "a1")
    assert not await approvals.wake(step.id, now=at(3))
    empty = await waiting_for_nothing(parts)
    assert await approvals.wake(empty, now=at(3))
    assert not await approvals.wake(empty, now=at(4))
    assert (await store.load("d2")).steps[0].state is StepState.PENDING


async def waiting_for_nothing(parts: Parts) -> str:
    approvals, store = parts
    first, _ = await planned(store, "d2")
    step = await claimed(store, first.id)
    assert await approvals.wait(step.id, token=step.token, approval_ids=(), now=at(2))
    return step.id


async def test_its_message_is_recorded_once_and_it_is_looked_at_when_its_time_comes(parts: Parts) -> None:
    approvals, store = parts
    await planned(store)
    asked = await approvals.ask(approval())
    assert await approvals.to_check(now=at(5), limit=9) == ()
    assert await approvals.to_check(now=at(6), limit=9) == (asked,)
    assert await approvals.record_message("a1", "m1") == "m1"
    assert await approvals.record_message("a1", "m2") == "m1"
    await approvals.check_later(asked, at=at(301))
    assert (await approvals.load("a1")).check_at == at(6), "it was another when that was decided"
    await approvals.check_later(await approvals.load("a1"), at=None)
    assert await approvals.to_check(now=at(600), limit=9) == ()


async def test_what_a_model_asked_back_after_reading_is_tainted_without_any_step(parts: Parts) -> None:
    _, store = parts
    await accepted(store)
    reply = Reply(text="Whom do you mean?", tainted=True)
    assert await store.save_answer("d1", round=0, status=Status.FAILED, reply=reply, now=at(2))
    [exchange] = await store.conversation(HERE, before=at(60), limit=6)
    assert exchange.tainted


async def test_history_says_what_was_tainted_and_whose_it_was(parts: Parts) -> None:
    _, store = parts
    for name, tainted in (("d1", False), ("d2", True)):
        for step in await planned(store, name):
            held = await claimed(store, step.id)
            result = Result(state=StepState.SUCCEEDED, output="x", tainted=tainted and step.index == 1)
            assert await store.end_step(step.id, token=held.token, result=result, now=at(1))
        reply = REPLY.model_copy(update={"addresses": ("read.example/a",) if tainted else ()})
        assert await store.save_answer(name, round=0, status=Status.SUCCESS, reply=reply, now=at(2))
    history = await store.conversation(HERE, before=at(60), limit=6)
    assert [(one.tainted, one.person_id) for one in history] == [(False, ASKER.id), (True, ASKER.id)]
    assert [one.addresses for one in history] == [(), ("read.example/a",)]
