"""`/api/v1/schedules`: instructions that come again."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from adapters.assembly import Assembly
from adapters.chat.text import clean
from adapters.operator import PLATFORM, WORKSPACE
from adapters.posting import FIELD, check_target
from bot.http import contract
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.parts import Parts
from bot.http.problems import refused
from bot.http.schedule_schemas import RunOut, ScheduleIn, ScheduleOut
from core.errors import InvalidInstruction, InvalidSchedule, NotFound
from core.intake import check_instruction
from core.models import (
    Address,
    Instruction,
    Person,
    Schedule,
    ScheduleState,
)
from core.models.schedule import Cron, Interval, MissedPolicy, Once, Timing
from core.ports.schedules import Seen
from core.rendering.questions import ONLY_WHEN
from core.rendering.timings import in_words
from core.schedules.commands import Change
from core.schedules.desk import RUNS_SHOWN
from core.schedules.phrases import read
from core.schedules.timing import check_cron, check_zone, following
from core.schedules.understanding import Unclear, Understood

PLACE = "schedules"
SLOTS_SHOWN = 10
UNKNOWN = "There is no such schedule."

router = APIRouter(prefix="/api/v1/schedules", tags=["schedules"])


Given = Annotated[ScheduleIn, Depends(body_of(ScheduleIn))]


@router.get(
    "",
    summary="List schedules",
    responses={200: contract.example("every schedule", "schedules"), **contract.refusals(401, 503)},
)
async def schedules(asker: Asker, assembly: Parts) -> list[ScheduleOut]:
    """The active and paused schedules that were made over the API, in the terminal and on the page."""
    found = await assembly.schedules.listed(PLATFORM, WORKSPACE)
    seen = await assembly.schedules.seen([schedule.id for schedule in found], slots=SLOTS_SHOWN)
    return [_to_out(assembly, one, runs=1) for one in seen]


@router.post(
    "",
    summary="Make a schedule",
    status_code=201,
    responses={201: contract.example("saved", "schedule"), **contract.refusals(401, 409, 413, 415, 422, 503)},
    openapi_extra=documented(ScheduleIn, contract.shown("scheduleRequest")),
)
async def create(asker: Asker, assembly: Parts, given: Given) -> ScheduleOut:
    """Save and activate a schedule; the answer shows how it was understood, and its next three runs.

    With `postTo` its answers are posted into a chat, and it runs in that chat's workspace, with the agents, services
    and budgets that are there; the place is looked up now.
    """
    zone = given.zone if given.zone is not None else assembly.settings.flowmate_zone
    try:
        timing, zone = _timing(given, zone=check_zone(zone), now=assembly.clock.now())
        wanted = _to_schedule(asker, assembly, given, (timing, zone))
        if given.post_to is not None:
            await check_target(given.post_to, connections=assembly.connections)
        schedule = await assembly.desk.create(wanted)
    except InvalidSchedule as wrong:
        raise refused(_field(wrong.field, given), wrong.sentence) from wrong
    except InvalidInstruction as wrong:
        raise refused("instruction", wrong.sentence) from wrong
    return await _shown(assembly, schedule)


@router.get(
    "/{schedule_id}",
    summary="Look at a schedule",
    responses={200: contract.example("as it is now", "schedule"), **contract.refusals(401, 404, 503)},
)
async def schedule(schedule_id: str, asker: Asker, assembly: Parts) -> ScheduleOut:
    """One schedule, its next three runs and what became of the last ones."""
    return await _shown(assembly, await _own(assembly, schedule_id))


@router.post(
    "/{schedule_id}/pause",
    summary="Pause",
    responses={200: contract.example("as it is now", "schedule"), **contract.refusals(401, 404, 409, 503)},
)
async def pause(schedule_id: str, asker: Asker, assembly: Parts) -> ScheduleOut:
    """Let it rest until it is resumed."""
    return await _apply(assembly, schedule_id, "pause")


@router.post(
    "/{schedule_id}/resume",
    summary="Resume",
    responses={200: contract.example("as it is now", "schedule"), **contract.refusals(401, 404, 409, 503)},
)
async def resume(schedule_id: str, asker: Asker, assembly: Parts) -> ScheduleOut:
    """Go on with a paused schedule."""
    return await _apply(assembly, schedule_id, "resume")


@router.post(
    "/{schedule_id}/run",
    summary="Run now",
    responses={200: contract.example("as it is now", "schedule"), **contract.refusals(401, 404, 409, 503)},
)
async def run(schedule_id: str, asker: Asker, assembly: Parts) -> ScheduleOut:
    """Run it once, now; its timing stays as it is."""
    return await _apply(assembly, schedule_id, "run")


@router.delete(
    "/{schedule_id}",
    summary="Delete",
    responses={200: contract.example("as it is now", "schedule"), **contract.refusals(401, 404, 409, 503)},
)
async def delete(schedule_id: str, asker: Asker, assembly: Parts) -> ScheduleOut:
    """End it for good; what it did stays readable."""
    return await _apply(assembly, schedule_id, "delete")


async def _apply(assembly: Assembly, schedule_id: str, change: Change) -> ScheduleOut:
    found = await _own(assembly, schedule_id)
    return await _shown(assembly, await assembly.desk.apply(change, found))


async def _own(assembly: Assembly, schedule_id: str) -> Schedule:
    try:
        found = await assembly.schedules.load(schedule_id[:32])
    except NotFound:
        raise NotFound(UNKNOWN) from None
    if (found.address.platform, found.address.workspace) != (PLATFORM, WORKSPACE):
        raise NotFound(UNKNOWN)
    return found


def _timing(given: ScheduleIn, *, zone: str, now: datetime) -> tuple[Timing, str]:
    said = [name for name in ("when", "cron", "every_seconds") if getattr(given, name) is not None]
    if len(said) != 1:
        raise InvalidSchedule("Give exactly one of when, cron and everySeconds.", field="when")
    if given.cron is not None:
        return Cron(expression=check_cron(given.cron)), zone
    if given.every_seconds is not None:
        return Interval(seconds=given.every_seconds, since=now), zone
    understood = read(clean(given.when or ""), now=now, zone=zone)
    if understood is None or (isinstance(understood, Understood) and understood.instruction.strip()):
        raise InvalidSchedule(ONLY_WHEN, field="when")
    if isinstance(understood, Unclear):
        raise InvalidSchedule(understood.question, field="when")
    return understood.timing, understood.zone


def _to_schedule(person: Person, assembly: Assembly, given: ScheduleIn, when: tuple[Timing, str]) -> Schedule:
    timing, zone = when
    address = Address(platform=PLATFORM, workspace=WORKSPACE, place=PLACE)
    text = clean(given.instruction)
    check_instruction(Instruction(key="schedule", text=text, person=person, address=address, origin="api"))
    return Schedule(
        id=secrets.token_hex(6),
        text=text,
        person=person,
        address=address,
        post_to=given.post_to,
        timing=timing,
        zone=zone,
        missed=MissedPolicy(given.missed),
        missed_within_seconds=given.missed_within_seconds,
        created_at=assembly.clock.now(),
    )


def _field(field: str, given: ScheduleIn) -> str:
    if field != "timing":
        return "postTo" if field == FIELD else field
    return "cron" if given.cron is not None else "everySeconds" if given.every_seconds is not None else "when"


async def _shown(assembly: Assembly, schedule: Schedule) -> ScheduleOut:
    (seen,) = await assembly.schedules.seen([schedule.id], slots=SLOTS_SHOWN)
    return _to_out(assembly, seen, runs=RUNS_SHOWN)


def _to_out(assembly: Assembly, seen: Seen, *, runs: int) -> ScheduleOut:
    schedule = seen.schedule
    active = schedule.state is ScheduleState.ACTIVE
    now = assembly.clock.now()
    upcoming = following(schedule.timing, zone=schedule.zone, after=now, count=runs) if active else ()
    timing = schedule.timing
    agent = assembly.agents.get(schedule.agent or "")
    return ScheduleOut(
        id=schedule.id,
        number=schedule.number,
        instruction=schedule.text,
        agent=schedule.agent,
        when=in_words(timing, schedule.zone),
        cron=timing.expression if isinstance(timing, Cron) else None,
        every_seconds=timing.seconds if isinstance(timing, Interval) else None,
        at=timing.at if isinstance(timing, Once) else None,
        zone=schedule.zone,
        post_to=schedule.post_to or (agent.post_to if agent is not None else None),
        state=schedule.state,
        reason=schedule.reason,
        missed=schedule.missed,
        missed_within_seconds=schedule.missed_within_seconds,
        next_runs=list(upcoming),
        last_runs=[
            RunOut(slot=slot.slot, outcome=slot.outcome, delegation_id=slot.delegation_id)
            for slot in seen.slots
        ],
    )
