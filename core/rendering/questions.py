"""What is asked, or said, where a schedule's timing is incomplete or can't be."""

from __future__ import annotations

from collections.abc import Sequence

from core.rendering.grammar import listed, shortened
from core.rendering.times import in_units

SAY_WHEN = 'When? Answer here, for example "every weekday at 9", "every 2 hours" or "on the 1st at 8".'
SAY_WHAT = "What shall I do then? Say it together with the time, please."
ONLY_WHEN = 'Say when, and nothing else: "every weekday at 9", "on the 1st at 8".'
AT_WHAT_TIME = "At what time?"
ON_WHICH = {
    "week": 'On which day, and at what time? For example "every Monday at 9".',
    "month": 'On which day of the month, and at what time? For example "on the 1st at 8".',
    "year": 'On which date, and at what time? For example "every 1 March at 8".',
}
NO_SUCH_TIME = "There is no such time of day; hours go from 0 to 23, or to 12 with am and pm."
NO_SUCH_DAY = "There is no such day of the month; they go from 1 to 31."
NO_SUCH_DATE = "There is no such date; say another one."
HAS_PASSED = "That time has passed already; say a later one."
OFTEN_OR_MONTHLY = 'Every so often, or on a day of the month? For example "on the 1st at 8".'
FROM_WHEN_TO_WHEN = (
    'From when to when? For example "every 2 hours between 9 and 17", or just "every 2 hours".'
)
BETWEEN_WHICH_HOURS = "Between which hours? They go from 0 to 23, the earlier one first."
UNEVEN = (
    "On some days or hours only, the interval has to divide an hour or a day evenly; "
    "say every 15 minutes, or every 2 hours."
)
WEEK_OR_MONTH = "On which days exactly? One schedule takes either days of the week or days of the month."
ONE_MINUTE_EACH = "Times with different minutes need a schedule each; say one after the other, please."
ONE_TIME = "At which of these times? For one run say one time."
FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
"""The five fields of a cron expression, in order."""
SAY_SO = (
    "Say when, then perhaps a colon and the instruction, for example "
    '"every weekday at 9 Europe/Berlin: headlines".'
)
HAS_TO_COME_AGAIN = "An agent's schedule has to come again; this is once."
NO_SCHEDULE_ANY_MORE = "Its agent has no schedule any more."


def too_hard(said: str) -> str:
    return (
        f'"{said}" is more than one schedule can say. '
        "It takes days of the week, days of the month, or every so many minutes or hours."
    )


def too_often(minimum_seconds: int) -> str:
    return f"That is too often; every {in_units(minimum_seconds)} is the shortest interval here."


def five_fields(count: int) -> str:
    return f"A cron expression has exactly five fields (minute, hour, day, month, weekday); this has {count}."


def never_comes(*, day: str, month: str) -> str:
    return f"The day of the month ({shortened(day)}) never comes in the month ({shortened(month)})."


def bad_step(field: str, *, given: str, highest: int) -> str:
    return f"The {field} ({shortened(given)}) has a step that is no number from 1 to {highest}."


def bad_field(field: str, *, given: str, lowest: int, highest: int) -> str:
    return (
        f"The {field} ({shortened(given)}) is not understood: it takes numbers from {lowest} to {highest}, "
        "ranges that go upwards, lists, steps and *."
    )


def no_zone(said: str, *, near: Sequence[str]) -> str:
    """That it is no time zone, and which ones look like it."""
    names = listed(near)
    if not said:
        return f"The time zone is empty; near to it are {names}."
    return f'"{said}" is no time zone; near to it are {names}.'


def says_nothing(said: str) -> str:
    """Of words that stand where an agent's file should say when."""
    return f'"{said}" says nothing about when. {SAY_SO}'


def no_routine(agent: str, *, schedule: str, reason: str) -> str:
    return f'The agent {agent} does not run by itself, its schedule "{schedule}" can\'t be: {reason}'


def no_place(post_to: str, *, examples: Sequence[str]) -> str:
    """Of what is no place to post to; the examples are one of each platform."""
    shown = " or ".join(examples)
    return f'"{post_to}" names no place to post to: it takes platform:workspace:place, such as {shown}.'


def not_reached(post_to: str, *, reason: str) -> str:
    return f"The answers can't go to {post_to}: {reason}"


def not_looked_up(platform: str) -> str:
    return f"{platform} did not say whether something can be posted there; nothing was saved. Try again in a moment."


def no_target(agent: str, *, post_to: str, platforms: Sequence[str]) -> str:
    return (
        f'The agent {agent} does not run by itself, its post_to "{post_to}" can\'t be: '
        f"it takes platform:workspace:place, the platforms are {listed(platforms)}."
    )
