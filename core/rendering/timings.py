"""When a schedule comes, in words. Pure."""

from __future__ import annotations

import re

from core.models.schedule import Cron, Interval, Timing
from core.rendering.grammar import counted, listed, ordinal
from core.rendering.times import in_units, run_line

DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PLACES = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth"}


def in_words(timing: Timing, zone: str) -> str:
    """ "every weekday at 09:00 (Europe/Berlin)"; a cron expression that has no plain words stands for itself."""
    if isinstance(timing, Interval):
        return f"every {in_units(timing.seconds)}"
    if isinstance(timing, Cron):
        said = _plain(timing.expression) or f"`{timing.expression}`"
        return f"{said} ({zone})"
    return f"once, on {run_line(timing.at, zone)}"


def _plain(expression: str) -> str | None:
    minute, hour, day, month, weekday = expression.split()
    times = _times(minute, hour)
    if times is None:
        return None
    days = _days(day, month, weekday)
    return None if days is None else f"{days} {times}" if times.startswith("at") else f"{times}{_on(days)}"


def _on(days: str) -> str:
    return "" if days == "every day" else f", {days}"


def _times(minute: str, hour: str) -> str | None:
    if re.fullmatch(r"\d+(?:,\d+)*", minute) and re.fullmatch(r"\d+(?:,\d+)*", hour):
        said = [f"{int(h):02d}:{int(m):02d}" for h in hour.split(",") for m in minute.split(",")]
        return f"at {listed(said)}"
    step = re.fullmatch(r"\*/(\d+)", minute)
    minutes = int(step[1]) if step else 1 if minute == "*" else 0
    every = counted(minutes, "every minute", "every {count} minutes") if minutes else None
    hours = re.fullmatch(r"(\d+)-(\d+)", hour)
    if every and hours:
        return f"{every} from {int(hours[1]):02d}:00 to {int(hours[2]):02d}:59"
    if every and hour == "*":
        return every
    if minute != "0":
        return None
    hour_step = re.fullmatch(r"(\*|(\d+)-(\d+))(?:/(\d+))?", hour)
    if hour_step is None:
        return None
    hourly = counted(int(hour_step[4] or 1), "every hour, on the hour", "every {count} hours")
    return (
        hourly
        if hour_step[1] == "*"
        else f"{hourly} from {int(hour_step[2]):02d}:00 to {int(hour_step[3]):02d}:00"
    )


def _days(day: str, month: str, weekday: str) -> str | None:
    months = _months(month)
    if months is None:
        return None
    if day == "*" and weekday == "*":
        return "every day" if month == "*" else f"every day in {months}"
    if day == "*":
        said = _weekdays(weekday)
        return said if month == "*" or said is None else f"{said} in {months}"
    if weekday != "*":
        return None
    if day == "L":
        return f"on the last day of {'every month' if month == '*' else months}"
    if not re.fullmatch(r"\d+(?:,\d+)*", day):
        return None
    ordinals = listed([ordinal(int(number)) for number in day.split(",")])
    return f"on the {ordinals} of {'every month' if month == '*' else months}"


def _months(month: str) -> str | None:
    if month == "*":
        return ""
    if not re.fullmatch(r"\d+(?:,\d+)*", month):
        return None
    return listed([MONTH_NAMES[int(number) - 1] for number in month.split(",")])


def _weekdays(weekday: str) -> str | None:
    if weekday == "1-5":
        return "every weekday"
    if set(weekday.split(",")) in ({"0", "6"}, {"6", "7"}):
        return "every Saturday and Sunday"
    nth = re.fullmatch(r"(\d)(?:#(\d)|L)", weekday)
    if nth:
        return f"on the {PLACES[nth[2]] if nth[2] else 'last'} {DAY_NAMES[int(nth[1]) % 7]} of every month"
    span = re.fullmatch(r"(\d)-(\d)", weekday)
    if span:
        return f"{DAY_NAMES[int(span[1]) % 7]} to {DAY_NAMES[int(span[2]) % 7]}"
    if not re.fullmatch(r"\d(?:,\d)*", weekday):
        return None
    numbers = sorted({int(number) % 7 for number in weekday.split(",")}, key=lambda number: number or 7)
    return f"every {listed([DAY_NAMES[number] for number in numbers])}"
