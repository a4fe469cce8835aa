"""Agents that people make and that run by themselves: each one's `schedule` is a schedule of its owner's.

And what becomes of schedules that name an agent which is gone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re

from core.errors import ConfigurationError, Conflict, InvalidAgent, NotFound
from core.models import Address, Agent, MadeAgent, Person, Schedule, ScheduleState
from core.ports.clock import Clock
from core.ports.schedules import Schedules
from core.rendering import making as words
from core.schedules.desk import Desk
from core.schedules.routines import Routine, RoutineRules, to_routine
from core.schedules.timing import following

ID_BYTES = 6
ALL = 10_000


class MadeRoutines:
    """Keeps the schedules of made agents as their makers last said."""

    def __init__(self, *, desk: Desk, clock: Clock, rules: RoutineRules) -> None:
        self._desk = desk
        self._schedules: Schedules = desk.schedules
        self._clock = clock
        self._rules = rules

    async def check(self, agent: Agent, *, by: Person, at: Address) -> None:
        """Raise InvalidAgent where its schedule can't be, and Conflict where its owner has too many."""
        if agent.schedule is None:
            return
        try:
            self._read(agent, by)
        except ConfigurationError as wrong:
            raise InvalidAgent([("schedule", wrong.sentence)]) from wrong
        there = await self._row(at.platform, at.workspace, agent.name)
        running = there is not None and there.state in (ScheduleState.ACTIVE, ScheduleState.PAUSED)
        if not running and (sentence := await self._desk.full(by, at)):
            raise Conflict(sentence)

    async def follow(self, made: MadeAgent, *, by: Person, at: Address) -> None:
        """Make the schedule what the agent says: begun, changed or ended. Safe to repeat."""
        row = await self._row(made.platform, made.workspace, made.name)
        if made.agent.schedule is None:
            if row is not None:
                await self._end(row, state=ScheduleState.DELETED, reason="")
            return
        routine = self._read(made.agent, by)
        row = row or await self._schedules.save(self._begun(made, routine, by=by, at=at))
        coming = following(routine.timing, zone=routine.zone, after=self._clock.now())
        values = {
            "text": _told(made, routine),
            "timing": routine.timing,
            "zone": routine.zone,
            "state": ScheduleState.ACTIVE,
            "next_slot": coming[0],
            "reason": "",
        }
        changed = row.model_copy(update=values)
        await self._schedules.change(changed, expected=(row.state,), now=self._clock.now())

    async def end(self, made: MadeAgent) -> None:
        """The agent is gone: its own schedule too, and those that name it rest, with a sentence. Safe to repeat."""
        reason = words.was_deleted(made.name, at=made.deleted_at or self._clock.now())
        own = to_id(made.platform, made.workspace, made.name)
        named = re.compile(rf"@{re.escape(made.name)}(?![\w-])", re.IGNORECASE)
        for row in await self._schedules.listed(made.platform, made.workspace, limit=ALL):
            if row.id == own:
                await self._end(row, state=ScheduleState.DELETED, reason=reason)
            elif row.agent is None and named.match(row.text):
                await self._end(row, state=ScheduleState.PAUSED, reason=reason)

    async def _end(self, row: Schedule, *, state: ScheduleState, reason: str) -> None:
        ended = row.model_copy(update={"state": state, "next_slot": None, "reason": reason})
        await self._schedules.change(ended, expected=(row.state,), now=self._clock.now())

    async def _row(self, platform: str, workspace: str, name: str) -> Schedule | None:
        try:
            return await self._schedules.load(to_id(platform, workspace, name))
        except NotFound:
            return None

    def _read(self, agent: Agent, by: Person) -> Routine:
        rules = dataclasses.replace(self._rules, default_zone=by.zone or self._rules.default_zone)
        return to_routine(agent, now=self._clock.now(), rules=rules)

    def _begun(self, made: MadeAgent, routine: Routine, *, by: Person, at: Address) -> Schedule:
        return Schedule(
            id=to_id(made.platform, made.workspace, made.name),
            text=_told(made, routine),
            person=by,
            address=at,
            timing=routine.timing,
            zone=routine.zone,
            created_at=self._clock.now(),
        )


def to_id(platform: str, workspace: str, name: str) -> str:
    """The same agent always has the same row."""
    named = f"made\n{platform}\n{workspace}\n{name}"
    return hashlib.blake2b(named.encode(), digest_size=ID_BYTES).hexdigest()


def _told(made: MadeAgent, routine: Routine) -> str:
    return f"@{made.name} {routine.text}"
