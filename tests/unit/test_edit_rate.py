"""Progress gives way under load: so many edits a second, the newest change first, and none that comes too late."""

from __future__ import annotations

import asyncio

from core.edit_rate import EditRate
from core.memory.clock import ManualClock


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def asked(rate: EditRate, names: str, passed: list[str]) -> dict[str, asyncio.Task[None]]:
    async def ask(name: str) -> None:
        passed.append(name if await rate.turn() else f"-{name}")

    return {name: asyncio.create_task(ask(name)) for name in names}


async def test_a_few_begin_at_once_and_others_one_by_one_the_newest_first() -> None:
    clock, passed = ManualClock(), list[str]()
    asked(EditRate(clock=clock, per_second=2), "abcdef", passed)
    await settle()
    assert passed == ["a", "b"]
    for expected in ("f", "e", "d", "c"):
        await clock.advance(0.5)
        await settle()
        assert passed[-1] == expected
    assert len(passed) == 6
    assert clock.sleeping == 0


async def test_after_a_quiet_second_as_many_begin_at_once_again_and_no_more() -> None:
    clock, passed = ManualClock(), list[str]()
    rate = EditRate(clock=clock, per_second=3)
    for round_ in ("abcde", "fghij"):
        tasks = asked(rate, round_, passed)
        await settle()
        assert sum(task.done() for task in tasks.values()) == 3
        await clock.advance(60)
        await settle()
    assert sorted(name.removeprefix("-") for name in passed) == sorted("abcdefghij")


async def test_who_waited_too_long_gives_up_in_time_for_the_next_change() -> None:
    clock, passed = ManualClock(), list[str]()
    asked(EditRate(clock=clock, per_second=1, patience_seconds=2.5), "abcdefg", passed)
    await settle()
    for _ in range(8):
        await clock.advance(0.5)
        await settle()
    assert passed == ["a", "g", "f", "-b", "-c", "-d", "-e"]
    assert clock.sleeping == 0


async def test_who_is_cancelled_takes_no_turn_from_anybody() -> None:
    clock, passed = ManualClock(), list[str]()
    tasks = asked(EditRate(clock=clock, per_second=1), "abcd", passed)
    await settle()
    tasks["d"].cancel()
    tasks["b"].cancel()
    await clock.advance(1.0)
    await settle()
    assert passed == ["a", "c"]
    await clock.advance(1.0)
    await settle()
    assert clock.sleeping == 0
