"""A campaign of the clock: many slots, several schedulers, kills; every slot once, by its policy."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from adapters.operator import OPERATOR, to_own_place
from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.schedules import SqlSchedules
from core.models import Schedule, ScheduleState, SlotOutcome
from core.models.schedule import Interval, MissedPolicy
from tests.chaos.campaign import Campaign, Outcome, World, make_trouble, quiet, world
from tests.chaos.checks import Verdict, check_rows


async def run_slots(campaign: Campaign, *, slots: int) -> Outcome:
    """`slots` instants at which something is due, spread over the run, under three schedulers that are killed."""
    began = time.monotonic()
    campaign = replace(campaign, roles=("web", "worker", "worker", "scheduler", "scheduler", "scheduler"))
    dice = random.Random(campaign.seed)
    async with world(campaign, dice) as here:
        length = slots / campaign.per_second
        schedules = await _save(here, dice, count=slots, length=length)
        trouble = make_trouble(campaign, here, dice)
        for at, kind in _plan(campaign, dice, length):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await trouble.cause(kind)
        await trouble.settle()
        last = max(schedule.next_slot for schedule in schedules if schedule.next_slot is not None)
        await asyncio.sleep(max(0.0, (last - datetime.now(UTC)).total_seconds() + 1))
        verdict = Verdict()
        verdict.expect(await _all_fired(here, schedules, campaign.quiet_seconds), "some slots never fired")
        verdict.expect(await quiet(here, seconds=campaign.quiet_seconds), "not quiet")
        check_rows(verdict, here.engine, ())
        _check_slots(verdict, here, schedules)
        verdict.broken += await here.fleet.stop()
    return Outcome(campaign, verdict, trouble.done, time.monotonic() - began)


async def _save(here: World, dice: random.Random, *, count: int, length: float) -> list[Schedule]:
    """As many schedules, each due once in this run: an hour's interval whose next slot is somewhere in it."""
    database = Database(here.engine.url.render_as_string(hide_password=False))
    port = SqlSchedules(database)
    now = datetime.now(UTC)
    made = []
    for number in range(count):
        due = (now + timedelta(seconds=5 + dice.uniform(0, length))).replace(microsecond=0)
        schedule = Schedule(
            id=f"slot{number:08}",
            text=f"@calculator {number} * 7",
            person=OPERATOR,
            address=to_own_place(f"slots-{number % 50}"),
            timing=Interval(seconds=3600, since=due),
            zone="UTC",
            missed=MissedPolicy.RUN_ONCE,
            state=ScheduleState.ACTIVE,
            created_at=now,
            next_slot=due,
        )
        made.append(await port.save(schedule))
    database.close()
    return made


def _plan(campaign: Campaign, dice: random.Random, length: float) -> list[tuple[float, str]]:
    kinds = [kind for kind, times in campaign.faults for _ in range(times)]
    return sorted((dice.uniform(0, length), kind) for kind in kinds)


async def _all_fired(here: World, schedules: list[Schedule], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if await asyncio.to_thread(_count, here) >= len(schedules):
            return True
        await asyncio.sleep(0.5)
    return False


def _count(here: World) -> int:
    with here.engine.connect() as connection:
        return len(connection.execute(select(tables.slots.c.schedule_id)).all())


def _check_slots(verdict: Verdict, here: World, schedules: list[Schedule]) -> None:
    """Each slot fired once, with one delegation; the next one is an hour later."""
    with here.engine.connect() as connection:
        slots = connection.execute(select(tables.slots)).all()
        rows = {row.id: row for row in connection.execute(select(tables.schedules)).all()}
        texts = Counter(connection.execute(select(tables.delegations.c.text)).scalars())
    verdict.counts["asked"] = verdict.counts["accepted"] = len(schedules)
    of: dict[str, list[str]] = {schedule.id: [] for schedule in schedules}
    for slot in slots:
        of[slot.schedule_id].append(slot.outcome)
    for schedule in schedules:
        fired = of[schedule.id]
        verdict.expect(fired == [SlotOutcome.FIRED.value], f"{schedule.id}: {fired}")
        verdict.expect(texts[schedule.text] == 1, f"{schedule.id}: {texts[schedule.text]} delegations")
        verdict.expect(rows[schedule.id].next_slot != schedule.next_slot, f"{schedule.id} did not move on")
        verdict.counts["answered as asked"] += fired == [SlotOutcome.FIRED.value]
