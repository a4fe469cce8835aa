"""Rows 27 to 30 of the bad-input table, as people meet them in a conversation; nothing is kept of what can't be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.scenarios.world import World

MANY = "9" * 4400

WRONG: list[tuple[str, str]] = [
    ("0 9 * * * * @one look around", "exactly five fields"),
    ("R * * * * @one look around", "The minute (R)"),
    ("*/61 * * * * @one look around", "The minute (*/61)"),
    ("5-1 * * * * @one look around", "The minute (5-1)"),
    ("0 0 30 2 * @one look around", "The day of the month (30) never comes in the month (2)"),
    (f"*/{MANY} * * * * @one look around", "a step that is no number from 1 to 59"),
    (f"{MANY} * * * * @one look around", "numbers from 0 to 59"),
    ("every 30 seconds @one look around", "every minute is the shortest"),
    ("every day at 9 UTC+25 @one look around", "near to it are UTC"),
    ("every day at 9 Europe/Berln @one look around", "Europe/Berlin"),
    ("every weekday at 9 europe/berln: @one look around", "Europe/Berlin"),
    ("0 9 * * * (europe/berlin) @one look around", "Europe/Berlin"),
    ("0 9 * * * (localtime) @one look around", "no time zone"),
    ("0 9 * * * europe/berlin @one look around", "Europe/Berlin"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[text[:30] for text, _ in WRONG])
async def test_rows_27_to_29_what_can_not_be_is_said_and_why(text: str, said: str) -> None:
    world = World()
    asked = await world.ask(text)
    assert asked.reply is not None
    assert said in asked.reply.text
    assert len(asked.reply.text) < 400
    assert not asked.reply.buttons
    assert world.tools["one_tool"].runs == []
    assert asked.id[:12] not in world.schedules._schedules


@pytest.mark.parametrize("zone", ["Europe/Berlin", "(Europe/Berlin)", "in Europe/Berlin"])
async def test_a_zone_after_a_bare_hour_is_a_zone(zone: str) -> None:
    """The first letters of Europe are a currency's."""
    asked = await World().ask(f"every day at 9 {zone} @one look around")
    assert asked.reply is not None
    assert "every day at 09:00 (Europe/Berlin)" in asked.reply.text
    assert "> @one look around" in asked.reply.text


@pytest.mark.parametrize(
    ("begin", "runs"),
    [
        (datetime(2027, 3, 27, 12, tzinfo=UTC), ["2027-03-28T01:00", "2027-03-29T00:30"]),
        (datetime(2027, 10, 30, 12, tzinfo=UTC), ["2027-10-31T00:30", "2027-11-01T01:30"]),
    ],
    ids=["02:30 does not exist", "02:30 comes twice"],
)
async def test_row_30_it_runs_once_on_the_day_on_which_the_clock_changes(
    begin: datetime, runs: list[str]
) -> None:
    world = World()
    await world.pass_until(begin)
    await world.ask("every day at 2:30 Europe/Berlin @one look around")
    await world.ask("save schedule 1")
    (schedule,) = await world.schedules.listed("memory", "w")
    fired: list[str] = []
    for quarter in range(1, 4 * 38):
        await world.pass_until(begin + timedelta(minutes=15 * quarter))
        if await world.alarm.ring():
            fired.append(world.clock.now().strftime("%Y-%m-%dT%H:%M"))
        await world.settle()
    assert fired == runs
    assert len(world.tools["one_tool"].runs) == 2
    assert [slot.outcome.value for slot in await world.schedules.slots(schedule.id)] == ["fired"] * 2
