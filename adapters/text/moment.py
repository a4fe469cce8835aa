"""A question about time, and times of day."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Unit = Literal["days", "weeks", "months", "years", "hours", "minutes", "working days"]


class Moment(BaseModel):
    """What is asked about time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: Literal["now", "convert", "difference", "date", "between", "week", "leap", "epoch"] = Field(
        description="now: the time in places; convert: a time of day between places; difference: hours between places; "
        "date: which day something is; between: how long from one date to another; week: the week number; "
        "leap: whether a year is a leap year; epoch: which moment a number of seconds since 1970 is"
    )
    places: tuple[str, ...] = Field(
        (), max_length=12, description="cities, countries or IANA zones; none: where the person is"
    )
    time: str = Field("", max_length=20, description="convert: the time of day, such as 15:30 or 3pm")
    source: str = Field(
        "", max_length=80, description="convert: the place where that time holds; empty: where the person is"
    )
    start: str = Field(
        "",
        max_length=120,
        description="date, between, week: a date such as 2027-03-01, 'Christmas', '45 days from today'; leap: a year; "
        "epoch: the seconds",
    )
    end: str = Field("", max_length=120, description="between: the second date; `start` empty means today")
    unit: Unit = Field("days", description="between: what to count in")

    @classmethod
    def counting(cls, start: str, end: str, *, unit: str) -> Moment:
        """So many `unit`s from one date to another; days where the unit is no such thing."""
        known = next((one for one in get_args(Unit) if one == unit), "days")
        return cls(about="between", start=start, end=end, unit=known)


def to_time(text: str) -> time | None:
    """A time of day such as 15:30, 3pm, 3.30 p.m., 9 o'clock, noon; None for anything else."""
    low = text.lower().replace(".", ":").replace(" ", "")
    low = re.sub(
        r"inthe(morning)$|(?:inthe(?:afternoon|evening)|atnight)$",
        lambda part: "am" if part.group(1) else "pm",
        low,
    )
    if low in ("noon", "midday", "midnight"):
        return time(0 if low == "midnight" else 12)
    match = re.fullmatch(r"(\d{1,2})(?:[:h](\d\d))?:?(?:h|hrs|hours)?(?:o'?clock)?(a|p)?:?m?:?", low)
    if match is None:
        return None
    hour, minute, half = int(match.group(1)), int(match.group(2) or 0), match.group(3)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None
