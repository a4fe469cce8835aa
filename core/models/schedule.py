"""Instructions that come again: when, where, for whom, and what happens to a slot that was missed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from core.models.instruction import Address, Person
from core.models.values import Frozen

HOUR_SECONDS = 3600


class Cron(Frozen):
    """Five fields with cronsim's semantics, read in the schedule's zone."""

    kind: Literal["cron"] = "cron"
    expression: str


class Interval(Frozen):
    """Every so many seconds, counted from an instant: no zone, no daylight saving."""

    kind: Literal["interval"] = "interval"
    seconds: int
    since: AwareDatetime


class Once(Frozen):
    """One instant, and then never again."""

    kind: Literal["once"] = "once"
    at: AwareDatetime


Timing = Annotated[Cron | Interval | Once, Field(discriminator="kind")]


class MissedPolicy(StrEnum):
    """What becomes of slots that passed while nothing could run."""

    SKIP = "skip"
    RUN_ONCE = "run_once"
    """However many were missed, one run makes up for them."""
    RUN_IF_WITHIN = "run_if_within"
    """Like `run_once`, if the latest missed slot is not older than `missed_within_seconds`."""


class ScheduleState(StrEnum):
    PROPOSED = "proposed"
    """Said back to the person, who has not said yes yet: nothing runs."""
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    """It was for once, or its last possible slot has passed."""
    DELETED = "deleted"


class Schedule(Frozen):
    """An instruction with a timing; rows of these are the truth, whatever wakes them up."""

    id: str
    number: int = 0
    """How people name it: counted within its workspace, from 1."""
    text: str
    """The instruction, without the words that say when."""
    person: Person
    address: Address
    """Where it is listed and numbered, and where its answers go unless `post_to` says otherwise."""
    post_to: str | None = None
    """Where else its answers go: `platform:workspace:place`, as an agent's file says it."""
    timing: Timing
    zone: str
    missed: MissedPolicy = MissedPolicy.RUN_IF_WITHIN
    missed_within_seconds: int = HOUR_SECONDS
    agent: str | None = None
    """The agent whose front matter it comes from, if any."""
    state: ScheduleState = ScheduleState.PROPOSED
    created_at: AwareDatetime
    next_slot: AwareDatetime | None = None
    """The next instant it is due; None unless it is active."""
    reason: str = ""
    """Why it was paused by FlowMate itself, for people."""


class SlotOutcome(StrEnum):
    FIRED = "fired"
    MISSED = "missed"
    MANUAL = "manual"
    """Run now, on a person's wish: no slot of the timing."""


class Slot(Frozen):
    """One due instant of a schedule and what became of it."""

    schedule_id: str
    slot: AwareDatetime
    outcome: SlotOutcome
    delegation_id: str | None = None
    at: AwareDatetime
