"""When a schedule is due: cron expressions and zones checked, and the next instants. Pure.

Cron means exactly five fields with the semantics of cronsim, which follows Debian's cron: a local time that a change
of the clock skips runs at once, one that it repeats runs once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from core.errors import InvalidSchedule
from core.models.schedule import Cron, Interval, Once, Timing
from core.rendering import questions
from core.rendering.questions import FIELDS

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
GAPS_LOOKED_AT = 400
MOST_DIGITS = 4
NO_PLACE = frozenset({"localtime", "Factory", "posixrules"})
"""What tzdata lists beside the zones (Factory: "the zone has not been set")."""


def check_cron(expression: str) -> str:
    """The expression with single spaces. Raises InvalidSchedule naming the field and what is wrong with it."""
    parts = expression.split()
    if len(parts) != len(FIELDS):
        raise InvalidSchedule(questions.five_fields(len(parts)), field="cron")
    for name, part, bounds in zip(FIELDS, parts, BOUNDS, strict=True):
        _check_field(name, part, bounds)
    joined = " ".join(parts)
    try:
        next(CronSim(joined, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration, AssertionError):
        raise InvalidSchedule(questions.never_comes(day=parts[2], month=parts[3]), field="cron") from None
    return joined


def _check_field(name: str, part: str, bounds: tuple[int, int]) -> None:
    low, high = bounds
    for term in part.split(","):
        _, slash, step = term.partition("/")
        if slash and not _is_step(step, highest=high):
            raise InvalidSchedule(questions.bad_step(name, given=part, highest=high), field="cron")
    sample = ["0", "0", "*", "*", "*"]
    sample[FIELDS.index(name)] = part
    try:
        CronSim(" ".join(sample), datetime(2024, 1, 1, tzinfo=UTC))
    except (CronSimError, AssertionError, ValueError, KeyError):
        raise InvalidSchedule(
            questions.bad_field(name, given=part, lowest=low, highest=high), field="cron"
        ) from None


def _is_step(said: str, *, highest: int) -> bool:
    # Python refuses to read a number of thousands of digits.
    return said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS and 1 <= int(said) <= highest


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all IANA zones."""
    return frozenset(available_timezones()) - NO_PLACE


def check_zone(name: str) -> str:
    """The name, if it is an IANA zone's. Raises InvalidSchedule with the nearest real names."""
    if name in zones():
        return name
    wanted = name.strip()[:60]
    names = _near(wanted) or ["Europe/Berlin", "America/New_York", "UTC"]
    raise InvalidSchedule(questions.no_zone(wanted, near=names), field="zone")


def _near(wanted: str) -> list[str]:
    """Up to three zones whose names, or last parts, look like this."""
    known = {name.casefold(): name for name in sorted(zones())}
    cities = {name.rsplit("/", 1)[-1]: name for name in known}
    said = wanted.casefold().replace(" ", "_")
    found = get_close_matches(said, known, n=3, cutoff=0.5)
    found += [cities[city] for city in get_close_matches(said, cities, n=2, cutoff=0.75)]
    found += [name for name in known if said and name.startswith(f"{said}/")][:3]
    return [known[name] for name in dict.fromkeys(found)][:3]


def following(timing: Timing, *, zone: str, after: datetime, count: int = 1) -> tuple[datetime, ...]:
    """Up to `count` instants strictly after `after`, as aware UTC datetimes; fewer where there are no more."""
    if isinstance(timing, Once):
        return (timing.at,) if timing.at > after else ()
    if isinstance(timing, Interval):
        step = timedelta(seconds=timing.seconds)
        passed = (after - timing.since) // step if after >= timing.since else -1
        first = max(1, passed + 1)
        return tuple(timing.since + step * (first + n) for n in range(count))
    after = after.astimezone(UTC)
    local = after.astimezone(ZoneInfo(zone))
    coming = CronSim(timing.expression, local)
    found: list[datetime] = []
    while len(found) < count:
        try:
            instant = next(coming).astimezone(UTC)
        except StopIteration:
            break
        if instant > after and instant not in found:
            found.append(instant)
    return tuple(found)


def check_timing(timing: Timing, *, zone: str, minimum_seconds: int, now: datetime) -> None:
    """Raise InvalidSchedule where this timing can't be."""
    check_zone(zone)
    if isinstance(timing, Cron):
        check_cron(timing.expression)
    check_minimum(timing, zone=zone, minimum_seconds=minimum_seconds, now=now)
    if not following(timing, zone=zone, after=now):
        raise InvalidSchedule(questions.HAS_PASSED, field="timing")


def check_minimum(timing: Timing, *, zone: str, minimum_seconds: int, now: datetime) -> None:
    """Raise InvalidSchedule where it comes more often than that."""
    shortest = float("inf")
    if isinstance(timing, Interval):
        shortest = timing.seconds
    elif not isinstance(timing, Once):
        slots = following(timing, zone=zone, after=now, count=GAPS_LOOKED_AT)
        gaps = ((later - sooner).total_seconds() for sooner, later in pairwise(slots))
        shortest = min(gaps, default=shortest)
    if shortest < minimum_seconds:
        raise InvalidSchedule(questions.too_often(minimum_seconds), field="timing")
