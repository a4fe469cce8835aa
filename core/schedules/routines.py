"""Agents that run by themselves: the `schedule` in each one's front matter is kept as one row.

The file decides: a row follows its agent's file at every start, and ends with it. What a person did to the row (paused
it, deleted it) stands until the file says something else.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import ConfigurationError, InvalidSchedule
from core.models import Agent, Frozen, Person, Schedule, ScheduleState
from core.models.schedule import Cron, Interval, Once, Timing
from core.ports.clock import Clock
from core.ports.schedules import Schedules
from core.rendering import questions
from core.schedules.phrases import read
from core.schedules.posting import Posting, to_address
from core.schedules.timing import check_cron, check_timing, check_zone, following
from core.schedules.understanding import Understood

logger = logging.getLogger(__name__)
ID_BYTES = 6
_COLON = re.compile(r":(?:\s+|$)")
_CRON_FIELD = re.compile(r"[\d*/,#L-]*[\d*][\d*/,#L-]*")
_ZONE = re.compile(r"\s+\(?(?P<zone>[^\s()]*/[^\s()]*[A-Za-z][^\s()]*|UTC\S*|GMT\S*)\)?$")
_WORD = re.compile(r"\(?(?P<word>[A-Za-z.][\w./+-]*)\)?")


class Routine(Frozen):
    """What an agent does by itself, and when."""

    text: str
    timing: Timing
    zone: str


@dataclass(frozen=True)
class RoutineRules:
    """What an agent's `schedule` and `post_to` are held against."""

    platforms: Collection[str]
    """Where answers can be posted."""
    minimum_seconds: int = 60
    default_zone: str = "UTC"


class Routines:
    """Keeps the rows of agents that run by themselves as their files say."""

    def __init__(
        self,
        *,
        schedules: Schedules,
        clock: Clock,
        person: Person,
        posting: Posting,
        rules: RoutineRules,
    ) -> None:
        self._schedules = schedules
        self._clock = clock
        self._person = person
        self._posting = posting
        self._rules = rules

    async def settle(self, agents: Mapping[str, Agent]) -> tuple[str, ...]:
        """Make the rows what the files say; returns one sentence for each schedule that can't be.

        Safe to repeat and to run in several processes at once. Raises StoreUnavailable.
        """
        wanted, problems = read_routines(agents.values(), now=self._clock.now(), rules=self._rules)
        rows = {row.id: row for row in await self._schedules.of_agents()}
        for name, routine in wanted.items():
            row = rows.pop(to_routine_id(name), None) or await self._begin(name, routine)
            await self._follow(row, routine)
        for row in rows.values():
            await self._end(row, reason=problems.get(row.agent or "", questions.NO_SCHEDULE_ANY_MORE))
        return tuple(problems.values())

    async def _begin(self, name: str, routine: Routine) -> Schedule:
        return await self._schedules.save(
            Schedule(
                id=to_routine_id(name),
                text=routine.text,
                person=self._person,
                address=self._posting.own_place(name),
                timing=routine.timing,
                zone=routine.zone,
                agent=name,
                created_at=self._clock.now(),
            )
        )

    async def _follow(self, row: Schedule, routine: Routine) -> None:
        in_time = _is_same(row.timing, routine.timing) and row.zone == routine.zone
        standing = row.state not in (ScheduleState.PROPOSED, ScheduleState.ENDED)
        if standing and in_time and row.text == routine.text:
            return
        timing = row.timing if in_time else routine.timing
        kept = row.next_slot if in_time and row.state is ScheduleState.ACTIVE else None
        now = self._clock.now()
        coming = following(timing, zone=routine.zone, after=now)
        values = {
            "text": routine.text,
            "timing": timing,
            "zone": routine.zone,
            "state": ScheduleState.ACTIVE,
            # A slot that is due already still runs.
            "next_slot": kept or coming[0],
            "reason": "",
        }
        await self._change(row, values)

    async def _end(self, row: Schedule, *, reason: str) -> None:
        if row.state is not ScheduleState.ENDED:
            await self._change(row, {"state": ScheduleState.ENDED, "next_slot": None, "reason": reason})

    async def _change(self, row: Schedule, values: Mapping[str, object]) -> None:
        changed = row.model_copy(update=dict(values))
        if await self._schedules.change(changed, expected=(row.state,), now=self._clock.now()):
            logger.info("the schedule of the agent %s is %s", row.agent, changed.state.value)


