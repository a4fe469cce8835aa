"""What was said about when, part by part, before it is a timing."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.schedules.clock_times import ClockTime, ZoneSaid


@dataclass
class When:
    """What has been said so far about when."""

    recurring: bool = False
    times: list[ClockTime] = field(default_factory=list)
    weekdays: set[int] = field(default_factory=set)
    one_weekday: int | None = None
    """A single weekday without "every": once, unless something else makes it recurring."""
    month_days: set[int] = field(default_factory=set)
    last_day: bool = False
    nth: tuple[int, str] | None = None
    """Weekday and its place in the month: 1 to 5, or L for the last."""
    months: set[int] = field(default_factory=set)
    daily: bool = False
    needs: str = ""
    """week, month or year: what was said without saying which day of it."""
    interval: int | None = None
    hours: tuple[int, int] | None = None
    on_the_hour: bool = False
    in_seconds: int | None = None
    in_days: int | None = None
    date: tuple[int | None, int, int] | None = None
    part: str = ""
    zone: ZoneSaid | None = None
    too_hard: str = ""
    """What a schedule can't express."""
    cron: str | None = None
