"""Instants and lengths of time as people read them. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from core.rendering.grammar import counted

UNITS = (
    (86400, "day", "{count} days"),
    (3600, "hour", "{count} hours"),
    (60, "minute", "{count} minutes"),
    (1, "second", "{count} seconds"),
)


def run_line(at: datetime, zone: str) -> str:
    """ "Tue 24 Nov 2026, 09:00", in the zone."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def in_units(seconds: int) -> str:
    """What follows "every": "90 minutes", "2 hours", "minute" for a single one; the largest unit that divides it."""
    for size, one, many in UNITS:
        if seconds % size == 0:
            return counted(seconds // size, one, many)
    raise ValueError(f"{seconds} seconds")


def duration(milliseconds: int) -> str:
    """How long something took, for tables: what takes less than a second in milliseconds."""
    return f"{milliseconds} ms" if milliseconds < 1000 else in_seconds(milliseconds / 1000)


def in_seconds(seconds: float) -> str:
    """ "2.5 s", "30 s"."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def wait(seconds: float) -> str:
    """How long to wait, roughly: "40 s", "15 minutes", "2 hours"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = int(-(-seconds // 60))
    if minutes < 120:
        return counted(minutes, "{count} minute", "{count} minutes")
    return counted(round(minutes / 60), "{count} hour", "{count} hours")
