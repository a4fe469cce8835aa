"""What this workspace did with FlowMate: in words, and as a chart."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from adapters.charts import draw
from adapters.text.usage import SPAN, asked_span
from adapters.text.words import chosen_by_hand, own_words
from adapters.tools import ToolParts
from core.models import Artifact, Task
from core.ports.tool import Effect, ToolOutput
from core.ports.usage import Day, Use

MOST_DAYS = 90
_COURTESY = (
    r"^(?:(?:please|can you|could you|show|give|send|get|make|create|post|me|us|an?|the|our|my|your)\s+)*"
)
_SUBJECT = r"(?:flowmate(?:'s)?\s+)?(?:(?:usage|use|activity|workspace|costs?|token)\s+)?"
_REPORT = r"(?:report|usage|statistics|stats|chart|costs?|token use)"
_ABOUT = (
    r"(?:\s+(?:on|about|of|for)\s+(?:our\s+|the\s+|this\s+)?"
    r"(?:usage|use|activity|workspace|flowmate|bot|agents|costs?|tokens?))?"
)
_NAMED = re.compile(
    rf"{_COURTESY}{_SUBJECT}{_REPORT}{_ABOUT}(?:\s+(?:(?:over|for|of|in|from|during)\s+)?(?:the\s+)?{SPAN})?[\s.?!]*$",
    re.IGNORECASE,
)


class Period(BaseModel):
    """Which days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(7, ge=1, le=MOST_DAYS, description="how many days back, today among them")


class ReportUsage:
    """Counts delegations, successes, time, agents, tokens and cost by day."""

    name: str = "report_usage"
    description: str = "Reports what this workspace did with FlowMate over the last days, with a chart."
    arguments: type[Period] = Period
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = None

    def __init__(self, parts: ToolParts) -> None:
        self._parts = parts

    def parse(self, task: Task) -> Period | None:
        text = " ".join(own_words(task).split())
        if chosen_by_hand(task, "report") and len(text.split()) < 3:
            return Period()
        found = _NAMED.match(text) or asked_span(text)
        if found is None:
            return None
        return Period(days=7 if isinstance(found, str) else _to_days(found))

    def named_by(self, arguments: Period) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Period, *, task: Task, idempotency_key: str) -> ToolOutput:
        zone = ZoneInfo(task.zone)
        midnight = datetime.combine(task.now.astimezone(zone).date(), datetime.min.time(), zone)
        since = midnight - timedelta(days=arguments.days - 1)
        use = await self._parts.usage.use(task.workspace, since=since, until=task.now, zone=task.zone)
        if not any(day.delegations for day in use.days):
            return ToolOutput(text=f"Nothing was asked in {_span(arguments.days)}.")
        mark = hashlib.blake2b(idempotency_key.encode(), digest_size=6).hexdigest()
        name = f"flowmate-report-{task.now:%Y%m%d}-{mark}.png"
        path = self._parts.settings.data_dir / "files" / name
        size = await draw(_chart(use), path)
        picture = Artifact(name=name, path=str(path), media_type="image/png", size_bytes=size)
        return ToolOutput(text=_in_words(use, arguments.days), artifacts=(picture,))


def build(parts: ToolParts) -> ReportUsage:
    return ReportUsage(parts)


def _to_days(found: re.Match[str]) -> int:
    span, unit, count = (found["span"] or "").lower(), found["unit"] or "", found["count"] or "1"
    if not span:
        return 7
    if span == "today":
        return 1
    if span == "yesterday":
        return 2
    size = {"d": 1, "w": 7, "m": 30}[unit[0].lower()]
    return min(MOST_DAYS, max(1, int(count) * size))


def _span(days: int) -> str:
    return "today" if days == 1 else f"the last {days} days"


def _in_words(use: Use, days: int) -> str:
    total = _sum(use.days)
    answered = total.succeeded + total.partial + total.failed
    rate = f"{100 * total.succeeded / answered:.0f}%" if answered else "none"
    seconds = total.total_ms / max(1, answered + total.cancelled) / 1000
    lines = [
        f"**{total.delegations:,} instructions in {_span(days)}**",
        "",
        f"- Fully answered: {rate} ({total.succeeded:,}), in part {total.partial:,}, failed {total.failed:,}, "
        f"cancelled {total.cancelled:,}",
        f"- Time to the answer: {seconds:.1f} s on average",
    ]
    tokens = total.input_tokens + total.output_tokens
    if tokens:
        cost = (
            f"${total.cost_usd:.2f}"
            if not total.unpriced
            else f"${total.cost_usd:.2f} and what has no known price"
        )
        lines.append(f"- Tokens: {total.input_tokens:,} in, {total.output_tokens:,} out; cost {cost}")
    else:
        lines.append("- Tokens: none, no model was used")
    lines += ["", "| agent | steps | succeeded | average |", "| --- | ---: | ---: | ---: |"]
    for one in use.agents[:10]:
        average = one.total_ms / max(1, one.steps) / 1000
        lines.append(
            f"| {one.agent} | {one.steps:,} | {100 * one.succeeded / one.steps:.0f}% | {average:.1f} s |"
        )
    return "\n".join(lines)


def _sum(days: tuple[Day, ...]) -> Day:
    names = Day.model_fields.keys() - {"day"}
    return Day.model_validate({"day": days[0].day, **{n: sum(getattr(d, n) for d in days) for n in names}})


def _chart(use: Use) -> dict[str, Any]:
    days = use.days

    def seconds(day: Day) -> float | None:
        """None where nothing was answered: a gap in the line, not a time of zero."""
        answered = day.succeeded + day.partial + day.failed + day.cancelled
        return round(day.total_ms / answered / 1000, 2) if answered else None

    panels: list[dict[str, object]] = [
        {
            "title": "Instructions by day",
            "unit": "instructions",
            "series": _series(days, "succeeded", "partial", "failed", "cancelled"),
            "line": {"name": "seconds to the answer", "values": [seconds(day) for day in days]},
        }
    ]
    if any(day.input_tokens + day.output_tokens for day in days):
        panels.append(
            {
                "title": "Tokens and cost by day",
                "unit": "tokens",
                "series": _series(days, "input_tokens", "output_tokens"),
                "line": {"name": "US dollars", "values": [round(day.cost_usd, 4) for day in days]},
            }
        )
    agents = use.agents[:10]
    return {
        "days": [f"{day.day.day} {day.day:%b}" for day in days],
        "panels": panels,
        "ranking": {
            "title": "Steps by agent",
            "names": [one.agent for one in agents],
            "values": [one.steps for one in agents],
        },
    }


def _series(days: tuple[Day, ...], *names: str) -> list[dict[str, object]]:
    return [
        {"name": name.replace("_", " "), "values": [getattr(day, name) for day in days]} for name in names
    ]
