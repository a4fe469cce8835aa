"""The Store port on steps: claims with leases and fencing tokens, over every implementation."""

from __future__ import annotations

import asyncio

import pytest

from core.models import Delegation, DelegationState, Status, StepState
from core.policies import CHECK_SECONDS
from core.ports.store import Answer, Store
from tests.contracts.samples import (
    BAD,
    GOOD,
    LEASE,
    NOW,
    REPLY,
    accepted,
    at,
    claimed,
    ended,
    failed,
    planned,
)


async def test_a_claim_takes_the_step_with_a_lease_and_a_new_token(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert (step.state, step.attempts, step.crashes) == (StepState.RUNNING, 1, 0)
    assert (step.started_at, step.lease_until) == (NOW, NOW + LEASE)
    assert step.token > first.token
    assert (await store.load("d1")).steps[0] == step


async def test_of_many_claimants_exactly_one_gets_the_step(store: Store, other: Store) -> None:
    first, _ = await planned(store)
    claims = await asyncio.gather(
        *((store, other)[n % 2].claim_step(first.id, now=NOW, lease_until=NOW + LEASE) for n in range(20))
    )
    assert sum(claim is not None for claim in claims) == 1
    assert (await store.load("d1")).steps[0].attempts == 1


async def test_a_held_step_can_not_be_claimed(store: Store) -> None:
    first, _ = await planned(store)
    await claimed(store, first.id)
    assert await store.claim_step(first.id, now=at(29.999), lease_until=at(60)) is None


async def test_an_expired_lease_can_be_taken_over_and_counts_a_crash(store: Store) -> None:
    first, _ = await planned(store)
    await claimed(store, first.id)
    taken = await claimed(store, first.id, now=at(30))
    assert (taken.crashes, taken.attempts, taken.started_at) == (1, 2, NOW)
    again = await claimed(store, first.id, now=at(60))
    assert again.crashes == 2


async def test_of_many_that_take_an_expired_lease_over_one_wins(store: Store, other: Store) -> None:
    first, _ = await planned(store)
    await claimed(store, first.id)
    claims = await asyncio.gather(
        *((store, other)[n % 2].claim_step(first.id, now=at(40), lease_until=at(70)) for n in range(10))
    )
    assert sum(claim is not None for claim in claims) == 1
    assert (await store.load("d1")).steps[0].crashes == 1


async def test_whoever_lost_the_claim_changes_nothing_any_more(store: Store) -> None:
    first, _ = await planned(store)
    old = await claimed(store, first.id)
    await claimed(store, first.id, now=at(31))
    before = await store.load("d1")
    events = await store.events("d1")
    assert await store.end_step(first.id, token=old.token, result=GOOD, now=at(32)) is None
    assert await store.release_step(first.id, token=old.token, now=at(32)) is False
    assert await store.renew({first.id: old.token}, now=at(32), lease_until=at(99)) == frozenset()
    late = await store.retrying(first.id, token=old.token, delay_seconds=1, reason="late", now=at(32))
    assert late is False
    assert await store.load("d1") == before
    assert await store.events("d1") == events


async def test_renewing_extends_exactly_what_is_still_held(store: Store) -> None:
    first, second = await planned(store)
    mine = await claimed(store, first.id)
    gone = await claimed(store, second.id)
    assert await store.end_step(second.id, token=gone.token, result=GOOD, now=at(1))
    held = {first.id: mine.token, second.id: gone.token, "nothing-0": 1}
    assert await store.renew(held, now=at(8), lease_until=at(38)) == {first.id}
    assert (await store.load("d1")).steps[0].lease_until == at(38)
    assert await store.claim_step(first.id, now=at(31), lease_until=at(61)) is None
    assert await store.renew({}, now=at(8), lease_until=at(38)) == frozenset()


async def test_each_of_many_held_steps_keeps_its_own_token(store: Store) -> None:
    steps = [(await planned(store, f"d{n}"))[0] for n in range(12)]
    held = {}
    for n, step in enumerate(steps):
        for crash in range(n % 3 + 1):
            held[step.id] = (await claimed(store, step.id, now=at(40 * crash))).token
    wrong = dict(held) | {steps[0].id: held[steps[0].id] + 1}
    assert await store.renew(wrong, now=at(90), lease_until=at(120)) == {step.id for step in steps[1:]}


async def test_an_expired_lease_that_nobody_took_is_still_held(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert await store.renew({first.id: step.token}, now=at(60), lease_until=at(90)) == {first.id}
    assert await store.end_step(first.id, token=step.token, result=GOOD, now=at(95))


async def test_a_step_ends_once(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert await store.end_step(first.id, token=step.token, result=GOOD, now=at(2))
    assert await store.end_step(first.id, token=step.token, result=BAD, now=at(3)) is None
    assert await store.claim_step(first.id, now=at(100), lease_until=at(130)) is None
    read = (await store.load("d1")).steps[0]
    assert (read.state, read.result, read.ended_at, read.lease_until) == (
        StepState.SUCCEEDED,
        GOOD,
        at(2),
        None,
    )


async def test_of_two_ends_with_one_token_one_counts(store: Store, other: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    done = await asyncio.gather(
        store.end_step(first.id, token=step.token, result=GOOD, now=at(2)),
        other.end_step(first.id, token=step.token, result=BAD, now=at(2)),
    )
    (ended_as,) = [delegation for delegation in done if delegation is not None]
    assert ended_as == await store.load("d1")
    assert ended_as.steps[0].result == (GOOD, BAD)[done.index(ended_as)]


async def test_a_claim_and_an_end_give_the_delegation_as_it_is_now(store: Store) -> None:
    _, second = await planned(store)
    claim = await store.claim_step(second.id, now=at(1), lease_until=at(31))
    assert claim is not None
    assert claim == (await store.load("d1"), (await store.load("d1")).steps[1])
    assert await store.end_step(second.id, token=claim[1].token, result=BAD, now=at(2)) == await store.load(
        "d1"
    )


async def test_of_steps_that_end_at_once_the_last_sees_that_all_have_ended(
    store: Store, other: Store
) -> None:
    for number in range(10):
        name = f"d{number}"
        steps = await planned(store, name)
        held = [await claimed(store, step.id) for step in steps]
        ends = await asyncio.gather(
            *(
                each.end_step(step.id, token=step.token, result=GOOD, now=at(2))
                for each, step in zip((store, other), held, strict=True)
            )
        )
        whole = await store.load(name)
        assert whole in ends
        assert all(step.state.terminal for step in whole.steps)


@pytest.mark.parametrize("delivered", [False, True])
async def test_the_end_of_the_last_step_is_saved_with_the_answer(store: Store, delivered: bool) -> None:
    steps = await planned(store)
    seen: list[list[bool]] = []

    def answering(delegation: Delegation) -> Answer | None:
        seen.append([step.state.terminal for step in delegation.steps])
        done = all(seen[-1])
        return Answer(status=Status.SUCCESS, reply=REPLY, delivered=delivered) if done else None

    for step in steps:
        token = (await claimed(store, step.id)).token
        whole = await store.end_step(step.id, token=token, result=GOOD, now=at(2), answering=answering)
    assert seen == [[True, False], [True, True]]
    assert whole == await store.load("d1")
    assert whole is not None
    assert whole.state is (DelegationState.DELIVERED if delivered else DelegationState.ANSWERED)
    assert (whole.status, whole.reply, whole.answered_at) == (Status.SUCCESS, REPLY, at(2))
    assert (whole.delivered_at, whole.check_at is None) == (at(2) if delivered else None, delivered)
    events = await store.events("d1")
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    after = ["step.ended", "delegation.answered", *(["delegation.delivered"] if delivered else [])]
    assert [event.kind.value for event in events][-len(after) :] == after
    # It stands once, and nothing else takes its place.
    assert not await store.save_answer("d1", round=0, status=Status.FAILED, reply=REPLY, now=at(3))


async def test_who_lost_the_step_answers_nothing(store: Store) -> None:
    steps = await planned(store)
    for step in steps:
        token = (await claimed(store, step.id)).token
        late = await store.end_step(
            step.id,
            token=token - 1,
            result=GOOD,
            now=at(2),
            answering=lambda _: Answer(status=Status.SUCCESS, reply=REPLY),
        )
        assert late is None
    assert (await store.load("d1")).state is DelegationState.PLANNED


@pytest.mark.parametrize("state", [StepState.FAILED, StepState.TIMED_OUT, StepState.DENIED])
async def test_a_step_ends_in_the_state_of_its_result(store: Store, state: StepState) -> None:
    first, _ = await planned(store)
    await ended(store, first.id, BAD.model_copy(update={"state": state}))
    assert (await store.load("d1")).steps[0].state is state


async def test_a_released_step_is_free_at_once_and_counts_no_crash(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert await store.release_step(first.id, token=step.token, now=at(1)) is True
    assert await store.release_step(first.id, token=step.token, now=at(1)) is False
    free = (await store.load("d1")).steps[0]
    assert (free.state, free.lease_until) == (StepState.PENDING, None)
    again = await claimed(store, first.id, now=at(2))
    assert (again.crashes, again.attempts) == (0, 2)
    assert again.token > step.token


async def test_another_attempt_is_counted_under_the_same_claim(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert await store.retrying(first.id, token=step.token, delay_seconds=1.04, reason="429", now=at(1))
    read = (await store.load("d1")).steps[0]
    assert (read.attempts, read.token, read.state) == (2, step.token, StepState.RUNNING)


async def test_skipping_ends_pending_steps_as_cancelled(store: Store) -> None:
    first, second = await planned(store)
    await ended(store, first.id, BAD)
    await store.skip_steps([second.id], reason="search failed", now=at(2))
    read = (await store.load("d1")).steps[1]
    assert (read.state, read.ended_at) == (StepState.CANCELLED, at(2))
    assert read.result is not None
    assert (read.result.state, read.result.error) == (StepState.CANCELLED, "search failed")
    await store.skip_steps([second.id], reason="again", now=at(3))
    assert (await store.load("d1")).steps[1] == read
    assert await store.claim_step(second.id, now=at(3), lease_until=at(33)) is None


async def test_skipping_leaves_running_and_ended_steps_alone(store: Store) -> None:
    first, second = await planned(store)
    await ended(store, first.id)
    await claimed(store, second.id)
    before = await store.load("d1")
    await store.skip_steps([first.id, second.id], reason="no", now=at(2))
    assert await store.load("d1") == before
    await store.skip_steps([], reason="no", now=at(2))


async def test_a_retry_fences_off_whoever_held_the_step(store: Store) -> None:
    before = await failed(store)
    second = before.steps[1]
    await store.retry("d1", by="u", now=at(10))
    assert await store.end_step(second.id, token=second.token, result=GOOD, now=at(11)) is None
    again = await claimed(store, second.id, now=at(12))
    assert (again.crashes, again.started_at) == (0, at(12))


async def test_a_claim_puts_the_check_off_to_its_leases_end(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert (await store.load("d1")).check_at == at(31)
    await store.end_step(first.id, token=step.token, result=GOOD, now=at(3))
    assert (await store.load("d1")).check_at == at(3 + CHECK_SECONDS)


async def test_cancelling_and_ending_at_once_leave_one_outcome(store: Store, other: Store) -> None:
    for n in range(8):
        first, _ = await planned(store, f"d{n}")
        step = await claimed(store, first.id)
        cancelled, saved = await asyncio.gather(
            store.cancel(f"d{n}", by="u", now=at(1)),
            other.end_step(first.id, token=step.token, result=GOOD, now=at(1)),
        )
        read = await store.load(f"d{n}")
        assert cancelled
        assert read.steps[0].state is (StepState.SUCCEEDED if saved else StepState.CANCELLED)
        assert read.steps[1].state is StepState.CANCELLED
        assert [event.sequence for event in await store.events(f"d{n}")] == list(
            range(1, 1 + len(await store.events(f"d{n}")))
        )


async def test_of_an_answer_and_a_cancel_at_once_one_counts(store: Store, other: Store) -> None:
    for n in range(8):
        await planned(store, f"d{n}")
        cancelled, saved = await asyncio.gather(
            store.cancel(f"d{n}", by="u", now=at(1)),
            other.save_answer(f"d{n}", round=0, status=Status.SUCCESS, reply=REPLY, now=at(1)),
        )
        read = await store.load(f"d{n}")
        assert cancelled is not saved
        assert (read.state is DelegationState.ANSWERED) == saved
        assert (read.cancelled_by is not None) == cancelled


async def test_a_lease_from_a_clock_that_was_set_back_does_not_hold_for_an_hour(store: Store) -> None:
    first, _ = await planned(store)
    held = await claimed(store, first.id, now=at(3600))
    assert await store.claim_step(first.id, now=at(3600), lease_until=at(3630)) is None
    # The clock is set back: the lease is an hour away, and nobody gives leases for an hour.
    taken = await store.claim_step(first.id, now=at(0), lease_until=at(30))
    assert taken is not None
    assert taken[1].token == held.token + 1
    # One that is only a little off is still somebody's.
    assert await store.claim_step(first.id, now=at(-60), lease_until=at(0)) is None


async def test_what_a_clock_that_was_set_back_put_off_is_looked_at_now(store: Store) -> None:
    await accepted(store, "d1", now=at(3600))
    await accepted(store, "d2", now=at(60))
    assert await store.to_check(now=at(0), limit=9) == ("d1",)
