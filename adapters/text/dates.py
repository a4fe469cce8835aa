"""Dates in plain words, counted from a given day."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from adapters.text.feasts import FEAST, FIXED, feast

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_DAYS |= {name.lower(): number for number, name in enumerate(calendar.day_abbr)} | {
    "tues": 1,
    "thur": 3,
    "thurs": 3,
    "weds": 2,
}
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_YEAR = r"(?:,? (?:of )?(?:(?P<year>\d{4})|(?P<this>this year)|(?P<next>next year)|(?P<last>last year)))?"
_WEEKDAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_OPTIONAL_WEEKDAY = rf"(?:(?:{_WEEKDAY}),? )?"
_COUNT = (
    r"(?P<count>\d{1,6}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|fourteen|fifteen|twenty|thirty|sixty"
    r"|ninety|a hundred|hundred|one hundred|a couple of|half a|a dozen|a thousand|thousand)"
)
_UNIT = (
    r"(?P<unit>(?:working |business |calendar )?days?|weeks?|fortnights?|months?|quarters?|years?|decades?)"
)
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
    "a hundred": 100, "hundred": 100, "one hundred": 100, "a couple of": 2, "a dozen": 12, "thousand": 1000,
    "a thousand": 1000,
}  # fmt: skip
_ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})")
_GERMAN = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})")
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>\d{4})")
_DAY_FIRST = re.compile(
    rf"{_OPTIONAL_WEEKDAY}(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)? (?:of )?(?:the )?{_MONTH}{_YEAR}"
)
_MONTH_FIRST = re.compile(rf"{_OPTIONAL_WEEKDAY}{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}")
_AFTER = re.compile(
    rf"{_COUNT} {_UNIT} (?P<way>from|after|before|past|prior to|later than|earlier than"
    r"|since)(?: the)? (?P<base>.{1,60})"
)
_AGO = re.compile(rf"{_COUNT} {_UNIT} (?:ago|back|earlier)")
_IN = re.compile(rf"(?:in|within|after|\+)? ?{_COUNT} {_UNIT}(?: (?:time|later|on|hence))?")
_SHIFTED = re.compile(rf"(?P<base>.{{2,40}}?) (?P<sign>plus|minus|\+|-) {_COUNT} {_UNIT}")
_SOME_DAY = re.compile(
    rf"(?P<which>next|this|coming|this coming|last|past|on)? ?(?P<day>{_WEEKDAY})(?: (?P<week>next|last|this) week)?"
)
_EDGE = re.compile(
    r"(?:the )?(?P<edge>first|last|beginning|start|end)(?: day)?(?: of)?(?: the"
    r"| this)? (?P<what>year|month|week|next month|next year)"
)
_ONLY_MONTH = re.compile(rf"(?:the )?(?:(?:beginning|start|first(?: day)?) of )?{_MONTH}{_YEAR}")
_ONLY_YEAR = re.compile(r"(?:the year )?(?P<year>\d{4})")
_LEAD = re.compile(r"^(?:the date|the|on|of|at|it'?s|it is|date|day|until|till) ")
_END = re.compile(
    r"[ ?.!,]+$|(?: (?:from now|be|fall on|on|is|was|will be|exactly|please|on the calendar|comes|starts))$"
)

_NEAR = {
    "today": 0,
    "now": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "the day before yesterday": -2,
    "day before yesterday": -2,
    "tonight": 0,
    "this day": 0,
}
MENTION = re.compile(
    rf"\b\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b|\b\d{{1,2}}\.\d{{1,2}}\.\d{{4}}\b|\b\d{{1,2}}/\d{{1,2}}/\d{{4}}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?(?:{'|'.join(_MONTHS)})\b|\b(?:{'|'.join(_MONTHS)}) \d{{1,2}}\b"
    rf"|\b(?:{FEAST})\b|\b(?:today|tomorrow|yesterday)\b|\b(?:next|this|last|coming|on) (?:{_WEEKDAY})\b",
    re.IGNORECASE,
)


def to_date(text: str, *, today: date) -> date | None:
    """The day that `text` names; one without a year is the next such day. None where it names none."""
    low = _trimmed(text)
    if len(low) > 100:
        return None
    try:
        return _near(low, today) or _relative(low, today) or _written(low, today) or _named(low, today)
    except (ValueError, OverflowError):
        return None


def date_within(text: str, *, today: date) -> date | None:
    """The first date mentioned anywhere in `text`."""
    match = MENTION.search(text)
    if match is None:
        return None
    return to_date(text[match.start() :], today=today) or _longest(text[match.start() :], today)


def _longest(text: str, today: date) -> date | None:
    words = text.split()[:6]
    found = (to_date(" ".join(words[:count]), today=today) for count in range(len(words), 0, -1))
    return next((day for day in found if day is not None), None)


def _trimmed(text: str) -> str:
    low = " ".join(text.lower().split())
    for _ in range(4):
        shorter = _END.sub("", _LEAD.sub("", low)) if low not in _NEAR and low not in FIXED else low
        if shorter == low:
            break
        low = shorter
    return low


def _near(low: str, today: date) -> date | None:
    return today + timedelta(days=_NEAR[low]) if low in _NEAR else None


def _relative(low: str, today: date) -> date | None:
    if match := _AFTER.fullmatch(low):
        base = to_date(match.group("base"), today=today) or date_within(match.group("base"), today=today)
        back = match.group("way") in ("before", "prior to", "earlier than")
        return None if base is None else shifted(base, match.group("count"), match.group("unit"), back=back)
    if match := _AGO.fullmatch(low):
        return shifted(today, match.group("count"), match.group("unit"), back=True)
    if match := _IN.fullmatch(low):
        return shifted(today, match.group("count"), match.group("unit"), back=False)
    if match := _SHIFTED.fullmatch(low):
        base = to_date(match.group("base"), today=today)
        back = match.group("sign") in ("minus", "-")
        return None if base is None else shifted(base, match.group("count"), match.group("unit"), back=back)
    return None


def shifted(base: date, count: str, unit: str, *, back: bool) -> date:
    """`base` moved by a count of days, weeks, months …; a month's end stays a month's end."""
    amount = int(count) if count.isdigit() else _NUMBERS.get(count, 1)
    amount = -amount if back else amount
    unit = unit.rstrip("s")
    if unit in ("working day", "business day"):
        return _working(base, amount)
    if unit.endswith("day"):
        return base + timedelta(days=amount)
    if unit in ("week", "fortnight"):
        return base + timedelta(weeks=amount * (2 if unit == "fortnight" else 1))
    months = amount * {"month": 1, "quarter": 3, "year": 12, "decade": 120}[unit]
    if count == "half a" and unit == "year":
        months = months // 2
    index = base.year * 12 + base.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(base.day, calendar.monthrange(year, month)[1]))


def _working(base: date, amount: int) -> date:
    """Monday to Friday count; holidays are not known. Whole weeks at once, so that no count is slow."""
    step = 1 if amount >= 0 else -1
    onto = base.weekday() - 4 if step > 0 else base.weekday() - 7
    base = base - timedelta(days=onto) if base.weekday() > 4 else base
    day = base + timedelta(weeks=step * (abs(amount) // 5))
    for _ in range(abs(amount) % 5):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day


def _written(low: str, today: date) -> date | None:
    if match := _ISO.fullmatch(low) or _GERMAN.fullmatch(low):
        return date(int(match.group("year")), int(match.group("month")), int(match.group("day")))
    if match := _SLASHED.fullmatch(low):
        one, two, year = int(match.group("one")), int(match.group("two")), int(match.group("year"))
        return date(year, two, one) if one > 12 else date(year, one, two)
    if match := _DAY_FIRST.fullmatch(low) or _MONTH_FIRST.fullmatch(low):
        return _with_year(match, _MONTHS[match.group("month")], int(match.group("day")), today)
    if match := _ONLY_MONTH.fullmatch(low):
        return _with_year(match, _MONTHS[match.group("month")], 1, today)
    if match := _ONLY_YEAR.fullmatch(low):
        return date(int(match.group("year")), 1, 1)
    return None


def _with_year(match: re.Match[str], month: int, day: int, today: date) -> date:
    if match.group("year"):
        return date(int(match.group("year")), month, day)
    for group, years in (("this", 0), ("next", 1), ("last", -1)):
        if match.group(group):
            return date(today.year + years, month, day)
    return _next_such(month, day, today)


def _next_such(month: int, day: int, today: date) -> date:
    """The next one, today included; 29 February waits for a leap year."""
    for year in range(today.year, today.year + 9):
        if (month, day) == (2, 29) and not calendar.isleap(year):
            continue
        found = date(year, month, day)
        if found >= today:
            return found
    raise ValueError("no such day")


def _named(low: str, today: date) -> date | None:
    if (day := feast(low, today)) is not None:
        return day
    if match := _SOME_DAY.fullmatch(low):
        return _weekday(match, today)
    if match := _EDGE.fullmatch(low):
        return _edge(match.group("edge"), match.group("what"), today)
    return None


def _weekday(match: re.Match[str], today: date) -> date:
    ahead = (_DAYS[match.group("day")] - today.weekday()) % 7
    week = match.group("week")
    if week:
        monday = (
            today
            - timedelta(days=today.weekday())
            + timedelta(weeks={"next": 1, "last": -1, "this": 0}[week])
        )
        return monday + timedelta(days=_DAYS[match.group("day")])
    if match.group("which") in ("last", "past"):
        return today + timedelta(days=ahead - 7)
    return today + timedelta(days=ahead or 7)


def _edge(edge: str, what: str, today: date) -> date:
    first = edge in ("first", "beginning", "start")
    if what == "week":
        return today + timedelta(days=(0 if first else 6) - today.weekday())
    if what.endswith("year"):
        year = today.year + what.startswith("next")
        return date(year, 1, 1) if first else date(year, 12, 31)
    index = today.year * 12 + today.month - 1 + what.startswith("next")
    year, month = index // 12, index % 12 + 1
    return date(year, month, 1 if first else calendar.monthrange(year, month)[1])
