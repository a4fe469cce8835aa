"""Questions about the calendar beyond plain dates: leap years, Unix times, ages, and days counted from a start."""

from __future__ import annotations

import re
from datetime import date

from adapters.text.dates import MENTION, date_within, to_date
from adapters.text.moment import Moment

_LEAP = re.compile(
    r"(?:(?:is|was|will) )?(?:the year )?(?P<year>\d{4})(?: be| is| was)? (?:a )?leap year|(?:is|was"
    r"|will) (?:it|this year)(?: be)? "
    r"a leap year(?: in (?P<then>\d{4}))?|leap year\??:? (?P<plain>\d{4})",
    re.IGNORECASE,
)
_EPOCH = re.compile(
    r"(?:(?:convert|what(?:'s| is| date is| day is| time is)?|which (?:date|day) is|turn|show"
    r"|translate) )?(?:the )?"
    r"(?:unix |posix )?(?:epoch|timestamp|unix ?time|time ?stamp|epoch time|unix timestamp"
    r"|unix epoch)(?: of| value)?:? "
    r"(?P<seconds>\d{9,13})\b[a-z -]{0,60}"
    r"|(?:convert |what(?:'s| is) )?(?P<bare>\d{9,13}) (?:epoch|unix|in unix time|as (?:a "
    r"|an )?(?:unix )?timestamp|from epoch)\b[a-z ]{0,40}",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"how (?:old|long ago|many (?P<unit>days|weeks|months|years) (?:old|ago)|long)\b.{0,100}", re.IGNORECASE
)
_UNIT = re.compile(r"\bin (days|weeks|months|years)\b", re.IGNORECASE)
_LEFT = re.compile(
    r"\b(?:count (?:the )?(?P<unit>days|weeks)|how (?:many (?P<unit2>days|weeks|months)|long|much time)"
    r"|(?:days|time) left)\b"
    r".{0,40}\b(?:left|remain\w*|have|to go|until|till|is that|is it|away)\b",
    re.IGNORECASE,
)
_LEFT_IN = re.compile(
    r"(?:how (?:many|much) )?(?P<unit>days|weeks) (?:(?:are|do we have|have we|remain|remaining|still"
    r"|left|there) ?)*"
    r" ?in (?:the|this) (?P<what>year|month)",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?<![\w.])(?P<count>\d{1,4}) (?P<unit>(?:working |business )?days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:when|what|which) (?:does|do|did|is|are|will|would|date|day)\b.{0,40}"
    r"(?:\b(?:end|ends|over|expire|expires|due|run out|payable|finish|finished|up|that|it)\b|$)",
    re.IGNORECASE,
)


def to_calendar(asked: str, today: date) -> Moment | None:
    """What a sentence asks about the calendar; None where it asks nothing of the kind."""
    if match := _LEAP.fullmatch(asked):
        year = match.group("year") or match.group("then") or match.group("plain") or str(today.year)
        return Moment(about="leap", start=year)
    if match := _EPOCH.fullmatch(asked):
        return Moment(about="epoch", start=match.group("seconds") or match.group("bare"))
    if match := _LEFT_IN.fullmatch(asked):
        return Moment.counting(
            "", f"end of the {match.group('what').lower()}", unit=match.group("unit").lower()
        )
    return _age(asked, today) or _end_of_period(asked, today) or _time_left(asked, today)


def _age(asked: str, today: date) -> Moment | None:
    """ "How old is a contract signed on 2019-05-14, in days"."""
    match = _AGE.fullmatch(asked)
    if match is None or not re.search(r"\b(?:old|ago)\b", asked, re.IGNORECASE):
        return None
    mentioned = MENTION.search(asked)
    if mentioned is None or re.match(r"(?:today|tomorrow)", mentioned.group(), re.IGNORECASE):
        return None
    day = date_within(asked, today=today)
    unit = match.group("unit") or (found.group(1) if (found := _UNIT.search(asked)) else "years")
    return (
        None if day is None or day > today else Moment.counting(day.isoformat(), "today", unit=unit.lower())
    )


def _end_of_period(asked: str, today: date) -> Moment | None:
    """ "It started on 1 September and runs 180 days, when does it end?"."""
    periods = list(_PERIOD.finditer(asked))
    mentioned = MENTION.search(asked)
    if len(periods) != 1 or mentioned is None or not _ENDS.search(asked):
        return None
    rest = asked[: periods[0].start()] + " ; " + asked[periods[0].end() :]
    day = date_within(rest, today=today)
    if day is None or len(re.findall(r"\d+", rest)) > 3:
        return None
    back = re.search(r"\b(?:before|earlier|prior|notice)\b", asked, re.IGNORECASE)
    if back:
        return None
    start = f"{periods[0].group('count')} {periods[0].group('unit').lower()} after {day.isoformat()}"
    return Moment(about="date", start=start) if to_date(start, today=today) else None


def _time_left(asked: str, today: date) -> Moment | None:
    """ "The thesis is due 2027-02-15, count the days I have left"."""
    match = _LEFT.search(asked)
    if match is None or len(MENTION.findall(asked)) != 1:
        return None
    day = date_within(asked, today=today)
    unit = (match.group("unit") or match.group("unit2") or "days").lower()
    return None if day is None or day < today else Moment.counting("", day.isoformat(), unit=unit)
