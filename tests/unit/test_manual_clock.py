"""The clock that tests move."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.memory.clock import START, ManualClock


async def test_sleepers_wake_in_their_order_and_at_their_time() -> None:
    clock = ManualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("slow", 5)), asyncio.create_task(sleeper("quick", 1, 2))]
    await asyncio.sleep(0)
    assert clock.sleeping == 2
    await clock.advance(4)
    assert woken == [("quick", 1), ("quick", 3)]
    await clock.advance(1)
    await asyncio.gather(*tasks)
    assert woken[-1] == ("slow", 5)
    assert clock.now() == START + timedelta(seconds=5)
    assert clock.sleeping == 0


async def test_a_cancelled_sleeper_disturbs_nobody() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await clock.advance(2)
    assert task.cancelled()


async def test_in_auto_advance_mode_sleep_takes_no_time_but_the_clocks() -> None:
    clock = ManualClock(auto_advance=True)
    await clock.sleep(3600)
    assert clock.monotonic() == 3600
    assert clock.slept == [3600]
