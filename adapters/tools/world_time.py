"""Times around the world, and which day something is."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from adapters.text.dates import date_within, to_date
from adapters.text.markdown import line
from adapters.text.moment import Moment, to_time
from adapters.text.moments import to_moment
from adapters.text.places import Place, resolve, zone_of
from adapters.text.words import own_words
from adapters.tools import ToolParts
from core.errors import ToolFailed
from core.models import Task
from core.ports.tool import Effect, ToolOutput


class WorldTime:
    """Answers from the task's own present instant, so that a repeated step says the same."""

    name: str = "world_time"
    description: str = (
        "Tells the time now in places, converts a time of day between places, says which day a date is and counts "
        "days, weeks or months between dates."
    )
    arguments: type[Moment] = Moment
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = None

    def parse(self, task: Task) -> Moment | None:
        previous = task.history[-1].instruction if task.history else ""
        return to_moment(own_words(task), today=_here(task).date(), previous=previous)

    def named_by(self, arguments: Moment) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Moment, *, task: Task, idempotency_key: str) -> ToolOutput:
        try:
            return ToolOutput(text=_ANSWERS[arguments.about](arguments, task))
        except (OverflowError, ValueError) as error:
            raise ToolFailed(
                "That is outside the calendar that I can work with (years 1 to 9999)."
            ) from error


def build(parts: ToolParts) -> WorldTime:
    return WorldTime()


def _here(task: Task) -> datetime:
    try:
        return task.now.astimezone(ZoneInfo(task.zone))
    except (KeyError, ValueError, OSError):
        return task.now


def _place(name: str, task: Task) -> Place:
    found = resolve(name, here=task.zone)
    if found is None:
        raise ToolFailed(
            f"I don't know the time zone of {line(name, limit=60)}; name a city or a zone such as Europe/Berlin."
        )
    return found


def _rules(place: Place) -> tzinfo:
    zone = zone_of(place)
    if zone is not None:
        return zone
    sign = -1 if place.zone[3] == "-" else 1
    return timezone(sign * timedelta(hours=int(place.zone[4:6]), minutes=int(place.zone[7:9])))


_AMOUNT = re.compile(r"(?:in )?(\d{1,4}|[a-z]+(?: an)?) (?:and a half )?(hour|minute)s?(.*)")


