"""From the parts that were said to a timing, or to the one question that is missing. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.models.schedule import Cron, Interval, Once, Timing
from core.rendering import questions
from core.schedules.clock_times import ClockTime
from core.schedules.when import When

EVENING_PARTS = ("afternoon", "evening", "night")


class Missing(Exception):
    """A question for the person, instead of a guess."""


def to_timing(when: When, *, now: datetime, zone: str) -> Timing:
    """The timing. Raises Missing with one question or sentence where something is missing or can't be."""
    if when.too_hard:
        raise Missing(questions.too_hard(when.too_hard.strip().capitalize()))
    if any(time.problem for time in when.times):
        raise Missing(questions.NO_SUCH_TIME)
    if when.interval is not None:
        return _every(when, now=now)
    if when.in_seconds is not None:
        return Once(at=(now + timedelta(seconds=when.in_seconds)).astimezone(UTC))
    return _cron(when) if when.recurring else _once(when, now=now, zone=zone)


def _every(when: When, *, now: datetime) -> Timing:
    interval = when.interval or 0
    days = _days_of_week(when)
    bounded = when.hours is not None or days != "*" or when.on_the_hour
    if when.month_days or when.nth or when.last_day:
        raise Missing(questions.OFTEN_OR_MONTHLY)
    if when.times and not bounded:
        raise Missing(questions.FROM_WHEN_TO_WHEN)
    if not bounded:
        return Interval(seconds=interval, since=now)
    hours = "*" if when.hours is None else _hours(when.hours)
    if interval < 3600 and interval % 60 == 0 and 3600 % interval == 0:
        return Cron(
            expression=f"*/{interval // 60} {hours} * * {days}" if interval > 60 else f"* {hours} * * {days}"
        )
    if interval % 3600 == 0 and 86400 % interval == 0:
        count = interval // 3600
        return Cron(expression=f"0 {hours if count == 1 else f'{hours}/{count}'} * * {days}")
    raise Missing(questions.UNEVEN)


def _hours(hours: tuple[int, int]) -> str:
    first, last = hours
    if not 0 <= first < last <= 23:
        raise Missing(questions.BETWEEN_WHICH_HOURS)
    return f"{first}-{last}"


def _cron(when: When) -> Cron:
    if when.one_weekday is not None:
        when.weekdays.add(when.one_weekday)
    of_month = bool(when.month_days) + when.last_day + (when.nth is not None)
    if of_month > 1 or (of_month and when.weekdays) or when.hours is not None:
        raise Missing(questions.WEEK_OR_MONTH)
    if when.date is not None:
        _, month, day = when.date
        when.months, when.month_days = {month}, {day}
    specific = bool(when.weekdays or when.month_days or when.nth or when.last_day or when.daily)
    if not specific:
        raise Missing(questions.ON_WHICH[when.needs or "week"])
    minutes, hours = _clock(when)
    months = _listed(when.months) if when.months else "*"
    days = "L" if when.last_day else _listed(when.month_days) if when.month_days else "*"
    if any(not 1 <= day <= 31 for day in when.month_days):
        raise Missing(questions.NO_SUCH_DAY)
    return Cron(expression=f"{minutes} {hours} {days} {months} {_days_of_week(when)}")


def _days_of_week(when: When) -> str:
    if when.nth is not None:
        day, place = when.nth
        return f"{day}L" if place == "L" else f"{day}#{place}"
    if not when.weekdays or len(when.weekdays) == 7:
        return "*"
    days = sorted(when.weekdays)
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{days[0]}-{days[-1]}"
    return _listed(when.weekdays)


def _clock(when: When) -> tuple[str, str]:
    if not when.times:
        raise Missing(questions.AT_WHAT_TIME)
    times = sorted({_settled(time, when.part) for time in when.times})
    minutes = {minute for _, minute in times}
    if len(minutes) > 1 and len({hour for hour, _ in times}) > 1:
        raise Missing(questions.ONE_MINUTE_EACH)
    return _listed(minutes), _listed({hour for hour, _ in times})


def _once(when: When, *, now: datetime, zone: str) -> Once:
    local = now.astimezone(ZoneInfo(zone))
    if not when.times:
        raise Missing(questions.AT_WHAT_TIME)
    if len(when.times) > 1:
        raise Missing(questions.ONE_TIME)
    hour, minute = _settled(when.times[0], when.part)
    day = _day(when, local.date())
    at = _instant(day, hour, minute, zone)
    if at <= now and when.date is not None and when.date[0] is None:
        at = _instant(_date(day.year + 1, day.month, day.day), hour, minute, zone)
    if at <= now and when.one_weekday is not None:
        at = _instant(day + timedelta(days=7), hour, minute, zone)
    if at <= now and when.one_weekday is None and when.date is None and when.in_days is None:
        at = _instant(day + timedelta(days=1), hour, minute, zone)
    if at <= now:
        raise Missing(questions.HAS_PASSED)
    return Once(at=at)


def _day(when: When, today: date) -> date:
    if when.date is not None:
        year, month, day = when.date
        return _date(year or today.year, month, day)
    if when.one_weekday is not None:
        return today + timedelta(days=(when.one_weekday - today.isoweekday()) % 7)
    return today + timedelta(days=when.in_days or 0)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Missing(questions.NO_SUCH_DATE) from None


def _instant(day: date, hour: int, minute: int, zone: str) -> datetime:
    # The first of two, where that time comes twice; the same time after the change, where it doesn't come.
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _settled(time: ClockTime, part: str) -> tuple[int, int]:
    """The time, where "tonight at 8" means 20:00."""
    late = part in EVENING_PARTS and time.vague and not (part == "night" and time.hour < 5)
    return (time.hour + 12 if late else time.hour), time.minute


def _listed(numbers: set[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))
