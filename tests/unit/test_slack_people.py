"""Who writes is looked up behind the acknowledgement, a few at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.chat.slack.background import Background
from adapters.chat.slack.people import AT_ONCE, People
from core.memory.clock import ManualClock


class Slack:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = self.under_way = self.most = 0

    async def call(self, _: object) -> dict[str, Any]:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.open.wait()
        self.under_way -= 1
        return {"user": {"name": "ada", "tz": "Europe/Berlin"}}


async def test_a_company_that_writes_for_the_first_time_is_looked_up_a_few_at_a_time() -> None:
    slack, background = Slack(), Background()
    people = People(slack, clock=ManualClock(), background=background)  # type: ignore[arg-type]
    for number in range(50):
        assert people.profile(f"U{number}").zone is None
    await asyncio.sleep(0)
    slack.open.set()
    await background.drain(seconds=10)
    assert (slack.asked, slack.most) == (50, AT_ONCE)
    assert {people.profile(f"U{number}").zone for number in range(50)} == {"Europe/Berlin"}
