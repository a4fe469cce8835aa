"""Questions about how long it is until, since or between days."""

from __future__ import annotations

import re
from datetime import date

from adapters.text.dates import date_within, to_date
from adapters.text.moment import Moment, Unit
from adapters.text.moment_shapes import AWAY, BETWEEN, COUNTDOWN, MONTH_DAYS, SINCE, TIME, UNTIL

_UNITS: dict[str, Unit] = {
    "working day": "working days",
    "business day": "working days",
    "week": "weeks",
    "month": "months",
    "year": "years",
    "hour": "hours",
    "minute": "minutes",
}


def _unit(word: str | None) -> Unit:
    return _UNITS.get((word or "").lower().rstrip("s"), "days")


def to_span(asked: str, core: str, today: date) -> Moment | None:
    """How long it is from one day or time to another; None where that is not what is asked."""
    for candidate in dict.fromkeys((asked, core)):
        found = (
            _from_to(candidate, today)
            or _since(candidate, today)
            or _away(candidate, today)
            or _until(candidate, today)
            or _in_month(candidate, today)
        )
        if found is not None:
            return found
    return None


def _from_to(text: str, today: date) -> Moment | None:
    match = BETWEEN.fullmatch(text)
    if match is None:
        return None
    start, end = match.group("start"), match.group("end")
    if not is_date(start, today) and not is_date(end, today):
        return None
    return Moment(about="between", start=start, end=end, unit=_unit(match.group("unit")))


def _since(text: str, today: date) -> Moment | None:
    match = SINCE.fullmatch(text)
    if match is None or not is_date(match.group("start"), today):
        return None
    return Moment(about="between", start=match.group("start"), end="today", unit=_unit(match.group("unit")))


def _away(text: str, today: date) -> Moment | None:
    match = AWAY.fullmatch(text) or COUNTDOWN.fullmatch(text)
    if match is None:
        return None
    groups = match.groupdict()
    end = groups.get("end") or groups.get("end2") or ""
    return Moment(about="between", end=end, unit=_unit(groups.get("unit"))) if is_date(end, today) else None


def _in_month(text: str, today: date) -> Moment | None:
    match = MONTH_DAYS.fullmatch(text)
    if match is None or to_date(match.group("month"), today=today) is None:
        return None
    return Moment(about="between", end=f"the month after {match.group('month')}")


def _until(text: str, today: date) -> Moment | None:
    """Until a known day or time of day; until anything else where the question can only be about time."""
    match = UNTIL.fullmatch(text)
    if match is None:
        return None
    end = match.group("end")
    sure = re.search(r"\b(?:until|till|til|before)\b", text, re.IGNORECASE) and re.match(
        r"(?:how (?:many|much|long)|days|weeks|months|hours|number of|time)\b", text, re.IGNORECASE
    )
    if (
        is_date(end, today)
        or TIME.match(end)
        or (sure and _unit(match.group("unit")) in ("days", "weeks", "months", "working days"))
    ):
        return Moment(about="between", end=end[:120], unit=_unit(match.group("unit")))
    return None


def is_date(text: str, today: date) -> bool:
    """Whether a day can be read from the words, as a whole or somewhere in them."""
    return to_date(text, today=today) is not None or date_within(text, today=today) is not None
