"""The words that say when, found one part after the other: days, intervals, dates, times, zones. Pure."""

from __future__ import annotations

import re

from core.schedules.beginnings import may_begin
from core.schedules.clock_times import clock_time, zone_said
from core.schedules.parts import RULES, SEPARATOR
from core.schedules.when import When

_CONNECTOR = re.compile(r"(?:\s*[,;]\s*|\s+)(?:(?:and|at|on|in|&|-|–|:)\s+)?|\s*\(", re.IGNORECASE)
_SPACE = re.compile(r"\s*[,;(–-]?\s*")
_LISTED = re.compile(SEPARATOR, re.IGNORECASE)
# Where case is ignored, `re` takes these for i, s and k, and no table of words has them: "Frıday" is no Friday.
_TAKEN_FOR_OTHERS = dict.fromkeys((0x0130, 0x0131, 0x017F, 0x212A), "ø")


def scan(text: str, at: int) -> tuple[When, int] | None:
    """As many parts as follow one another from here, and where they end; None where none begins."""
    if not text.isascii():
        text = text.translate(_TAKEN_FOR_OTHERS)
    when = When()
    end = _part(when, text, at)
    if end is None:
        return None
    while True:
        following = _continued(when, text, end)
        if following is None:
            return when, end
        end = following


def _continued(when: When, text: str, end: int) -> int | None:
    if when.times:
        listed = _LISTED.match(text, end)
        if listed is not None:
            more = clock_time(text, listed.end(), listed=True)
            if more is not None:
                when.times.append(more[0])
                return more[1]
    starts = [end]
    gap = _CONNECTOR.match(text, end)
    if gap is not None:
        space = _SPACE.match(text, end)
        starts = [space.end()] if space is not None else []
        starts.append(gap.end())
    for start in starts:
        if start > end or gap is None:
            following = _part(when, text, start)
            if following is not None:
                return following
    return None


def _part(when: When, text: str, at: int) -> int | None:
    if may_begin(text, at):
        for pattern, reader in RULES:
            found = pattern.match(text, at)
            if found is not None and found.end() > at:
                reader(when, found)
                return found.end()
        time = clock_time(text, at)
        if time is not None:
            when.times.append(time[0])
            return time[1]
    if when.times and when.zone is None:
        zone = zone_said(text, at)
        if zone is not None:
            when.zone = zone[0]
            return zone[1]
    return None