def read_routines(
    agents: Iterable[Agent], *, now: datetime, rules: RoutineRules
) -> tuple[dict[str, Routine], dict[str, str]]:
    """By agent: what each does by itself, and a sentence for each whose schedule can't be. Pure."""
    routines: dict[str, Routine] = {}
    problems: dict[str, str] = {}
    for agent in agents:
        if agent.schedule is None:
            continue
        try:
            routines[agent.name] = to_routine(agent, now=now, rules=rules)
        except ConfigurationError as error:
            problems[agent.name] = error.sentence
    return routines, problems


def to_routine(agent: Agent, *, now: datetime, rules: RoutineRules) -> Routine:
    """What the agent's `schedule` says. Raises ConfigurationError naming the agent and what is wrong with it.

    Without an instruction of its own the agent is told its description.
    """
    said = " ".join((agent.schedule or "").split())
    colon = _COLON.search(said)
    when, text = (said[: colon.start()], said[colon.end() :]) if colon is not None else (said, "")
    text = text.strip().removeprefix(f"@{agent.name}").strip()
    try:
        timing, zone = _to_timing(when.strip(), now=now, zone=rules.default_zone)
        check_timing(timing, zone=zone, minimum_seconds=rules.minimum_seconds, now=now)
    except InvalidSchedule as wrong:
        raise ConfigurationError(
            questions.no_routine(agent.name, schedule=said[:80], reason=wrong.sentence)
        ) from wrong
    target = to_address(agent.post_to or "")
    if agent.post_to is not None and (target is None or target.platform not in rules.platforms):
        raise ConfigurationError(
            questions.no_target(agent.name, post_to=agent.post_to[:80], platforms=sorted(rules.platforms))
        )
    return Routine(text=text or agent.description, timing=timing, zone=zone)


def to_routine_id(agent: str) -> str:
    """The same agent always has the same row."""
    return hashlib.blake2b(f"agent\n{agent}".encode(), digest_size=ID_BYTES).hexdigest()


def _to_timing(when: str, *, now: datetime, zone: str) -> tuple[Timing, str]:
    named = _ZONE.search(when)
    if named is not None:
        when, zone = when[: named.start()], check_zone(named["zone"])
    check_zone(zone)
    if _is_cron(when):
        return Cron(expression=check_cron(when)), zone
    phrase = read(when, now=now, zone=zone)
    if phrase is None:
        raise InvalidSchedule(questions.SAY_SO, field="when")
    if not isinstance(phrase, Understood):
        raise InvalidSchedule(phrase.question, field="when")
    if phrase.instruction:
        word = _WORD.fullmatch(phrase.instruction)
        if word is not None:
            # Behind a time a single word is most likely meant as a zone.
            check_zone(word["word"])
        raise InvalidSchedule(questions.says_nothing(phrase.instruction[:60]), field="when")
    if isinstance(phrase.timing, Once):
        raise InvalidSchedule(questions.HAS_TO_COME_AGAIN, field="when")
    return phrase.timing, phrase.zone


def _is_cron(when: str) -> bool:
    """Whether it is meant as cron fields: words say when without a star, and without five numbers in a row."""
    fields = when.split()
    return "*" in fields or (len(fields) >= 5 and all(_CRON_FIELD.fullmatch(field) for field in fields[:4]))


def _is_same(one: Timing, other: Timing) -> bool:
    """Whether two timings mean the same; an interval goes on from where it was counted first."""
    if isinstance(one, Interval) and isinstance(other, Interval):
        return one.seconds == other.seconds
    return one == other
