"""Where people talk about schedules: what they want is understood, said back, and saved once they said yes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import Conflict, InvalidSchedule, NotFound
from core.models import (
    Address,
    Delegation,
    Exchange,
    Frozen,
    Person,
    Press,
    Reply,
    Schedule,
    ScheduleState,
    Status,
)
from core.models.schedule import Timing
from core.ports.clock import Clock
from core.ports.schedules import Schedules
from core.ports.store import Store
from core.rendering import digests, questions, refusals
from core.rendering import schedules as words
from core.schedules.commands import Change, read_command
from core.schedules.continuing import asked_before, read_on, to_proposal, wanted_again
from core.schedules.firing import Alarm
from core.schedules.timing import check_timing, following
from core.schedules.understanding import Unclear, Understood

RUNS_SHOWN = 3
ID_CHARACTERS = 12
SLOTS_LOOKED_AT = 120

Answer = tuple[Status, Reply]


@dataclass(frozen=True)
class ScheduleLimits:
    """What one person may have."""

    minimum_seconds: int = 60
    per_person: int = 100


class Desk:
    """Answers instructions that are about schedules, and does what their buttons say."""

    def __init__(
        self,
        *,
        schedules: Schedules,
        store: Store,
        alarm: Alarm,
        clock: Clock,
        limits: ScheduleLimits | None = None,
        default_zone: str = "UTC",
        unposted: frozenset[str] = frozenset(),
    ) -> None:
        """`unposted` are the doors, by their instructions' origin, that nothing is posted into: where answers that
        come by themselves are to be found has to be said."""
        self.schedules = schedules
        self._store = store
        self._alarm = alarm
        self._clock = clock
        self._limits = limits or ScheduleLimits()
        self._default_zone = default_zone
        self._unposted = unposted

    async def answer(
        self, delegation: Delegation, *, history: Sequence[Exchange] = ()
    ) -> Answer | Understood | None:
        """The answer, if the instruction only talks about a schedule; what to plan and propose, if it wants a new one.

        None: it is about something else.
        """
        instruction = delegation.instruction
        command = read_command(instruction.text) or to_proposal(instruction.text, history)
        if command is not None:
            if command.change == "list":
                return Status.SUCCESS, await self._listing(
                    instruction.person, instruction.address, delegation.id
                )
            return await self._obey(delegation, command.change, command.number)
        zone = instruction.person.zone or self._default_zone
        understood = read_on(instruction.text, history, now=self._clock.now(), zone=zone)
        if isinstance(understood, Unclear):
            return Status.FAILED, Reply(text=understood.question)
        if isinstance(understood, Understood):
            if not understood.instruction.strip():
                wanted = await wanted_again(self._store, delegation) or asked_before(
                    history, now=self._clock.now(), zone=zone
                )
                understood = understood.model_copy(update={"instruction": wanted})
            problem = await self._problem(understood, instruction.person, instruction.address)
            if problem is not None:
                return Status.FAILED, Reply(text=problem)
        return understood

    async def propose(self, delegation: Delegation, understood: Understood, *, address: Address) -> Reply:
        """Keep what was understood, unsaved, and say it back. The same delegation proposes the same schedule."""
        person = delegation.instruction.person
        schedule = await self.schedules.save(
            Schedule(
                id=delegation.id[:ID_CHARACTERS],
                text=understood.instruction,
                person=person,
                address=address,
                timing=understood.timing,
                zone=understood.zone,
                created_at=self._clock.now(),
            )
        )
        return words.proposal(schedule, runs=self._runs(schedule), shown_in=delegation.id)

    async def create(self, schedule: Schedule) -> Schedule:
        """Save and activate what came complete, from the API or the terminal. Raises InvalidSchedule and Conflict."""
        self.check(schedule.timing, schedule.zone)
        if sentence := await self.full(schedule.person, schedule.address):
            raise Conflict(sentence)
        await self.schedules.save(schedule)
        saved = await self.schedules.load(schedule.id)
        if saved.state is ScheduleState.PROPOSED:
            await self.apply("save", saved)
        return await self.schedules.load(schedule.id)

    def check(self, timing: Timing, zone: str) -> None:
        """Raise InvalidSchedule where this timing can't be."""
        minimum = self._limits.minimum_seconds
        check_timing(timing, zone=zone, minimum_seconds=minimum, now=self._clock.now())

    async def apply(self, change: Change, schedule: Schedule, *, key: str = "") -> Schedule:
        """Change a schedule's state, or run it now. Raises Conflict where its state does not allow that."""
        now = self._clock.now()
        if change == "run":
            if schedule.state not in (ScheduleState.ACTIVE, ScheduleState.PAUSED):
                raise Conflict(words.unchanged(schedule))
            await self._alarm.run_now(schedule, key=key or now.isoformat())
            return schedule
        expected, state = _MOVES[change]
        runs = (
            following(schedule.timing, zone=schedule.zone, after=now) if state is ScheduleState.ACTIVE else ()
        )
        if state is ScheduleState.ACTIVE and not runs:
            raise Conflict(questions.HAS_PASSED)
        moved = schedule.model_copy(
            update={"state": state, "next_slot": runs[0] if runs else None, "reason": ""}
        )
        if not await self.schedules.change(moved, expected=expected, now=now):
            raise Conflict(words.unchanged(await self.schedules.load(schedule.id)))
        return moved

    async def press(self, press: Press, *, change: Change) -> str | None:
        """What a schedule's button does. Raises NotFound and Conflict."""
        schedule_id, _, shown_in = press.value.partition(".")
        schedule = await self.schedules.load(schedule_id)
        if not may_change(press.person, schedule):
            raise Conflict(refusals.NOT_YOUR_SCHEDULE)
        changed = await self.apply(change, schedule, key=press.key)
        if change == "run":
            return words.RUNS_NOW
        delegation = await self._store.load(shown_in)
        await self._store.revise(
            shown_in, await self._shown(delegation, changed, change), now=self._clock.now()
        )
        return None

    async def last_run(self, delegation: Delegation) -> LastRun:
        """The run before this one of the same schedule."""
        _, _, rest = delegation.instruction.key.partition(":")
        schedule = await self.schedules.load(rest.partition(":")[0])
        slots = await self.schedules.slots(schedule.id, limit=SLOTS_LOOKED_AT)
        mine = next((n for n, slot in enumerate(slots) if slot.delegation_id == delegation.id), None)
        if mine is None:
            return LastRun()
        earlier = slots[mine + 1 :]
        ran = next((n for n, slot in enumerate(earlier) if slot.delegation_id), None)
        missed = digests.missed(earlier[:ran], zone=schedule.zone)
        if ran is None:
            return LastRun(missed=missed)
        return LastRun(delegation=await self._store.load(earlier[ran].delegation_id or ""), missed=missed)

    async def _shown(self, delegation: Delegation, schedule: Schedule, change: Change) -> Reply:
        """What the message that carries the button shows after the press."""
        command = read_command(delegation.instruction.text)
        if command is not None and command.change == "list":
            instruction = delegation.instruction
            return await self._listing(instruction.person, instruction.address, delegation.id)
        if change == "discard":
            return Reply(text=words.DISCARDED)
        return await self._card(schedule, delegation.id, lead=words.LEADS.get(change, ""))

    async def _obey(self, delegation: Delegation, change: Change, number: int) -> Answer:
        instruction = delegation.instruction
        address = instruction.address
        try:
            schedule = await self.schedules.numbered(address.platform, address.workspace, number)
        except NotFound:
            return Status.FAILED, Reply(text=words.unknown(number))
        if change == "show":
            return Status.SUCCESS, await self._card(schedule, delegation.id)
        if not may_change(instruction.person, schedule):
            return Status.FAILED, Reply(text=refusals.NOT_YOUR_SCHEDULE)
        try:
            changed = await self.apply(change, schedule, key=delegation.id)
        except Conflict as conflict:
            return Status.FAILED, Reply(text=conflict.sentence)
        if change == "discard":
            return Status.SUCCESS, Reply(text=words.DISCARDED)
        lead = words.LEADS.get(change, "")
        if change in words.ANSWERS_COME and instruction.origin in self._unposted and not changed.post_to:
            lead = f"{lead} {words.IN_ITS_CHAT}"
        return Status.SUCCESS, await self._card(changed, delegation.id, lead=lead)

    async def _card(self, schedule: Schedule, shown_in: str, *, lead: str = "") -> Reply:
        (seen,) = await self.schedules.seen([schedule.id])
        runs = self._runs(seen.schedule)
        return words.card(seen.schedule, runs=runs, slots=seen.slots, shown_in=shown_in, lead=lead)

    async def _listing(self, person: Person, address: Address, shown_in: str) -> Reply:
        found = await self.schedules.listed(address.platform, address.workspace)
        wanted = [s.id for s in found if s.person.id == person.id or s.address.place == address.place]
        seen = await self.schedules.seen(wanted, slots=5)
        return words.listing([(one.schedule, one.slots) for one in seen], shown_in=shown_in)

    def _runs(self, schedule: Schedule) -> tuple[datetime, ...]:
        now = self._clock.now()
        return following(schedule.timing, zone=schedule.zone, after=now, count=RUNS_SHOWN)

    async def _problem(self, understood: Understood, person: Person, address: Address) -> str | None:
        if not understood.instruction.strip():
            return questions.SAY_WHAT
        try:
            self.check(understood.timing, understood.zone)
        except InvalidSchedule as invalid:
            return invalid.sentence
        return await self.full(person, address)

    async def full(self, person: Person, address: Address) -> str | None:
        """Why this person can have no schedule more here, for people."""
        limit = self._limits.per_person
        found = await self.schedules.listed(
            address.platform, address.workspace, person_id=person.id, limit=limit
        )
        return words.too_many(limit) if len(found) >= limit else None


class LastRun(Frozen):
    """What a digest is compared with, and the line that tells of missed runs (often empty)."""

    delegation: Delegation | None = None
    missed: str = ""


def may_change(person: Person, schedule: Schedule) -> bool:
    """A schedule is its maker's to change."""
    return person.id == schedule.person.id


_MOVES: dict[Change, tuple[tuple[ScheduleState, ...], ScheduleState]] = {
    "save": ((ScheduleState.PROPOSED,), ScheduleState.ACTIVE),
    "discard": ((ScheduleState.PROPOSED,), ScheduleState.DELETED),
    "pause": ((ScheduleState.ACTIVE,), ScheduleState.PAUSED),
    "resume": ((ScheduleState.PAUSED,), ScheduleState.ACTIVE),
    "delete": ((ScheduleState.ACTIVE, ScheduleState.PAUSED, ScheduleState.ENDED), ScheduleState.DELETED),
}
