"""The Schedules port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from adapters.sql.database import Database
from adapters.sql.schedules import SqlSchedules
from adapters.sql.store import SqlStore
from core.errors import NotFound
from core.memory.clock import START
from core.memory.schedules import InMemorySchedules
from core.memory.store import InMemoryStore
from core.models import Address, Person, Schedule, ScheduleState, SlotOutcome
from core.models.schedule import Cron, Interval, MissedPolicy, Once
from core.ports.schedules import Schedules, Seen
from core.ports.store import Store
from core.schedules.firing import by_hand, to_firing
from tests.contracts.conftest import ALL

ADA = Person(id="toy:W1:ada", name="ada", zone="Europe/Berlin")
PLACE = Address(platform="toy", workspace="W1", place="general")
DAILY = Cron(expression="0 9 * * *")
Parts = tuple[Schedules, Store]


@pytest.fixture(params=ALL)
async def parts(request: pytest.FixtureRequest) -> AsyncIterator[Parts]:
    if request.param == "memory":
        store = InMemoryStore()
        yield InMemorySchedules(store=store), store
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield SqlSchedules(database), SqlStore(database)
    database.close()


def schedule(number: int = 1, **values: object) -> Schedule:
    given: dict[str, object] = {
        "id": f"s{number}",
        "text": f"do {number}",
        "person": ADA,
        "address": PLACE,
        "timing": DAILY,
        "zone": "Europe/Berlin",
        "created_at": START,
        "state": ScheduleState.ACTIVE,
        "next_slot": START,
    }
    return Schedule.model_validate({**given, **values})


async def test_schedules_are_numbered_within_their_workspace_and_saved_once(parts: Parts) -> None:
    schedules, _ = parts
    elsewhere = PLACE.model_copy(update={"workspace": "W2"})
    first = await schedules.save(schedule(1))
    again = await schedules.save(schedule(1, text="other words"))
    second = await schedules.save(schedule(2, timing=Interval(seconds=60, since=START)))
    other = await schedules.save(schedule(3, address=elsewhere))
    assert again == first
    assert [first.number, second.number, other.number] == [1, 2, 1]
    assert await schedules.load("s2") == second
    assert await schedules.numbered("toy", "W2", 1) == other
    with pytest.raises(NotFound):
        await schedules.load("s9")
    with pytest.raises(NotFound):
        await schedules.numbered("toy", "W1", 9)


async def test_many_saved_at_once_get_different_numbers(parts: Parts) -> None:
    schedules, _ = parts
    saved = await asyncio.gather(*(schedules.save(schedule(n)) for n in range(12)))
    assert sorted(s.number for s in saved) == list(range(1, 13))


async def test_only_active_and_paused_ones_are_listed(parts: Parts) -> None:
    schedules, _ = parts
    states = list(ScheduleState)
    for n, state in enumerate(states):
        await schedules.save(schedule(n, state=state))
    await schedules.save(schedule(20, person=Person(id="toy:W1:bob")))
    listed = await schedules.listed("toy", "W1")
    assert [s.state for s in listed] == [ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.ACTIVE]
    mine = await schedules.listed("toy", "W1", person_id=ADA.id)
    assert [s.person.id for s in mine] == [ADA.id, ADA.id]
    assert await schedules.listed("other", "W1") == ()


async def test_those_of_agents_are_found_in_every_state(parts: Parts) -> None:
    schedules, _ = parts
    for n, state in enumerate(ScheduleState):
        await schedules.save(schedule(n, state=state, agent=f"agent{n}"))
    await schedules.save(schedule(20))
    found = await schedules.of_agents()
    assert [(s.agent, s.state) for s in found] == [(f"agent{n}", s) for n, s in enumerate(ScheduleState)]


async def test_a_change_counts_only_in_the_expected_state(parts: Parts) -> None:
    schedules, _ = parts
    saved = await schedules.save(schedule())
    paused = saved.model_copy(
        update={"state": ScheduleState.PAUSED, "next_slot": None, "reason": "because", "number": 99}
    )
    assert await schedules.change(paused, expected=(ScheduleState.ACTIVE,), now=START)
    assert not await schedules.change(paused, expected=(ScheduleState.ACTIVE,), now=START)
    now = await schedules.load("s1")
    assert (now.state, now.next_slot, now.reason, now.number) == (ScheduleState.PAUSED, None, "because", 1)


async def test_what_is_due_comes_in_order_and_alarms_are_distinct_instants(parts: Parts) -> None:
    schedules, _ = parts
    later = START + timedelta(minutes=5)
    await schedules.save(schedule(1, next_slot=later))
    await schedules.save(schedule(2, next_slot=START))
    await schedules.save(schedule(3, next_slot=later))
    await schedules.save(schedule(4, next_slot=None, state=ScheduleState.PAUSED))
    assert [s.id for s in await schedules.due(now=START, limit=9)] == ["s2"]
    assert [s.id for s in await schedules.due(now=later, limit=9)] == ["s2", "s1", "s3"]
    assert await schedules.upcoming(until=later, limit=9) == (START, later)


async def test_a_slot_fires_once_whoever_wakes_it_and_however_often(parts: Parts) -> None:
    schedules, store = parts
    await schedules.save(schedule(1))
    (due,) = await schedules.due(now=START, limit=9)
    firings = [to_firing(due, now=START)]
    begun = await asyncio.gather(*(schedules.fire(firings, now=START) for _ in range(4)))
    (delegation,) = [d for found in begun for d in found]
    assert delegation.instruction.origin == "schedule"
    assert (await store.load(delegation.id)).instruction.text == "do 1"
    moved = await schedules.load("s1")
    assert moved.next_slot is not None
    assert moved.next_slot > START
    (slot,) = await schedules.slots("s1")
    assert (slot.outcome, slot.delegation_id) == (SlotOutcome.FIRED, delegation.id)


async def test_what_is_seen_of_a_schedule_is_of_one_instant(parts: Parts) -> None:
    schedules, _ = parts
    for n in range(30):
        await schedules.save(schedule(n, timing=Once(at=START)))
    ids = [f"s{n}" for n in range(30)]

    async def fire() -> None:
        for one in await schedules.due(now=START, limit=30):
            await schedules.fire([to_firing(one, now=START)], now=START)

    firing = asyncio.create_task(fire())
    looks = 0
    while not firing.done():
        for one in await schedules.seen(ids):
            assert (one.schedule.state is ScheduleState.ENDED) == bool(one.slots)
        looks += 1
        await asyncio.sleep(0)
    await firing
    assert looks
    seen = await schedules.seen(["s3", "unknown", "s1"], slots=1)
    assert [(one.schedule, one.slots) for one in seen] == [
        (await schedules.load(one), await schedules.slots(one)) for one in ("s3", "s1")
    ]
    assert await schedules.seen(ids, slots=0) == tuple(
        [Seen(schedule=await schedules.load(one), slots=()) for one in ids]
    )


async def test_a_schedule_that_was_paused_meanwhile_does_not_fire(parts: Parts) -> None:
    schedules, _ = parts
    saved = await schedules.save(schedule(1))
    firings = [to_firing(saved, now=START)]
    assert await schedules.pause_where(
        platform="toy", workspace="W1", place="general", reason="blocked", now=START
    )
    assert await schedules.fire(firings, now=START) == ()
    paused = await schedules.load("s1")
    assert (paused.state, paused.next_slot, paused.reason) == (ScheduleState.PAUSED, None, "blocked")


async def test_a_run_by_hand_leaves_the_timing_alone_and_happens_once_a_key(parts: Parts) -> None:
    schedules, _ = parts
    saved = await schedules.save(schedule(1, next_slot=START + timedelta(days=1)))
    for key in ("press-1", "press-1", "press-2"):
        moment = START + timedelta(seconds=1 if key == "press-1" else 2)
        await schedules.fire([by_hand(saved, key=key, now=moment)], now=moment)
    assert (await schedules.load("s1")).next_slot == START + timedelta(days=1)
    slots = await schedules.slots("s1")
    assert [slot.outcome for slot in slots] == [SlotOutcome.MANUAL, SlotOutcome.MANUAL]
    assert len({slot.delegation_id for slot in slots}) == 2


LATE: list[tuple[MissedPolicy, timedelta, int, int]] = [
    (MissedPolicy.SKIP, timedelta(seconds=30), 1, 0),
    (MissedPolicy.SKIP, timedelta(minutes=10), 0, 1),
    (MissedPolicy.SKIP, timedelta(days=3, minutes=10), 0, 4),
    (MissedPolicy.SKIP, timedelta(days=3, seconds=10), 1, 3),
    (MissedPolicy.RUN_ONCE, timedelta(days=3, minutes=10), 1, 3),
    (MissedPolicy.RUN_IF_WITHIN, timedelta(minutes=59), 1, 0),
    (MissedPolicy.RUN_IF_WITHIN, timedelta(minutes=61), 0, 1),
    (MissedPolicy.RUN_IF_WITHIN, timedelta(days=2, minutes=59), 1, 2),
]


@pytest.mark.parametrize(("policy", "late", "runs", "missed"), LATE)
async def test_missed_slots_follow_the_policy(
    parts: Parts, policy: MissedPolicy, late: timedelta, runs: int, missed: int
) -> None:
    schedules, _ = parts
    first = datetime.fromisoformat("2026-01-05T08:00:00+00:00")
    await schedules.save(schedule(1, next_slot=first, missed=policy))
    now = first + late
    (due,) = await schedules.due(now=now, limit=9)
    begun = await schedules.fire([to_firing(due, now=now)], now=now)
    outcomes = [slot.outcome for slot in await schedules.slots("s1")]
    assert (len(begun), outcomes.count(SlotOutcome.FIRED), outcomes.count(SlotOutcome.MISSED)) == (
        runs,
        runs,
        missed,
    )
    following = (await schedules.load("s1")).next_slot
    assert following is not None
    assert now < following <= now + timedelta(days=1)


async def test_schedules_go_along_with_a_place_that_moves(parts: Parts) -> None:
    schedules, _ = parts
    new = Address(platform="toy", workspace="W2", place="W2")
    elsewhere = PLACE.model_copy(update={"place": "random"})
    await schedules.save(schedule(9, address=new))
    for number, address in ((1, PLACE), (2, elsewhere), (3, PLACE)):
        await schedules.save(schedule(number, address=address))
    assert await schedules.move(PLACE, to=new) == 2
    assert await schedules.move(PLACE, to=new) == 0
    moved = await schedules.listed("toy", "W2")
    assert [(one.id, one.number, one.address.place) for one in moved] == [
        ("s9", 1, "W2"),
        ("s1", 2, "W2"),
        ("s3", 4, "W2"),
    ]
    assert [one.id for one in await schedules.listed("toy", "W1")] == ["s2"]
    assert moved[1].next_slot == START
    assert (await schedules.save(schedule(5, address=new))).number == 5


async def test_a_schedule_that_posts_elsewhere_is_paused_and_moves_with_where_it_posts(parts: Parts) -> None:
    """And not with where it is listed: nothing of it goes there."""
    schedules, _ = parts
    there = Address(platform="toy", workspace="W2", place="news")
    await schedules.save(schedule(1, post_to=there.spelled))
    await schedules.save(schedule(2))
    assert (await schedules.load("s1")).post_to == "toy:W2:news"

    new = Address(platform="toy", workspace="W3", place="news")
    await schedules.move(there, to=new)
    found = await schedules.load("s1")
    assert (found.post_to, found.address, found.number) == ("toy:W3:news", PLACE, 1)

    async def paused(address: Address) -> int:
        return await schedules.pause_where(
            platform=address.platform,
            workspace=address.workspace,
            place=address.place,
            reason="blocked",
            now=START,
        )

    assert await paused(PLACE) == 1, "the other one, which posts where it is listed"
    assert (await schedules.load("s1")).state is ScheduleState.ACTIVE
    assert await paused(new) == 1
    assert (await schedules.load("s1")).reason == "blocked"