def _at(asked: Moment, task: Task) -> datetime:
    """The present, or so many hours or minutes from it."""
    match = _AMOUNT.fullmatch(asked.start.lower()) if asked.start else None
    if match is None:
        return task.now
    words = {"a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "half an": 0.5}
    count = float(match.group(1)) if match.group(1).isdigit() else words.get(match.group(1), 1)
    count += 0.5 if "and a half" in asked.start else 0
    change = timedelta(**{f"{match.group(2)}s": count})
    return task.now - change if "ago" in match.group(3) else task.now + change


def _now(asked: Moment, task: Task) -> str:
    now = _at(asked, task)
    verb = "It is" if now == task.now else f"{asked.start[:1].upper()}{asked.start[1:]}, it is"
    places = tuple(_place(name, task) for name in asked.places) or (Place("here", task.zone),)
    if len(places) == 1:
        there = now.astimezone(_rules(places[0]))
        where = f"({task.zone})" if places[0].name == "here" else f"in {places[0].name}"
        return f"{verb} **{there:%H:%M}** {where}, {_day(there.date())} ({_offset(there)})."
    rows = []
    for place in places:
        there = now.astimezone(_rules(place))
        rows.append(f"- {place.name}: **{there:%H:%M}**, {_day(there.date())} ({_offset(there)})")
    return "\n".join(rows)


def _convert(asked: Moment, task: Task) -> str:
    clock = to_time(asked.time)
    if clock is None:
        raise ToolFailed(f"I can't read the time {line(asked.time, limit=20)}; write it like 15:30 or 3pm.")
    source = _place(asked.source or "here", task)
    rules = _rules(source)
    start = datetime.combine(task.now.astimezone(rules).date(), clock, tzinfo=rules)
    said = f"{clock:%H:%M} {_where(source)}"
    parts = []
    for name in asked.places or ("here",):
        target = _place(name, task)
        there = start.astimezone(_rules(target))
        days = (there.date() - start.date()).days
        note = {1: " the next day", -1: " the day before"}.get(days, "")
        parts.append((f"**{there:%H:%M}**{note} {_where(target)}", f"({_offset(there)})"))
    if len(parts) == 1:
        return f"{said} is {parts[0][0]} (today: {_offset(start)} to {parts[0][1][1:-1]})."
    return f"{said} ({_offset(start)}) is:\n" + "\n".join(f"- {text} {offset}" for text, offset in parts)


def _where(place: Place) -> str:
    return f"here ({place.zone})" if place.name == "here" else f"in {place.name}"


def _difference(asked: Moment, task: Task) -> str:
    first = _place(asked.places[0] if asked.places else "here", task)
    second = _place(asked.places[1] if len(asked.places) > 1 else "here", task)
    one, two = (task.now.astimezone(_rules(place)) for place in (first, second))
    minutes = round(
        ((one.utcoffset() or timedelta()) - (two.utcoffset() or timedelta())).total_seconds() / 60
    )
    names = [place.zone if place.name == "here" else place.name for place in (first, second)]
    times = f"{names[0]} {one:%H:%M}, {names[1]} {two:%H:%M}"
    if minutes == 0:
        return f"{names[0]} and {names[1]} have the **same time** now ({times})."
    hours, rest = divmod(abs(minutes), 60)
    length = f"{hours} h {rest} min" if rest else _count(hours, "hour")
    return f"{names[0]} is **{length}** {'ahead of' if minutes > 0 else 'behind'} {names[1]} now ({times})."


def _date(asked: Moment, task: Task) -> str:
    today = _here(task).date()
    day = _resolved(asked.start or "today", today)
    away = (day - today).days
    distance = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(away)
    if distance is None:
        distance = f"in {_count(away, 'day')}" if away > 0 else f"{_count(-away, 'day')} ago"
    return f"**{_day(day)}** ({day.isoformat()}, week {day.isocalendar().week}; {distance})."


def _between(asked: Moment, task: Task) -> str:
    here = _here(task)
    today = here.date()
    month = re.fullmatch(r"the month after (.+)", asked.end)
    if month is not None:
        return _month_length(_resolved(month.group(1), today))
    clock = to_time(re.sub(r"^(?:at )|[ ?.!]+$", "", asked.end.strip()))
    if clock is not None and not asked.start:
        return _until_time(here, clock)
    start, end = _resolved(asked.start or "today", today), _resolved(asked.end or "today", today)
    amount = _amount(min(start, end), max(start, end), asked.unit)
    if start == today and end > today:
        return f"**{amount}** until {_day(end)}."
    if end == today and start < today:
        return f"**{amount}** since {_day(start)}."
    if start == today and end < today:
        return f"{_day(end)} was **{amount}** ago."
    return f"**{amount}** from {_day(start)} to {_day(end)}."


def _month_length(first: date) -> str:
    days = calendar.monthrange(first.year, first.month)[1]
    return f"{first:%B} {first.year} has **{days} days**."


def _until_time(here: datetime, clock: time) -> str:
    end = datetime.combine(here.date(), clock, tzinfo=here.tzinfo)
    if end.timestamp() <= here.timestamp():
        end = datetime.combine(here.date() + timedelta(days=1), clock, tzinfo=here.tzinfo)
    minutes = int((end.timestamp() - here.timestamp()) // 60)
    hours, rest = divmod(minutes, 60)
    length = " and ".join(
        part
        for part in (_count(hours, "hour") if hours else "", _count(rest, "minute") if rest else "")
        if part
    )
    return (
        f"**{length or 'Less than a minute'}** until "
        f"{clock:%H:%M}{'' if end.date() == here.date() else ' tomorrow'}."
    )


def _amount(start: date, end: date, unit: str) -> str:
    days = (end - start).days
    if unit == "working days":
        return _count(_working_days(start, days), "working day")
    if unit == "weeks":
        weeks, rest = divmod(days, 7)
        return f"{_count(weeks, 'week')} and {_count(rest, 'day')}" if rest else _count(weeks, "week")
    if unit in ("hours", "minutes"):
        return _count(days * (24 if unit == "hours" else 1440), unit[:-1])
    if unit in ("months", "years"):
        return _months(start, end, years=unit == "years")
    return _count(days, "day")


def _working_days(start: date, days: int) -> int:
    """Monday to Friday from `start` on, `days` calendar days."""
    weeks, rest = divmod(days, 7)
    return weeks * 5 + sum((start + timedelta(days=offset)).weekday() < 5 for offset in range(rest))


def _months(start: date, end: date, *, years: bool) -> str:
    months = (end.year - start.year) * 12 + end.month - start.month
    if end.day < start.day:
        months -= 1
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    reached = date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
    rest = (end - reached).days
    parts = [(months // 12, "year"), (months % 12, "month")] if years else [(months, "month")]
    named = [_count(number, noun) for number, noun in (*parts, (rest, "day")) if number]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1] if named else "0 days")))


def _week(asked: Moment, task: Task) -> str:
    today = _here(task).date()
    day = _resolved(asked.start or "today", today)
    year, week, _ = day.isocalendar()
    monday = day - timedelta(days=day.weekday())
    verb = "is in week" if asked.start else "is week"
    subject = _day(day) if asked.start else "This"
    return f"{subject} {verb} **{week}** of {year} ({_day(monday)} to {_day(monday + timedelta(days=6))})."


def _resolved(text: str, today: date) -> date:
    day = to_date(text, today=today) or date_within(text, today=today)
    if day is None:
        raise ToolFailed(f'I can\'t tell which date "{line(text, limit=60)}" is; write it like 2027-03-01.')
    return day


def _day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _offset(moment: datetime) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def _leap(asked: Moment, task: Task) -> str:
    match = re.search(r"\d{1,4}", asked.start)
    year = int(match.group()) if match else _here(task).year
    return f"{year} is **{'a leap year' if calendar.isleap(year) else 'no leap year'}**."


def _epoch(asked: Moment, task: Task) -> str:
    digits = re.sub(r"\D", "", asked.start)[:13]
    seconds = int(digits or "0") // (1000 if len(digits) > 11 else 1)
    there = datetime.fromtimestamp(seconds, tz=_here(task).tzinfo)
    return f"**{_day(there.date())}, {there:%H:%M:%S}** ({task.zone}, {_offset(there)})."


_ANSWERS = {
    "leap": _leap,
    "epoch": _epoch,
    "now": _now,
    "convert": _convert,
    "difference": _difference,
    "date": _date,
    "between": _between,
    "week": _week,
}
