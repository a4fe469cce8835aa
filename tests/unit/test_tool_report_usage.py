"""The report: what it is asked by, what it says, and the picture it draws."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

import pytest

from adapters.charts import draw
from adapters.tools.report_usage import Period, ReportUsage, _chart, _in_words
from core.ports.usage import AgentUse, Day, Use
from tests.unit.tool_bench import task

ASKED: list[tuple[str, int | None]] = [
    ("report", 7),
    ("usage report", 7),
    ("please give me our usage statistics", 7),
    ("usage report for the last 30 days", 30),
    ("show our FlowMate usage this month", 30),
    ("activity report for the last 2 weeks", 14),
    ("how much did we use FlowMate this week?", 7),
    ("usage report for today", 1),
    ("how expensive was FlowMate in the last 2 months", 60),
    ("did anything fail in FlowMate yesterday?", 2),
    ("how much have we been using you?", 7),
    ("how do I use FlowMate", None),
    ("what does an agent cost in London", None),
    ("how many tokens are in the jar", None),
    ("how much water do we use a day", None),
    ("read the report at https://example.org/report", None),
    ("email the report to ops@example.org", None),
    ("write a report about rain", None),
    ("report a bug", None),
]


@pytest.mark.parametrize(("text", "days"), ASKED)
def test_it_is_asked_in_plain_words(text: str, days: int | None) -> None:
    parsed = ReportUsage.parse(ReportUsage.__new__(ReportUsage), task(text))
    assert parsed == (None if days is None else Period(days=days))


USE = Use(
    days=(
        Day(day=date(2026, 11, 22), delegations=3, succeeded=2, failed=1, total_ms=4500),
        Day(
            day=date(2026, 11, 23),
            delegations=2,
            succeeded=1,
            partial=1,
            total_ms=3000,
            input_tokens=1200,
            output_tokens=300,
            cost_usd=0.0123,
        ),
    ),
    agents=(
        AgentUse(agent="feeds", steps=4, succeeded=3, total_ms=4000),
        AgentUse(agent="clock", steps=2, succeeded=2),
    ),
)


def test_it_says_in_words_what_the_numbers_are() -> None:
    text = _in_words(USE, 2)
    assert "**5 instructions in the last 2 days**" in text
    assert "Fully answered: 60% (3), in part 1, failed 1, cancelled 0" in text
    assert "1.5 s on average" in text
    assert "1,200 in, 300 out; cost $0.01" in text
    assert "| feeds | 4 | 75% | 1.0 s |" in text


async def test_the_chart_is_a_picture_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "files" / "chart.png"
    size = await draw(_chart(USE), path)
    content = path.read_bytes()
    assert len(content) == size
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert width == 1200
    assert 600 < height < 1500


def test_the_chart_shows_days_agents_and_where_a_model_was_used_tokens_and_cost() -> None:
    chart = _chart(USE)
    titles = [panel["title"] for panel in chart["panels"]]
    assert titles == ["Instructions by day", "Tokens and cost by day"]
    assert chart["ranking"]["names"] == [one.agent for one in USE.agents]
    without = USE.model_copy(
        update={
            "days": tuple(day.model_copy(update={"input_tokens": 0, "output_tokens": 0}) for day in USE.days)
        }
    )
    assert [panel["title"] for panel in _chart(without)["panels"]] == titles[:1]


async def test_a_chart_without_any_step_is_drawn_too(tmp_path: Path) -> None:
    assert await draw(_chart(USE.model_copy(update={"agents": ()})), tmp_path / "chart.png") > 0
