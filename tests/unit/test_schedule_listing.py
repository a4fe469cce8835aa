"""The list of schedules says the numbers that are to be written, wherever it is read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from adapters.chat.telegram.formatting import to_text
from bot.cli.markdown import Answer
from bot.page.markup import to_html
from core.memory.clock import START
from core.models import Address, Person
from core.models.schedule import Interval, Schedule, ScheduleState
from core.rendering.schedules import listing


def in_terminal(text: str) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(Answer(text))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def in_telegram(text: str) -> str:
    return to_text(text)[0]


def schedule(number: int) -> Schedule:
    return Schedule(
        id=f"s{number}",
        number=number,
        text=f"do {number * 11}",
        person=Person(id="toy:W:ada"),
        address=Address(platform="toy", workspace="W", place="C"),
        timing=Interval(seconds=3600, since=START),
        zone="UTC",
        created_at=START,
        state=ScheduleState.ACTIVE,
        next_slot=START,
    )


@pytest.mark.parametrize("shown", [in_terminal, in_telegram, to_html, str])
def test_each_schedule_stands_beside_its_own_number(shown: object) -> None:
    assert callable(shown)
    text = shown(listing([(schedule(number), ()) for number in (1, 3, 4)], shown_in="anywhere").text)
    parts = text.replace("<strong>", "").replace("</strong>", "").replace("**", "").split("Schedule ")[1:]
    assert [(part[0], f"do {int(part[0]) * 11}" in part) for part in parts] == [
        ("1", True),
        ("3", True),
        ("4", True),
    ]
    assert "<ol" not in text
