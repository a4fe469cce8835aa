"""Where schedules live: rows that are the truth, whatever alarm clock wakes somebody up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.models import Address, Delegation, Frozen, Instruction
from core.models.schedule import Schedule, ScheduleState, Slot


class Firing(Frozen):
    """What becomes of a schedule whose slot has come: one transaction."""

    schedule_id: str
    expected: datetime | None
    """The `next_slot` that this was decided from; anything else by now: somebody was faster. None: run by hand."""
    slots: tuple[Slot, ...]
    state: ScheduleState
    next_slot: datetime | None
    instruction: Instruction | None = None
    delegation_id: str = ""


class Seen(Frozen):
    """A schedule and what became of its latest slots, newest first, both as of one instant."""

    schedule: Schedule
    slots: tuple[Slot, ...]


class Schedules(Protocol):
    """Every method is one transaction and raises StoreUnavailable; all are safe to repeat."""

    async def save(self, schedule: Schedule) -> Schedule:
        """Save a new schedule under the next number of its workspace; one that is there already is returned."""
        ...

    async def load(self, schedule_id: str) -> Schedule:
        """Raises NotFound."""
        ...

    async def numbered(self, platform: str, workspace: str, number: int) -> Schedule:
        """The schedule that people of this workspace call by this number. Raises NotFound."""
        ...

    async def listed(
        self, platform: str, workspace: str, *, person_id: str | None = None, limit: int = 100
    ) -> tuple[Schedule, ...]:
        """The workspace's active and paused schedules by number; with `person_id`, that person's."""
        ...

    async def of_agents(self) -> tuple[Schedule, ...]:
        """Every schedule that comes from an agent's front matter, whatever its state, by id."""
        ...

    async def change(self, schedule: Schedule, *, expected: Sequence[ScheduleState], now: datetime) -> bool:
        """Save the schedule's timing, text, state, next slot and reason if its state is one of these.

        The fact is recorded for the audit.
        """
        ...

    async def due(self, *, now: datetime, limit: int) -> tuple[Schedule, ...]:
        """Active schedules whose next slot has come, longest waiting first."""
        ...

    async def upcoming(self, *, until: datetime, limit: int) -> tuple[datetime, ...]:
        """The distinct instants until then at which something is due, soonest first."""
        ...

    async def fire(self, firings: Sequence[Firing], *, now: datetime) -> tuple[Delegation, ...]:
        """For each firing: its slots, its delegation and the schedule's next slot together, or nothing of it.

        Returns the delegations that began. A slot that is there already begins nothing.
        """
        ...

    async def slots(self, schedule_id: str, *, limit: int = 20) -> tuple[Slot, ...]:
        """What became of its latest slots, newest first."""
        ...

    async def seen(self, schedule_ids: Sequence[str], *, slots: int = 20) -> tuple[Seen, ...]:
        """These schedules, each with so many of its latest slots, all as of one instant; unknown ones are left out.

        Asked for one after the other, a schedule that fires in between would be shown as still to run, and as run.
        """
        ...

    async def pause_where(
        self, *, platform: str, workspace: str, place: str, reason: str, now: datetime
    ) -> int:
        """Pause every active schedule whose row says that it posts to this place; returns how many."""
        ...

    async def move(self, place: Address, *, to: Address) -> int:
        """The platform gave this place another address: every schedule there goes along, under the next numbers of
        its new workspace where those are taken, and those that only post there do so from now on at the new one.
        Returns how many are listed there; repeating moves nothing."""
        ...
