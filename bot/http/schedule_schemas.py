"""Schedules as the API takes and gives them: camelCase JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bot.http.schemas import Schema
from core.models import MAX_INSTRUCTION_CHARACTERS, ScheduleState, SlotOutcome
from core.models.schedule import MissedPolicy


class ScheduleIn(Schema):
    """Exactly one of `when`, `cron` and `everySeconds`."""

    instruction: str = Field(max_length=MAX_INSTRUCTION_CHARACTERS, description="what is asked each time")
    when: str | None = Field(None, max_length=200, description='in words: "every weekday at 9"')
    cron: str | None = Field(None, max_length=100, description="five cron fields")
    every_seconds: int | None = Field(None, ge=1, le=366 * 86400, description="an interval")
    zone: str | None = Field(None, max_length=64, description="IANA zone; default: FLOWMATE_ZONE")
    post_to: str | None = Field(
        None,
        max_length=250,
        description="where the answers go, as platform:workspace:place (`slack:T0123:C0456`); default: they are kept",
    )
    missed: Literal["skip", "run_once", "run_if_within"] = Field(
        "run_if_within", description="what becomes of missed runs"
    )
    missed_within_seconds: int = Field(
        3600, ge=1, le=30 * 86400, description="how old a missed run may be, for run_if_within"
    )


class RunOut(Schema):
    slot: datetime
    outcome: SlotOutcome
    delegation_id: str | None


class ScheduleOut(Schema):
    id: str
    number: int
    instruction: str
    agent: str | None = Field(description="the agent whose file it comes from, if any")
    when: str
    cron: str | None
    every_seconds: int | None
    at: datetime | None
    zone: str
    post_to: str | None = Field(description="where its answers go, if not into a conversation of its own")
    state: ScheduleState
    reason: str
    missed: MissedPolicy
    missed_within_seconds: int
    next_runs: list[datetime]
    last_runs: list[RunOut]


REQUEST = {
    "instruction": "headlines from https://example.org/feed.xml",
    "when": "every weekday at 9",
    "zone": "Europe/Berlin",
}
MADE: dict[str, Any] = {
    "id": "1f2e3d4c5b6a",
    "number": 1,
    "instruction": "headlines from https://example.org/feed.xml",
    "agent": None,
    "when": "every weekday at 09:00 (Europe/Berlin)",
    "cron": "0 9 * * 1-5",
    "everySeconds": None,
    "at": None,
    "zone": "Europe/Berlin",
    "postTo": None,
    "state": "active",
    "reason": "",
    "missed": "run_if_within",
    "missedWithinSeconds": 3600,
    "nextRuns": ["2026-11-24T08:00:00Z", "2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z"],
    "lastRuns": [],
}
