"""Schedules in memory, over the in-memory store that takes what they fire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.errors import NotFound
from core.memory.store import InMemoryStore
from core.models import Address, Delegation, Event, EventKind
from core.models.schedule import Schedule, ScheduleState, Slot
from core.ports.schedules import Firing, Seen

LISTED = (ScheduleState.ACTIVE, ScheduleState.PAUSED)


class InMemorySchedules:
    """The Schedules port in this process."""

    def __init__(self, *, store: InMemoryStore) -> None:
        self._store = store
        self._schedules: dict[str, Schedule] = {}
        self._slots: dict[tuple[str, datetime], Slot] = {}

    async def save(self, schedule: Schedule) -> Schedule:
        await self._store.ping()
        if schedule.id not in self._schedules:
            number = 1 + max((s.number for s in self._of(schedule)), default=0)
            self._schedules[schedule.id] = schedule.model_copy(update={"number": number})
        return self._schedules[schedule.id]

    async def load(self, schedule_id: str) -> Schedule:
        await self._store.ping()
        if schedule_id not in self._schedules:
            raise NotFound(f"There is no schedule {schedule_id}.")
        return self._schedules[schedule_id]

    async def numbered(self, platform: str, workspace: str, number: int) -> Schedule:
        await self._store.ping()
        for schedule in self._schedules.values():
            address = schedule.address
            if (address.platform, address.workspace, schedule.number) == (platform, workspace, number):
                return schedule
        raise NotFound(f"There is no schedule {number}.")

    async def listed(
        self, platform: str, workspace: str, *, person_id: str | None = None, limit: int = 100
    ) -> tuple[Schedule, ...]:
        await self._store.ping()
        found = [
            schedule
            for schedule in self._schedules.values()
            if (schedule.address.platform, schedule.address.workspace) == (platform, workspace)
            and schedule.state in LISTED
            and person_id in (None, schedule.person.id)
        ]
        return tuple(sorted(found, key=lambda schedule: schedule.number)[:limit])

    async def of_agents(self) -> tuple[Schedule, ...]:
        await self._store.ping()
        found = [schedule for schedule in self._schedules.values() if schedule.agent is not None]
        return tuple(sorted(found, key=lambda schedule: schedule.id))

    async def change(self, schedule: Schedule, *, expected: Sequence[ScheduleState], now: datetime) -> bool:
        await self._store.ping()
        current = self._schedules.get(schedule.id)
        if current is None or current.state not in expected:
            return False
        kept = {"number": current.number, "created_at": current.created_at}
        self._schedules[schedule.id] = schedule.model_copy(update=kept)
        await self._store.append(changed(schedule, now))
        return True

    async def due(self, *, now: datetime, limit: int) -> tuple[Schedule, ...]:
        await self._store.ping()
        found = [s for s in self._active() if s.next_slot is not None and s.next_slot <= now]
        return tuple(sorted(found, key=lambda s: (s.next_slot or now, s.id))[:limit])

    async def upcoming(self, *, until: datetime, limit: int) -> tuple[datetime, ...]:
        await self._store.ping()
        instants = {s.next_slot for s in self._active() if s.next_slot is not None and s.next_slot <= until}
        return tuple(sorted(instants)[:limit])

    async def fire(self, firings: Sequence[Firing], *, now: datetime) -> tuple[Delegation, ...]:
        begun = []
        for firing in firings:
            await self._store.ping()
            schedule = self._schedules.get(firing.schedule_id)
            if schedule is None or (firing.expected is not None and schedule.next_slot != firing.expected):
                continue
            if firing.expected is not None:
                if schedule.state is not ScheduleState.ACTIVE:
                    continue
                values = {"state": firing.state, "next_slot": firing.next_slot}
                self._schedules[schedule.id] = schedule.model_copy(update=values)
            for slot in firing.slots:
                self._slots.setdefault((slot.schedule_id, slot.slot), slot)
            if firing.instruction is not None:
                delegation, created = await self._store.accept(
                    firing.instruction, delegation_id=firing.delegation_id, now=now
                )
                begun += [delegation] if created else []
        return tuple(begun)

    async def slots(self, schedule_id: str, *, limit: int = 20) -> tuple[Slot, ...]:
        await self._store.ping()
        return self._latest(schedule_id, limit)

    async def seen(self, schedule_ids: Sequence[str], *, slots: int = 20) -> tuple[Seen, ...]:
        await self._store.ping()
        found = [self._schedules[one] for one in schedule_ids if one in self._schedules]
        return tuple(Seen(schedule=one, slots=self._latest(one.id, slots)) for one in found)

    async def pause_where(
        self, *, platform: str, workspace: str, place: str, reason: str, now: datetime
    ) -> int:
        await self._store.ping()
        paused = 0
        for schedule in list(self._active()):
            if (schedule.post_to or schedule.address.spelled) == f"{platform}:{workspace}:{place}":
                values = {"state": ScheduleState.PAUSED, "next_slot": None, "reason": reason}
                self._schedules[schedule.id] = schedule.model_copy(update=values)
                await self._store.append(changed(self._schedules[schedule.id], now))
                paused += 1
        return paused

    async def move(self, place: Address, *, to: Address) -> int:
        await self._store.ping()
        for posting in [s for s in self._schedules.values() if s.post_to == place.spelled]:
            self._schedules[posting.id] = posting.model_copy(update={"post_to": to.spelled})
        new = {"workspace": to.workspace, "place": to.place}
        found = [s for s in self._schedules.values() if s.address.conversation[:3] == place.conversation[:3]]
        moved = [s.model_copy(update={"address": s.address.model_copy(update=new)}) for s in found]
        first = max((s.number for s in self._of(moved[0])), default=0) if moved else 0
        for schedule in sorted(moved, key=lambda s: s.number):
            self._schedules[schedule.id] = schedule.model_copy(update={"number": schedule.number + first})
        return len(moved)

    def _latest(self, schedule_id: str, limit: int) -> tuple[Slot, ...]:
        found = [slot for (owner, _), slot in self._slots.items() if owner == schedule_id]
        return tuple(sorted(found, key=lambda slot: slot.slot, reverse=True)[:limit])

    def _of(self, schedule: Schedule) -> list[Schedule]:
        wanted = (schedule.address.platform, schedule.address.workspace)
        return [s for s in self._schedules.values() if (s.address.platform, s.address.workspace) == wanted]

    def _active(self) -> list[Schedule]:
        return [s for s in self._schedules.values() if s.state is ScheduleState.ACTIVE]


def changed(schedule: Schedule, now: datetime) -> Event:
    """The fact that is recorded for the audit."""
    data = {"schedule": schedule.id, "state": schedule.state.value, "reason": schedule.reason}
    return Event(delegation_id=None, kind=EventKind.SCHEDULE_CHANGED, at=now, data=data)
