"""A cheap look at whether words about when may begin here: nearly none do, and each would be tried with every rule."""

from __future__ import annotations

from core.schedules.clock_times import NUMBERS
from core.schedules.parts import DAYS, MONTHS, ORDINALS

LETTERS = 3
_SHORT = frozenset("on in at by".split())
_BEGINNINGS = frozenset(
    word[:LETTERS]
    for word in (
        *(
            "every each first last very end monthend working workday business weekday weekend weekly daily nightly"
            " hourly monthly yearly annually quarterly half-hourly minutely biweekly bi-weekly fortnightly from until"
            " next this coming mornings evenings nights once twice thrice everyday day all between after tomorrow"
            " today tonight around noon midday midnight half quarter"
        ).split(),
        *DAYS,
        *MONTHS,
        *ORDINALS,
        *NUMBERS,
    )
)


def may_begin(text: str, at: int) -> bool:
    """Whether a part of words about when (no zone) may begin here; where it may not, no rule matches."""
    first = text[at : at + LETTERS]
    if not first.isascii():
        # Without regard to case, letters of other alphabets stand for some of ours (ſ is an s).
        return True
    first = first.lower()
    if first in _BEGINNINGS or first[:2] in _SHORT or first[:1].isdigit() or first[:1].isspace():
        return True
    if first == "the":
        return text[at + LETTERS : at + LETTERS + 1].isspace()
    return first[:1] == "@" and first[1:2].isspace()
