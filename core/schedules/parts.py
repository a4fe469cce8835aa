"""The parts that words about when are made of: one pattern each, and what it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match

from core.schedules.clock_times import NUMBER, number
from core.schedules.when import When

DAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}
MONTHS = {
    name: n
    for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}  # fmt: skip
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
ORDINALS = dict(first=1, second=2, third=3, fourth=4, fifth=5, tenth=10, fifteenth=15, twentieth=20)

_DAY = r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_DAYS = r"(?:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})"
_EVERY = r"(?:every|each)(?:\s+single)?"
_OF_MONTH = (
    r"(?:\s+(?:day\s+)?(?:of|in)\s+(?:the|each|every|a)\s+month"
    r"|\s+(?:day\s+)?(?:each|every)\s+month|\s+monthly)"
)
SEPARATOR = r"(?:\s*,\s*(?:and\s+|&\s*)?|\s+and\s+(?:on\s+)?(?:the\s+)?|\s*&\s*|\s*\+\s*|\s+or\s+)"
_END = r"(?![\w/])"


Reader = Callable[[When, Match[str]], None]
RULES: list[tuple[re.Pattern[str], Reader]] = []


def _rule(pattern: str) -> Callable[[Reader], Reader]:
    def add(reader: Reader) -> Reader:
        RULES.append((re.compile(rf"(?:{pattern}){_END}", re.IGNORECASE), reader))
        return reader

    return add


@_rule(
    rf"(?:{_EVERY}\s+(?:other|second|2nd|third|3rd|fourth)\s+(?:day|week|month|year|{_DAY})s?|biweekly"
    rf"|bi-weekly|fortnightly"
    rf"|{_EVERY}\s+fortnight|{_EVERY}\s+(?:{NUMBER}|couple of|few)\s+(?:days|weeks|months|years|weekdays"
    rf"|{_DAYS}))"
)
def _too_hard(when: When, found: Match[str]) -> None:
    when.recurring, when.too_hard = True, " ".join(found[0].split()).lower()


@_rule(
    rf"(?:{_EVERY}|on|in)?\s*(?:the\s+)?(?:{_EVERY}\s+)?(?P<nth>first|second|third|fourth|fifth|last|1st"
    rf"|2nd|3rd|4th|5th)\s+(?P<day>{_DAY})"
    rf"(?:{_OF_MONTH}|\s+(?:of|in)\s+the\s+month)"
)
def _nth_weekday(when: When, found: Match[str]) -> None:
    said = found["nth"].lower()
    place = "L" if said == "last" else str(ORDINALS.get(said) or int(said[0]))
    when.recurring, when.nth = True, (_weekday(found["day"]), place)


@_rule(
    rf"(?:on\s+)?(?:the\s+)?(?:{_EVERY}\s+)?(?:first|last|1st)\s+(?:working\s?|business\s+"
    rf"|week)day{_OF_MONTH}"
)
def _working_day_of_month(when: When, found: Match[str]) -> None:
    when.recurring, when.too_hard = True, " ".join(found[0].split()).lower()


@_rule(
    rf"(?:on\s+|at\s+)?(?:the\s+)?(?:(?:very\s+)?last\s+day{_OF_MONTH}|end\s+of\s+(?:the|each"
    rf"|every)\s+month|month\s?end|{_EVERY}\s+month\s?end)"
)
def _last_day(when: When, found: Match[str]) -> None:
    when.recurring = when.last_day = True


@_rule(rf"(?:on\s+)?(?:the\s+)?(?P<ordinals>{_ORDINAL}(?:{SEPARATOR}{_ORDINAL})*)(?:\s+day)?{_OF_MONTH}")
def _month_days(when: When, found: Match[str]) -> None:
    when.recurring = True
    when.month_days |= {_ordinal(word) for word in re.findall(_ORDINAL, found["ordinals"], re.IGNORECASE)}


@_rule(
    rf"(?:(?:on|in)\s+)?(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?:\s+of)?\s+(?P<month>{_MONTH})\.?(?:,?\s+(?P<year>20\d\d))?"
)
def _date(when: When, found: Match[str]) -> None:
    year = int(found["year"]) if found["year"] else None
    when.date = (year, _month(found["month"]), int(found["day"]))


@_rule(
    rf"(?:(?:on|in)\s+)?(?P<month>{_MONTH})\.?\s+(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?!:)(?:,?\s+(?P<year>20\d\d))?"
)
def _date_month_first(when: When, found: Match[str]) -> None:
    _date(when, found)


@_rule(r"(?:on\s+)?(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?:T(?=\d))?")
def _iso_date(when: When, found: Match[str]) -> None:
    when.date = (int(found["year"]), int(found["month"]), int(found["day"]))


@_rule(rf"{_EVERY}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})")
def _yearly_date(when: When, found: Match[str]) -> None:
    when.recurring = True
    when.months, when.month_days = {_month(found["month"])}, {int(found["day"])}


@_rule(
    rf"(?:on\s+)the\s+(?P<ordinals>{_ORDINAL}(?:{SEPARATOR}{_ORDINAL})*)"
    rf"|{_EVERY}\s+(?P<more>\d{{1,2}}(?:st|nd|rd|th)(?:{SEPARATOR}\d{{1,2}}(?:st|nd|rd|th))*)"
)
def _on_the_nth(when: When, found: Match[str]) -> None:
    when.recurring = True
    said = found["ordinals"] or found["more"]
    when.month_days |= {_ordinal(word) for word in re.findall(_ORDINAL, said, re.IGNORECASE)}


@_rule(rf"(?:on\s+)?(?:{_EVERY}\s+)?(?:weekdays?|working\s?days?|work\s?days?|business\s+days?)")
def _weekdays(when: When, found: Match[str]) -> None:
    if re.match(
        r"(?:on\s+)?(?:weekday|workday|working\s?day|work\s?day|business\s+day)$", found[0], re.IGNORECASE
    ):
        when.too_hard = found[0]
    when.recurring = True
    when.weekdays |= {1, 2, 3, 4, 5}


@_rule(rf"(?:on\s+|at\s+)?(?:the\s+)?(?:{_EVERY}\s+)?weekends?")
def _weekends(when: When, found: Match[str]) -> None:
    when.recurring = True
    when.weekdays |= {6, 0}


@_rule(
    rf"(?:on\s+|from\s+|{_EVERY}\s+)?(?P<first>{_DAY})s?\s*(?:-|–|to|through|thru|until"
    rf"|till)\s*(?P<last>{_DAY})s?"
)
def _weekday_range(when: When, found: Match[str]) -> None:
    first, last = _weekday(found["first"]), _weekday(found["last"])
    when.recurring = True
    day = first
    while True:
        when.weekdays.add(day)
        if day == last:
            return
        day = (day + 1) % 7


@_rule(
    rf"(?:(?:on\s+)?{_EVERY}\s+|on\s+|weekly\s+on\s+)?(?:(?:{_DAYS}|{_DAY})(?:{SEPARATOR}"
    rf"|\s*/\s*))+(?:{_DAYS}|{_DAY})(?:\s+each\s+week)?"
    rf"|(?:on\s+)?{_EVERY}\s+{_DAY}s?|(?:on\s+)?{_DAYS}"
)
def _weekday_list(when: When, found: Match[str]) -> None:
    when.recurring = True
    when.weekdays |= {_weekday(word) for word in re.findall(_DAY, found[0], re.IGNORECASE)}


@_rule(
    rf"(?:on\s+)?(?:(?P<next>next|this|coming)\s+)?(?P<day>{_DAY})(?:\s+(?P<part>morning|afternoon|evening"
    rf"|night))?"
)
def _one_weekday(when: When, found: Match[str]) -> None:
    when.one_weekday = _weekday(found["day"])
    when.part = (found["part"] or when.part).lower()


@_rule(
    rf"(?:{_EVERY}\s+(?P<part>morning|afternoon|evening|night)s?|(?P<nightly>nightly)|(?P<plural>mornings"
    rf"|evenings|nights))"
)
def _day_part(when: When, found: Match[str]) -> None:
    when.recurring = when.daily = True
    when.part = (found["part"] or (found["plural"] or "")[:-1] or "night").lower()


@_rule(
    rf"(?:(?:once|one time|{NUMBER}\s+times?|twice|thrice)\s+(?:a|per|each|every)\s+(?P<unit>day|week"
    rf"|month|year|hour)|(?:once|twice)\s+(?P<adverb>daily|weekly|monthly))"
)
def _times_a(when: When, found: Match[str]) -> None:
    unit = (found["unit"] or found["adverb"] or "").lower().replace("daily", "day").removesuffix("ly")
    when.recurring = True
    if unit == "day":
        when.daily = True
    elif unit == "hour":
        when.interval = 3600
        when.too_hard = "" if found[0].lower().startswith(("once", "one")) else found[0].lower()
    else:
        when.needs = unit


@_rule(rf"(?:{_EVERY}\s+days?|daily|everyday|day by day|all days)")
def _daily(when: When, found: Match[str]) -> None:
    when.recurring = when.daily = True


@_rule(
    rf"(?:{_EVERY}\s+week|weekly|{_EVERY}\s+month|monthly|{_EVERY}\s+year|yearly|annually"
    rf"|{_EVERY}\s+quarter(?!\s*(?:of|hour|-))|quarterly)"
)
def _needs_day(when: When, found: Match[str]) -> None:
    said = found[0].lower()
    when.recurring = True
    when.needs = "week" if "week" in said else "month" if "month" in said or "quarter" in said else "year"
    if "quarter" in said:
        when.months = {1, 4, 7, 10}


@_rule(
    rf"(?:{_EVERY}\s+hour\s+on\s+the\s+(?:hour|dot)|(?:at\s+)?the\s+(?:top|start)\s+of\s+(?:the|each"
    rf"|every)\s+hour|hourly\s+on\s+the\s+hour|{_EVERY}\s+full\s+hour)"
)
def _on_the_hour(when: When, found: Match[str]) -> None:
    when.recurring = when.on_the_hour = True
    when.interval = 3600


@_rule(
    rf"{_EVERY}\s+(?:(?P<count>{NUMBER}|other)\s*)?(?P<half>half[\s-]+(?:an?\s+)?"
    rf"|quarter[\s-]+(?:of\s+an?\s+)?)?(?P<unit>seconds?|secs?|minutes?|mins?|m|hours?|hrs?|h)"
    r"|(?P<hourly>hourly|half-hourly|minutely)"
)
def _interval(when: When, found: Match[str]) -> None:
    when.recurring = True
    if found["hourly"]:
        when.interval = {"hourly": 3600, "half-hourly": 1800, "minutely": 60}[found["hourly"].lower()]
        return
    count = found["count"] or "1"
    times = 2 if count.lower() == "other" else number(count)
    half = (found["half"] or "").lower()
    divisor = 2 if half.startswith("half") else 4 if half else 1
    when.interval = times * UNITS[found["unit"][0].lower()] // divisor


@_rule(
    r"(?:between|from)\s+(?P<first>\d{1,2})(?::00)?\s*(?P<am>am|pm)?\s*(?:and|to|until|till|-"
    r"|–)\s*(?P<last>\d{1,2})(?::00)?\s*(?P<pm>am|pm)?"
)
def _hours(when: When, found: Match[str]) -> None:
    def hour(said: str, half: str | None) -> int:
        value = int(said)
        if (half or "").lower() == "pm" and value < 12:
            return value + 12
        return 0 if (half or "").lower() == "am" and value == 12 else value

    when.hours = hour(found["first"], found["am"]), hour(found["last"], found["pm"])


@_rule(
    rf"(?:in|after)\s+(?:(?P<half>half\s+an?)\s+|(?:an?\s+)?(?P<count>{NUMBER}|an?|couple of"
    rf"|few)\s*(?P<and_half>and a half\s+)?)(?P<unit>minutes?|mins?|hours?|hrs?|h|days?"
    rf"|weeks?)(?:\s+from\s+now)?"
)
def _relative(when: When, found: Match[str]) -> None:
    size = UNITS[found["unit"][0].lower()]
    if found["half"]:
        when.in_seconds = size // 2
        return
    said = found["count"].lower()
    if said in ("couple of", "few"):
        when.too_hard = found[0].lower()
        return
    count = 1 if said in ("a", "an") else number(said)
    when.in_seconds = count * size + (size // 2 if found["and_half"] else 0)


@_rule(
    r"(?:the\s+)?(?:(?P<after>day after tomorrow)|(?P<day>tomorrow|today)(?:\s+(?P<part>morning|afternoon"
    r"|evening|night))?|(?P<tonight>tonight)|this\s+(?P<this>morning|afternoon|evening))"
)
def _near_day(when: When, found: Match[str]) -> None:
    when.in_days = 2 if found["after"] else 1 if (found["day"] or "").lower() == "tomorrow" else 0
    when.part = (found["part"] or found["this"] or ("night" if found["tonight"] else when.part)).lower()


def _weekday(word: str) -> int:
    return DAYS[word.lower()[:3]]


def _month(word: str) -> int:
    return MONTHS[word.lower()[:3]]


def _ordinal(word: str) -> int:
    return ORDINALS.get(word.lower()) or int(re.sub(r"\D", "", word) or 0)
