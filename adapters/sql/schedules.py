"""`SqlSchedules`: schedules and what became of their slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from adapters.sql import delegations, tables
from adapters.sql.database import Database
from adapters.sql.facts import append
from core.errors import NotFound
from core.models import Address, Delegation, Event, EventKind, Person
from core.models.schedule import MissedPolicy, Schedule, ScheduleState, Slot, SlotOutcome, Timing
from core.ports.schedules import Firing, Seen

S = tables.schedules
T = tables.slots
ACTIVE = ScheduleState.ACTIVE.value
LISTED = (ACTIVE, ScheduleState.PAUSED.value)
# Any number will do, as long as nobody else on the same database uses it for something else.
NUMBERING_LOCK = 4_601_994
# A thousand may be due in one second: statements that each of them needs are built once.
_BY_ID = select(S).where(S.c.id == bindparam("id"))
_SLOTS = (
    select(T)
    .where(T.c.schedule_id == bindparam("schedule"))
    .order_by(T.c.slot.desc())
    .limit(bindparam("most", type_=Integer))
)
_MOVE_ON = (
    update(S)
    .where(S.c.id == bindparam("of"), S.c.state == ACTIVE, S.c.next_slot == bindparam("due"))
    .values(state=bindparam("to"), next_slot=bindparam("next", type_=S.c.next_slot.type))
)
_KNOWN = select(T.c.slot).where(
    T.c.schedule_id == bindparam("schedule"), T.c.slot.in_(bindparam("asked", expanding=True))
)
_NEW_SLOTS = insert(T)
_TIMING: TypeAdapter[Timing] = TypeAdapter(Timing)


class SqlSchedules:
    """The Schedules port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, schedule: Schedule) -> Schedule:
        return await self._database.write(lambda c: _save(c, schedule))

    async def load(self, schedule_id: str) -> Schedule:
        found = await self._database.read(
            lambda c: [_to_schedule(row) for row in c.execute(_BY_ID, {"id": schedule_id})]
        )
        if not found:
            raise NotFound(f"There is no schedule {schedule_id}.")
        return found[0]

    async def numbered(self, platform: str, workspace: str, number: int) -> Schedule:
        query = _of(platform, workspace).where(S.c.number == number)
        found = await self._all(query)
        if not found:
            raise NotFound(f"There is no schedule {number}.")
        return found[0]

    async def listed(
        self, platform: str, workspace: str, *, person_id: str | None = None, limit: int = 100
    ) -> tuple[Schedule, ...]:
        query = _of(platform, workspace).where(S.c.state.in_(LISTED))
        if person_id is not None:
            query = query.where(S.c.person_id == person_id)
        return await self._all(query.order_by(S.c.number).limit(limit))

    async def of_agents(self) -> tuple[Schedule, ...]:
        return await self._all(select(S).where(S.c.agent.is_not(None)).order_by(S.c.id))

    async def change(self, schedule: Schedule, *, expected: Sequence[ScheduleState], now: datetime) -> bool:
        return await self._database.write(lambda c: _change(c, schedule, expected, now))

    async def due(self, *, now: datetime, limit: int) -> tuple[Schedule, ...]:
        query = select(S).where(S.c.next_slot <= now, S.c.state == ACTIVE)
        return await self._all(query.order_by(S.c.next_slot, S.c.id).limit(limit))

    async def upcoming(self, *, until: datetime, limit: int) -> tuple[datetime, ...]:
        query = select(S.c.next_slot).where(S.c.next_slot <= until, S.c.state == ACTIVE).distinct()
        query = query.order_by(S.c.next_slot).limit(limit)
        return await self._database.read(lambda c: tuple(row.next_slot for row in c.execute(query)))

    async def fire(self, firings: Sequence[Firing], *, now: datetime) -> tuple[Delegation, ...]:
        def all_of_them(c: Connection) -> tuple[Delegation, ...]:
            begun = (_fire(c, firing, now) for firing in firings)
            return tuple(delegation for delegation in begun if delegation is not None)

        return await self._database.write(all_of_them)

    async def slots(self, schedule_id: str, *, limit: int = 20) -> tuple[Slot, ...]:
        return await self._database.read(lambda c: _latest(c, schedule_id, limit))

    async def seen(self, schedule_ids: Sequence[str], *, slots: int = 20) -> tuple[Seen, ...]:
        def look(c: Connection) -> tuple[Seen, ...]:
            rows = [row for one in schedule_ids for row in c.execute(_BY_ID, {"id": one})]
            return tuple(Seen(schedule=_to_schedule(row), slots=_latest(c, row.id, slots)) for row in rows)

        return await self._database.read(look)

    async def pause_where(
        self, *, platform: str, workspace: str, place: str, reason: str, now: datetime
    ) -> int:
        here = and_(
            S.c.platform == platform,
            S.c.workspace == workspace,
            S.c.place == place,
            S.c.post_to.is_(None),
        )
        there = S.c.post_to == Address(platform=platform, workspace=workspace, place=place).spelled
        query = select(S).where(or_(here, there), S.c.state == ACTIVE)

        def pause(c: Connection) -> int:
            found = [_to_schedule(row) for row in c.execute(query)]
            values = {"state": ScheduleState.PAUSED, "next_slot": None, "reason": reason}
            paused = [schedule.model_copy(update=values) for schedule in found]
            return sum(_change(c, schedule, (ScheduleState.ACTIVE,), now) for schedule in paused)

        return await self._database.write(pause)

    async def move(self, place: Address, *, to: Address) -> int:
        here = (S.c.platform == place.platform, S.c.workspace == place.workspace, S.c.place == place.place)

        def change(c: Connection) -> int:
            posting = update(S).where(S.c.post_to == place.spelled).values(post_to=to.spelled)
            c.execute(posting).close()
            first = _highest(c, to)
            values = {"workspace": to.workspace, "place": to.place, "number": S.c.number + first}
            return c.execute(update(S).where(*here).values(**values)).rowcount

        return await self._database.write(change)

    async def _all(self, query: Select[Any]) -> tuple[Schedule, ...]:
        return await self._database.read(lambda c: tuple(_to_schedule(row) for row in c.execute(query)))


