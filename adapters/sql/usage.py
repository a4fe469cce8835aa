"""`SqlUsageLog`: what a workspace used, counted from its delegations and steps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from adapters.sql import tables
from adapters.sql.database import Database
from core.models import Result, Status, Usage
from core.ports.usage import AgentUse, Day, Use

D = tables.delegations
S = tables.steps
COUNTED = {
    Status.SUCCESS.value: "succeeded",
    Status.PARTIAL.value: "partial",
    Status.FAILED.value: "failed",
    Status.CANCELLED.value: "cancelled",
}


class SqlUsageLog:
    """The UsageLog port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, workspace: str, *, since: datetime, until: datetime, zone: str) -> Use:
        return await self._database.read(lambda c: _use(c, workspace, (since, until), ZoneInfo(zone)))


def _use(c: Connection, workspace: str, period: tuple[datetime, datetime], zone: ZoneInfo) -> Use:
    platform, _, name = workspace.partition(":")
    since, until = period
    mine = (
        D.c.workspace == name,
        D.c.platform == platform,
        D.c.received_at >= since,
        D.c.received_at < until,
    )
    asked = select(D.c.id, D.c.status, D.c.received_at, D.c.answered_at, D.c.planning_usage).where(*mine)
    days = {day: dict.fromkeys(Day.model_fields.keys() - {"day"}, 0) for day in _days(since, until, zone)}
    usages: dict[str, tuple[date, Usage]] = {}
    for row in c.execute(asked):
        day = row.received_at.astimezone(zone).date()
        _count(days[day], row)
        usages[row.id] = (day, Usage.model_validate(row.planning_usage or {}, extra="ignore"))
    agents: dict[str, list[int]] = {}
    done = select(S).join(D, D.c.id == S.c.delegation_id).where(*mine)
    for row in c.execute(done.where(S.c.ended_at.is_not(None))):
        _add_step(agents, row)
        if row.result:
            day, so_far = usages[row.delegation_id]
            usages[row.delegation_id] = (
                day,
                so_far + Result.model_validate(row.result, extra="ignore").usage,
            )
    for day, usage in usages.values():
        _spend(days[day], usage)
    used = (AgentUse(agent=a, steps=n[0], succeeded=n[1], total_ms=n[2]) for a, n in agents.items())
    return Use(
        days=tuple(Day.model_validate({"day": day, **counts}) for day, counts in days.items()),
        agents=tuple(sorted(used, key=lambda one: (-one.steps, one.agent))),
    )


def _days(since: datetime, until: datetime, zone: ZoneInfo) -> Iterable[date]:
    day = since.astimezone(zone).date()
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _count(counts: dict[str, Any], row: Any) -> None:
    counts["delegations"] += 1
    if row.status in COUNTED:
        counts[COUNTED[row.status]] += 1
    if row.answered_at is not None:
        counts["total_ms"] += max(0, round((row.answered_at - row.received_at).total_seconds() * 1000))


def _add_step(agents: dict[str, list[int]], row: Any) -> None:
    counts = agents.setdefault(row.agent, [0, 0, 0])
    counts[0] += 1
    counts[1] += row.state == "succeeded"
    if row.started_at is not None and row.ended_at is not None:
        counts[2] += max(0, round((row.ended_at - row.started_at).total_seconds() * 1000))


def _spend(counts: dict[str, Any], usage: Usage) -> None:
    counts["input_tokens"] += usage.input_tokens
    counts["output_tokens"] += usage.output_tokens
    counts["cost_usd"] += usage.cost_usd or 0.0
    counts["unpriced"] += usage.cost_usd is None
