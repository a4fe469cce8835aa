"""The Store port on events: what each move says, in commit order and without gaps, over every implementation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.errors import NotFound
from core.models import Event, EventKind, Status
from core.ports.store import Store
from tests.contracts.samples import (
    ASKER,
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
    planned,
)


def fact(n: int, delegation_id: str | None = "d1") -> Event:
    return Event(delegation_id=delegation_id, kind=EventKind.STEP_TOOL, at=at(n), data={"n": n})


async def last(store: Store, number: int = 1) -> list[tuple[EventKind, dict[str, Any]]]:
    return [(event.kind, event.data) for event in (await store.events("d1"))[-number:]]


async def test_an_accepted_instruction_says_who_asked_and_where(store: Store) -> None:
    await accepted(store)
    (event,) = await store.events("d1")
    assert event == Event(
        sequence=1,
        delegation_id="d1",
        kind=EventKind.INSTRUCTION_RECEIVED,
        at=NOW,
        data={"origin": "toy", "person": ASKER.id},
    )


async def test_a_plan_says_who_does_what(store: Store) -> None:
    await planned(store)
    outline = [
        {"agent": "search", "task": "find it", "dependsOn": []},
        {"agent": "write", "task": "tell", "dependsOn": [0]},
    ]
    assert await last(store) == [(EventKind.DELEGATION_PLANNED, {"planner": "model", "steps": outline})]


async def test_a_steps_moves_say_which_attempt_it_was(store: Store) -> None:
    _, second = await planned(store)
    step = await claimed(store, second.id)
    await store.retrying(second.id, token=step.token, delay_seconds=1.26, reason="busy", now=at(1))
    await store.end_step(second.id, token=step.token, result=BAD, now=at(2))
    about = {"step": 1, "agent": "write"}
    assert await last(store, 3) == [
        (EventKind.STEP_STARTED, {**about, "attempt": 1}),
        (EventKind.STEP_RETRYING, {**about, "attempt": 2, "retryInSeconds": 1.3, "error": "busy"}),
        (EventKind.STEP_ENDED, {**about, "attempt": 2, "state": "failed", "error": BAD.error}),
    ]
    assert [event.at for event in (await store.events("d1"))[-3:]] == [NOW, at(1), at(2)]


async def test_a_skipped_step_says_why(store: Store) -> None:
    first, second = await planned(store)
    await ended(store, first.id, BAD)
    await store.skip_steps([second.id], reason="search failed", now=at(2))
    data = {"step": 1, "agent": "write", "attempt": 0, "state": "cancelled", "error": "search failed"}
    assert await last(store) == [(EventKind.STEP_ENDED, data)]


async def test_a_released_step_says_nothing_until_it_starts_again(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    before = await store.events("d1")
    await store.release_step(first.id, token=step.token, now=at(1))
    await store.renew({first.id: step.token}, now=at(1), lease_until=at(31))
    await store.check_later("d1", at=at(1))
    assert await store.events("d1") == before


async def test_a_cancelled_delegation_says_who_did_it(store: Store) -> None:
    await planned(store)
    await store.cancel("d1", by="toy:W1:U2", now=at(1))
    assert await last(store) == [(EventKind.DELEGATION_CANCELLED, {"by": "toy:W1:U2"})]


async def test_an_answer_its_delivery_and_a_retry_are_events(store: Store) -> None:
    await failed(store)
    await store.retry("d1", by="toy:W1:U2", now=at(9))
    assert await last(store, 3) == [
        (EventKind.DELEGATION_ANSWERED, {"status": "partial"}),
        (EventKind.DELEGATION_DELIVERED, {}),
        (EventKind.DELEGATION_RETRIED, {"by": "toy:W1:U2"}),
    ]


async def test_a_delivery_that_failed_for_good_says_why(store: Store) -> None:
    await answered(store)
    await store.mark_delivered("d1", round=0, now=at(1), failure="No such channel.")
    assert await last(store, 2) == [
        (EventKind.DELIVERY_FAILED, {"reason": "No such channel."}),
        (EventKind.DELEGATION_DELIVERED, {}),
    ]


async def test_a_move_that_did_not_happen_leaves_no_event(store: Store) -> None:
    await failed(store)
    before = await store.events("d1")
    assert not await store.save_plan("d1", TWO_STEPS, now=at(5))
    assert not await store.save_answer("d1", round=0, status=Status.FAILED, reply=REPLY, now=at(5))
    assert not await store.mark_delivered("d1", round=0, now=at(5))
    assert not await store.cancel("d1", by="u", now=at(5))
    assert await store.events("d1") == before


async def test_events_are_numbered_without_gaps_under_many_writers(store: Store, other: Store) -> None:
    first, second = await planned(store)
    moves = [ended(store, first.id, GOOD), ended(other, second.id, GOOD)]
    facts = [(store, other)[n % 2].append(fact(n)) for n in range(20)]
    await asyncio.gather(*moves, *facts)
    events = await store.events("d1")
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert sorted(event.data["n"] for event in events if event.kind is EventKind.STEP_TOOL) == list(range(20))
    assert len(events) == 2 + 4 + 20


async def test_events_can_be_read_from_any_point_on(store: Store) -> None:
    await accepted(store)
    for n in range(5):
        await store.append(fact(n))
    events = await store.events("d1")
    assert await store.events("d1", after=3) == events[3:]
    assert await store.events("d1", after=6) == ()
    assert await store.events("nothing") == ()


async def test_repeating_an_append_appends_again(store: Store) -> None:
    await accepted(store)
    await store.append(fact(1))
    await store.append(fact(1))
    assert [event.data for event in await store.events("d1", after=1)] == [{"n": 1}, {"n": 1}]


async def test_an_event_may_belong_to_no_delegation(store: Store) -> None:
    await accepted(store)
    refused = Event(delegation_id=None, kind=EventKind.INSTRUCTION_REFUSED, at=NOW, data={"reason": "limit"})
    await store.append(refused)
    await store.append(refused)
    assert len(await store.events("d1")) == 1


async def test_an_event_of_a_delegation_that_does_not_exist_is_not_swallowed(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.append(fact(1, "nothing"))


async def test_an_appended_event_leaves_the_delegation_as_it_is(store: Store) -> None:
    await accepted(store)
    before = await store.load("d1")
    await store.append(fact(1))
    assert await store.load("d1") == before