def _latest(c: Connection, schedule_id: str, limit: int) -> tuple[Slot, ...]:
    asked = {"schedule": schedule_id, "most": limit}
    return tuple(_to_slot(row) for row in c.execute(_SLOTS, asked))


def _of(platform: str, workspace: str) -> Select[Any]:
    return select(S).where(S.c.platform == platform, S.c.workspace == workspace)


def _highest(c: Connection, address: Address) -> int:
    """The highest number of this workspace; nobody else gives one there until this transaction has ended."""
    if c.dialect.name == "postgresql":
        # Two new schedules of one workspace must not get the same number.
        name = f"{address.platform}\n{address.workspace}"
        c.execute(select(func.pg_advisory_xact_lock(NUMBERING_LOCK, func.hashtext(name)))).close()
    mine = (S.c.platform == address.platform, S.c.workspace == address.workspace)
    highest: int = c.execute(select(func.coalesce(func.max(S.c.number), 0)).where(*mine)).scalar_one()
    return highest


def _save(c: Connection, schedule: Schedule) -> Schedule:
    highest = _highest(c, schedule.address)
    row = c.execute(select(S).where(S.c.id == schedule.id)).first()
    if row is not None:
        return _to_schedule(row)
    saved = schedule.model_copy(update={"number": highest + 1})
    c.execute(insert(S), _from_schedule(saved))
    return saved


def _change(c: Connection, schedule: Schedule, expected: Sequence[ScheduleState], now: datetime) -> bool:
    values = {k: v for k, v in _from_schedule(schedule).items() if k not in ("id", "number", "created_at")}
    states = [state.value for state in expected]
    changed = c.execute(update(S).where(S.c.id == schedule.id, S.c.state.in_(states)).values(**values))
    if changed.rowcount != 1:
        return False
    data = {"schedule": schedule.id, "state": schedule.state.value, "reason": schedule.reason}
    append(c, Event(delegation_id=None, kind=EventKind.SCHEDULE_CHANGED, at=now, data=data))
    return True


def _fire(c: Connection, firing: Firing, now: datetime) -> Delegation | None:
    if firing.expected is not None:
        given = {"of": firing.schedule_id, "due": firing.expected}
        given |= {"to": firing.state.value, "next": firing.next_slot}
        if c.execute(_MOVE_ON, given).rowcount != 1:
            return None
    asked = {"schedule": firing.schedule_id, "asked": [slot.slot for slot in firing.slots]}
    known = {row.slot for row in c.execute(_KNOWN, asked)}
    fresh = [_from_slot(slot) for slot in firing.slots if slot.slot not in known]
    if fresh:
        c.execute(_NEW_SLOTS, fresh)
    if firing.instruction is None:
        return None
    delegation, created = delegations.accept(c, firing.instruction, firing.delegation_id, now)
    return delegation if created else None


def _from_schedule(schedule: Schedule) -> dict[str, Any]:
    person, address = schedule.person, schedule.address
    return {
        **schedule.model_dump(exclude={"person", "address", "timing", "missed", "state"}),
        "person_id": person.id,
        "person_name": person.name,
        "person_zone": person.zone,
        **address.model_dump(),
        "timing": schedule.timing.model_dump(mode="json"),
        "missed": schedule.missed.value,
        "state": schedule.state.value,
    }


def _to_schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        number=row.number,
        text=row.text,
        person=Person(id=row.person_id, name=row.person_name, zone=row.person_zone),
        address=Address(
            platform=row.platform, workspace=row.workspace, place=row.place, thread=row.thread, via=row.via
        ),
        post_to=row.post_to,
        timing=_TIMING.validate_python(row.timing),
        zone=row.zone,
        missed=MissedPolicy(row.missed),
        missed_within_seconds=row.missed_within_seconds,
        agent=row.agent,
        state=ScheduleState(row.state),
        created_at=row.created_at,
        next_slot=row.next_slot,
        reason=row.reason,
    )


def _from_slot(slot: Slot) -> dict[str, Any]:
    return {**slot.model_dump(), "outcome": slot.outcome.value}


def _to_slot(row: Row[Any]) -> Slot:
    return Slot(
        schedule_id=row.schedule_id,
        slot=row.slot,
        outcome=SlotOutcome(row.outcome),
        delegation_id=row.delegation_id,
        at=row.at,
    )
