"""Feasts and other days with a name."""

from __future__ import annotations

import re
from datetime import date, timedelta

FIXED = {
    "christmas": (12, 25), "xmas": (12, 25), "christmas day": (12, 25), "x-mas": (12, 25),
    "christmas eve": (12, 24), "xmas eve": (12, 24), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "nye": (12, 31), "silvester": (12, 31),
    "new year's": (1, 1), "end of year": (12, 31), "year end": (12, 31),
    "new year's day": (1, 1), "new years day": (1, 1), "new year": (1, 1), "new years": (1, 1), "next year": (1, 1),
    "valentine's day": (2, 14), "valentines day": (2, 14), "valentine's": (2, 14), "st patrick's day": (3, 17),
    "saint patrick's day": (3, 17),
    "april fools": (4, 1), "april fool's day": (4, 1), "april fools day": (4, 1), "may day": (5, 1),
    "labour day": (5, 1),
    "independence day": (7, 4), "fourth of july": (7, 4), "bastille day": (7, 14), "halloween": (10, 31),
    "all saints' day": (11, 1),
    "bonfire night": (11, 5), "guy fawkes night": (11, 5), "st nicholas day": (12, 6), "pi day": (3, 14),
    "epiphany": (1, 6), "star wars day": (5, 4),
    "earth day": (4, 22), "women's day": (3, 8), "german unity day": (10, 3), "veterans day": (11, 11),
    "juneteenth": (6, 19),
}  # fmt: skip
_FROM_EASTER = {
    "easter": 0, "easter sunday": 0, "easter monday": 1, "good friday": -2, "ash wednesday": -46,
    "ascension day": 39, "ascension": 39,
    "pentecost": 49, "whit sunday": 49, "whit monday": 50, "pentecost monday": 50, "maundy thursday": -3,
    "shrove tuesday": -47, "corpus christi": 60,
}  # fmt: skip
FEAST = "|".join(
    sorted(
        (re.escape(name) for name in (*FIXED, *_FROM_EASTER, "thanksgiving", "black friday", "cyber monday")),
        key=len,
        reverse=True,
    )
)


def feast(low: str, today: date) -> date | None:
    match = re.fullmatch(
        (
            rf"(?P<next>next |this |this year's |next year's )?(?P<name>{FEAST})(?:,? (?:in |of "
            r"|day )?(?P<year>\d{4})| day| this year)?"
        ),
        low,
    )
    if match is None:
        return None
    years = [int(match.group("year"))] if match.group("year") else list(range(today.year, today.year + 2))
    return next(
        (
            day
            for day in (_feast_in(match.group("name"), year) for year in years)
            if match.group("year") or day >= today
        ),
        None,
    )


def _feast_in(name: str, year: int) -> date:
    if name in FIXED:
        return date(year, *FIXED[name])
    if name in _FROM_EASTER:
        return _easter(year) + timedelta(days=_FROM_EASTER[name])
    first = date(year, 11, 1)
    thanksgiving = first + timedelta(days=(3 - first.weekday()) % 7 + 21)
    return thanksgiving + timedelta(days={"thanksgiving": 0, "black friday": 1, "cyber monday": 4}[name])


def _easter(year: int) -> date:
    """Gregorian Easter Sunday (the anonymous algorithm, as in Meeus, Astronomical Algorithms)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    m = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    n = h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114
    return date(year, n // 31, n % 31 + 1)
