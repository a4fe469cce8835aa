"""A slot has come: its delegation begins, in the same transaction that moves the schedule on to its next slot."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from core.dispatch import to_jobs
from core.errors import QueueUnavailable
from core.models import Address, Delegation, Instruction
from core.models.schedule import Interval, MissedPolicy, Once, Schedule, ScheduleState, Slot, SlotOutcome
from core.policies import due
from core.ports.clock import Clock
from core.ports.job_queue import JobQueue
from core.ports.schedules import Firing, Schedules
from core.schedules.posting import Posting
from core.schedules.timing import following

logger = logging.getLogger(__name__)
ORIGIN = "schedule"
PUNCTUAL = timedelta(seconds=90)
"""A slot that is not older than this was not missed, only a little late."""
OVERDUE = timedelta(seconds=3)
BATCH = 200
REMEMBERED = 50
"""Of a long row of missed slots only the latest are written down."""
LOOK_BACKS = (timedelta(days=1), timedelta(days=90), timedelta(days=36_500))


class Alarm:
    """Fires what is due, whoever wakes it and however often: the rows decide."""

    def __init__(
        self, *, schedules: Schedules, queue: JobQueue, clock: Clock, posting: Posting | None = None
    ) -> None:
        self._schedules = schedules
        self._queue = queue
        self._clock = clock
        self._posting = posting

    async def ring(self) -> int:
        """Begin everything that is due; returns how many delegations began. Raises StoreUnavailable."""
        begun = 0
        while found := await self._schedules.due(now=self._clock.now(), limit=BATCH):
            now = self._clock.now()
            delegations = await self._schedules.fire(
                [to_firing(self._aimed(s), now=now) for s in found], now=now
            )
            begun += len(delegations)
            await self._dispatch(delegations)
            if len(found) < BATCH:
                break
        return begun

    async def overdue(self) -> bool:
        """Whether something has been due for so long that nobody seems to have been woken."""
        return bool(await self._schedules.due(now=self._clock.now() - OVERDUE, limit=1))

    async def run_now(self, schedule: Schedule, *, key: str) -> None:
        """Begin one run by hand, once for each key; the timing goes on as it was. Raises StoreUnavailable."""
        now = self._clock.now()
        firing = by_hand(self._aimed(schedule), key=key, now=now)
        await self._dispatch(await self._schedules.fire([firing], now=now))

    def _aimed(self, schedule: Schedule) -> Schedule:
        return schedule if self._posting is None else self._posting.aimed(schedule)

    async def _dispatch(self, delegations: Sequence[Delegation]) -> None:
        now = self._clock.now()
        jobs = [
            job
            for delegation in delegations
            for job in to_jobs(delegation, due(delegation, now=now), step_timeout_seconds=0.0)
        ]
        try:
            await self._queue.enqueue(jobs)
        except QueueUnavailable:
            logger.warning("queue out: %d runs of schedules wait for reconcile", len(delegations))


def pausing(
    schedules: Schedules, *, clock: Clock, posting: Posting | None = None
) -> Callable[[Address, str], Awaitable[None]]:
    """What pauses every schedule whose answers go to a place that nobody can write to any more."""

    async def pause(address: Address, reason: str) -> None:
        for listed in (address,) if posting is None else posting.listed_at(address):
            paused = await schedules.pause_where(
                platform=listed.platform,
                workspace=listed.workspace,
                place=listed.place,
                reason=reason,
                now=clock.now(),
            )
            if paused:
                logger.warning("paused %d schedules: %s", paused, reason)

    return pause


def to_firing(schedule: Schedule, *, now: datetime) -> Firing:
    """What becomes of a due schedule: which slots were missed, which one runs, and when it comes again. Pure."""
    passed = _passed(schedule, now=now)
    latest = passed[-1]
    runs = _runs(schedule, late=now - latest)
    missed = passed[:-1] if runs else passed
    delegation_id = to_delegation_id(schedule, latest.isoformat())
    slots = [_slot(schedule, slot, SlotOutcome.MISSED, at=now) for slot in missed[-REMEMBERED:]]
    if runs:
        slots.append(_slot(schedule, latest, SlotOutcome.FIRED, at=now, delegation_id=delegation_id))
    upcoming = following(schedule.timing, zone=schedule.zone, after=now)
    return Firing(
        schedule_id=schedule.id,
        expected=schedule.next_slot,
        slots=tuple(slots),
        state=ScheduleState.ACTIVE if upcoming else ScheduleState.ENDED,
        next_slot=upcoming[0] if upcoming else None,
        instruction=to_instruction(schedule, latest.isoformat()) if runs else None,
        delegation_id=delegation_id,
    )


def by_hand(schedule: Schedule, *, key: str, now: datetime) -> Firing:
    """A run on a person's wish."""
    delegation_id = to_delegation_id(schedule, key)
    return Firing(
        schedule_id=schedule.id,
        expected=None,
        slots=(_slot(schedule, now, SlotOutcome.MANUAL, at=now, delegation_id=delegation_id),),
        state=schedule.state,
        next_slot=schedule.next_slot,
        instruction=to_instruction(schedule, key),
        delegation_id=delegation_id,
    )


def to_instruction(schedule: Schedule, slot: str) -> Instruction:
    """The instruction of one slot; its key is the schedule and the slot, so that a slot runs once."""
    return Instruction(
        key=f"{ORIGIN}:{schedule.id}:{slot}",
        text=schedule.text,
        person=schedule.person.model_copy(update={"zone": schedule.zone}),
        address=schedule.address,
        origin=ORIGIN,
        preferred_agents=(schedule.agent,) if schedule.agent else (),
    )


def to_delegation_id(schedule: Schedule, slot: str) -> str:
    """The same slot always makes the same delegation."""
    return hashlib.blake2b(f"{schedule.id}\n{slot}".encode(), digest_size=16).hexdigest()


def _slot(
    schedule: Schedule,
    slot: datetime,
    outcome: SlotOutcome,
    *,
    at: datetime,
    delegation_id: str | None = None,
) -> Slot:
    return Slot(schedule_id=schedule.id, slot=slot, outcome=outcome, delegation_id=delegation_id, at=at)


def _runs(schedule: Schedule, *, late: timedelta) -> bool:
    if late <= PUNCTUAL or schedule.missed is MissedPolicy.RUN_ONCE:
        return True
    within = timedelta(seconds=schedule.missed_within_seconds)
    return schedule.missed is MissedPolicy.RUN_IF_WITHIN and late <= within


def _passed(schedule: Schedule, *, now: datetime) -> list[datetime]:
    """The slots from the one that is due up to now, oldest first; of very many only the latest.

    However long the machine slept, not every slot of a short interval is looked at.
    """
    first = schedule.next_slot
    if first is None:
        raise ValueError(f"schedule {schedule.id} is not due")
    if isinstance(schedule.timing, Once):
        return [first]
    if isinstance(schedule.timing, Interval):
        step = timedelta(seconds=schedule.timing.seconds)
        count = (now - first) // step + 1
        return [first + step * n for n in range(max(0, count - REMEMBERED - 1), count)]
    for look_back in LOOK_BACKS:
        start = max(first, now - look_back)
        found = [first] if start == first else []
        after = start
        while coming := following(schedule.timing, zone=schedule.zone, after=after):
            after = coming[0]
            if after > now:
                break
            found.append(after)
        if start == first or len(found) > REMEMBERED:
            return found
    return [first]
