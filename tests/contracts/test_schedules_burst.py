"""A thousand schedules that are due in the same second: each runs once, in a handful of transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import pytest

from adapters.sql.database import Database
from adapters.sql.schedules import SqlSchedules
from core.memory.clock import START, ManualClock
from core.memory.job_queue import InMemoryJobQueue
from core.memory.schedules import InMemorySchedules
from core.memory.store import InMemoryStore
from core.models import Delegation, ScheduleState, SlotOutcome
from core.ports.job_queue import Job
from core.ports.schedules import Firing, Schedules
from core.schedules.firing import BATCH, Alarm
from tests.contracts.conftest import SQL
from tests.contracts.test_schedules import schedule

pytestmark = pytest.mark.slow

MANY = 1000


class Counting:
    """Passes on what an alarm asks for, and counts the transactions that fire."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules
        self.transactions = 0
        self.begun: list[Delegation] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._schedules, name)

    async def fire(self, firings: Sequence[Firing], *, now: datetime) -> tuple[Delegation, ...]:
        self.transactions += 1
        begun = await self._schedules.fire(firings, now=now)
        self.begun += begun
        return begun


class Jobs(InMemoryJobQueue):
    """Counts how often something is put into the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        self.calls += 1
        await super().enqueue(jobs)


@pytest.fixture(params=["memory", *SQL])
async def schedules(request: pytest.FixtureRequest) -> AsyncIterator[Schedules]:
    if request.param == "memory":
        yield InMemorySchedules(store=InMemoryStore())
        return
    database = Database(request.getfixturevalue(f"{request.param}_url"))
    yield SqlSchedules(database)
    database.close()


async def test_all_of_one_second_run_once_however_many_are_woken(schedules: Schedules) -> None:
    await asyncio.gather(*(schedules.save(schedule(n)) for n in range(MANY)))
    assert await schedules.upcoming(until=START, limit=MANY) == (START,), "one alarm for all"
    counting, jobs = Counting(schedules), Jobs()
    alarms = [Alarm(schedules=counting, queue=jobs, clock=ManualClock()) for _ in range(3)]  # type: ignore[arg-type]
    rung = await asyncio.gather(*(alarm.ring() for alarm in alarms))
    assert sum(rung) == MANY
    assert len({delegation.id for delegation in counting.begun}) == MANY
    # Each alarm looks until nothing is left: at most its own share of all batches, and those that it came too late for.
    assert counting.transactions <= len(alarms) * (MANY // BATCH + 1)
    assert jobs.calls <= counting.transactions
    assert await schedules.due(now=START, limit=1) == ()
    for n in range(0, MANY, 97):
        (slot,) = await schedules.slots(f"s{n}")
        assert slot.outcome is SlotOutcome.FIRED
        row = await schedules.load(f"s{n}")
        assert row.state is ScheduleState.ACTIVE
        assert row.next_slot is not None
        assert row.next_slot > START
