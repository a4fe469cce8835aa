"""The cheap look at where words about when may begin rules out no place where any would have been read."""

from __future__ import annotations

import json

import pytest

from benchmarks.schedule_phrases import FOLDER, SETS
from core.schedules.beginnings import may_begin
from core.schedules.clock_times import clock_time
from core.schedules.parts import RULES

EVERY = 2
RARE = (
    "every other week|first Monday of the month|last working day of the month|every weekday|the last day of each month"
    "|1st and 15th monthly|3 May 2027|in May 3|2026-12-03|every 4th of July|on the 5th|weekends|from Mon to Fri"
    "|on Monday and Friday|next Sunday evening|nightly|twice a week|three times a day|all days|quarterly"
    "|at the top of the hour|half-hourly|between 9 and 17|after two hours|day after tomorrow|this morning"
    "|@ 9 pm|noon|quarter to six|twelve o'clock|ſecond Tuesday of the month|\u0131n 20 minutes|  friday"
).split("|")


def phrases() -> list[str]:
    """Some of the phrases that schedules are measured with, and one for each rule that they don't need."""
    lines = [line for name in SETS for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]
    return [*RARE, *(json.loads(line)["text"] for line in lines[::EVERY])]


def test_nothing_that_is_ruled_out_would_have_been_read() -> None:
    for text in phrases():
        for at in (place for place in range(len(text)) if not may_begin(text, place)):
            assert not any(rule.match(text, at) for rule, _ in RULES), (text, at)
            assert clock_time(text, at) is None, (text, at)


def test_each_rule_is_reached_by_one_of_these_phrases() -> None:
    reached = {rule for text in RARE for rule, _ in RULES if rule.match(text, len(text) - len(text.lstrip()))}
    assert len(reached) == len(RULES)


@pytest.mark.parametrize(
    "text", ["@alpha say so", "summarise", "headlines", "then mail ann@example.org", "(see)"]
)
def test_plain_words_are_ruled_out_at_once(text: str) -> None:
    assert not may_begin(text, 0)
