"""Times of day and time zones as people write them: "9", "18:30", "half past 8", "noon", "6 pm Berlin time". Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from core.models import Frozen
from core.schedules.timing import zones

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45,
    "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip
NUMBER = rf"(?:\d{{1,4}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_HOUR_WORD = "|".join(sorted((w for w, n in NUMBERS.items() if n <= 12), key=len, reverse=True))
_HALF = r"(?P<half>a\.?m\.?|p\.?m\.?)(?![a-z])"
_NAMED = r"(?P<named>noon|midday|midnight)"
_PAST = (
    rf"(?P<shift>half past|quarter past|quarter to|half)\s+(?P<shifted>\d{{1,2}}|{_HOUR_WORD})(?:\s*{_HALF})?"
)
_EXACT = (
    rf"(?P<hour>\d{{1,2}})(?::|\.|h)(?P<minute>\d{{2}})(?::00)?(?![\d.])(?:\s*h(?![a-z]))?(?:\s*{_HALF})?"
)
_HALVED = rf"(?P<half_hour>\d{{1,2}}|{_HOUR_WORD})\s*{_HALF}"
_OCLOCK = rf"(?P<oclock>\d{{1,2}}|{_HOUR_WORD})\s*(?:o'?\s?clock|o’clock|hours|hrs|uhr|h(?![a-z0-9]))"
# Whole words: "9 Europe/Berlin" is no sum of money.
_UNIT = r"\s*(?:%|(?:eur|euros?|usd|items|times|minutes|mins|hours|days|weeks|percent)(?![a-z]))"
_BARE = rf"(?P<bare>\d{{1,2}}(?![\d:.h%/]\d|\d|{_UNIT})|(?:{_HOUR_WORD})(?![a-z-]))"
_AT = r"(?:(?:at|@|around|by|from)\s+(?:exactly\s+)?)"
_DAY_PART = r"(?P<part>\s+(?:in the (?:morning|afternoon|evening)|at night|sharp))"


# A named group may occur once in a pattern: each form is its own.
_FORMS = tuple(
    re.compile(rf"{lead}{form}{_DAY_PART}?", re.IGNORECASE)
    for lead, form in (
        (rf"{_AT}?", _NAMED),
        (rf"{_AT}?", _PAST),
        (rf"{_AT}?", _EXACT),
        (rf"{_AT}?", _HALVED),
        (rf"{_AT}?", _OCLOCK),
    )
)
_BARE_AT = re.compile(rf"{_AT}{_BARE}{_DAY_PART}?(?!\w)", re.IGNORECASE)
_BARE_NEXT = re.compile(rf"{_BARE}{_DAY_PART}?(?!\w)", re.IGNORECASE)

ABBREVIATIONS = {
    "utc": "UTC", "gmt": "GMT", "z": "UTC", "cet": "CET", "cest": "CET", "eet": "EET", "eest": "EET", "wet": "WET",
    "bst": "Europe/London", "ist": "Asia/Kolkata", "jst": "Asia/Tokyo", "aest": "Australia/Sydney",
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "cst": "America/Chicago", "cdt": "America/Chicago", "mst": "America/Denver", "mdt": "America/Denver",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles", "uk": "Europe/London", "british": "Europe/London",
    "german": "Europe/Berlin", "french": "Europe/Paris", "indian": "Asia/Kolkata", "india": "Asia/Kolkata",
    "japan": "Asia/Tokyo", "japanese": "Asia/Tokyo", "san francisco": "America/Los_Angeles",
    "mumbai": "Asia/Kolkata", "delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata", "beijing": "Asia/Shanghai",
    "washington": "America/New_York", "boston": "America/New_York", "miami": "America/New_York",
    "seattle": "America/Los_Angeles", "munich": "Europe/Berlin", "hamburg": "Europe/Berlin",
    "barcelona": "Europe/Madrid", "milan": "Europe/Rome", "geneva": "Europe/Zurich", "kyiv": "Europe/Kyiv",
}  # fmt: skip
_ZONE_NAME = re.compile(r"\(?(?P<zone>[A-Za-z]+(?:/[A-Za-z_+\-0-9]+){1,2})\)?")
_ZONE_TIME = re.compile(
    r"(?:in\s+|on\s+)?\(?(?P<place>[A-Za-z]+(?:[ .][A-Za-z]+){0,2}?)(?:'s)?\s+(?:local\s+)?time(?:zone)?\)?(?![a-z])",
    re.IGNORECASE,
)
_NO_PLACES = frozenset({"my", "our", "local", "that", "this", "the", "same", "what", "which"})
_ABBREVIATED = re.compile(
    r"\(?(?P<short>UTC|GMT|CEST|CET|EEST|EET|WET|BST|IST|JST|AEST|EST|EDT|ET|CST|CDT|MST|MDT|PST|PDT|PT)\)?(?![\w+/-])"
)
_OFFSET = re.compile(r"\(?(?P<offset>(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d\d)?)\)?", re.IGNORECASE)
REGIONS = frozenset(
    "africa america antarctica arctic asia atlantic australia europe indian pacific etc us canada".split()
)


class ClockTime(Frozen):
    """A time of day; `vague` where "8" may be morning or evening. `problem` where there is no such time."""

    hour: int
    minute: int
    vague: bool = False
    problem: bool = False


class ZoneSaid(Frozen):
    """A zone as it was written; `name` None where it is none."""

    name: str | None
    said: str


def clock_time(text: str, at: int, *, listed: bool = False) -> tuple[ClockTime, int] | None:
    """The time of day that begins here and where it ends; with `listed` a bare number counts ("at 9 and 17")."""
    bare = (_BARE_NEXT,) if listed else (_BARE_AT,)
    for form in (*_FORMS, *bare):
        found = form.match(text, at)
        if found is not None:
            return _to_time(found.groupdict()), found.end()
    return None


def zone_said(text: str, at: int) -> tuple[ZoneSaid, int] | None:
    """The zone that begins here and where it ends."""
    found = _OFFSET.match(text, at)
    if found is not None:
        return ZoneSaid(name=None, said=found["offset"]), found.end()
    found = _ABBREVIATED.match(text, at)
    if found is not None:
        return ZoneSaid(name=ABBREVIATIONS[found["short"].lower()], said=found["short"]), found.end()
    found = _ZONE_NAME.match(text, at)
    if found is not None and found["zone"].split("/")[0].lower() in REGIONS:
        said = found["zone"]
        return ZoneSaid(name=_by_name().get(said.lower()), said=said), found.end()
    found = _ZONE_TIME.match(text, at)
    return None if found is None else _place_said(found)


def _place_said(found: re.Match[str]) -> tuple[ZoneSaid, int] | None:
    """The zone of a place's time; of a place that nobody knows only where it is written like a name.

    "At 9 what time is it": these are words of the instruction, not a place called What.
    """
    words = found["place"].replace(".", " ").split()
    place = " ".join(words).lower()
    name = ABBREVIATIONS.get(place) or _cities().get(place)
    named = all(word[:1].isupper() for word in words) and place not in _NO_PLACES
    return (ZoneSaid(name=name, said=found["place"]), found.end()) if name or named else None


def number(word: str) -> int:
    """A number in digits or words."""
    return int(word) if word.isdigit() else NUMBERS[word.lower()]


def _to_time(found: dict[str, str | None]) -> ClockTime:
    part = " ".join((found.get("part") or "").split()).lower()
    half = (found.get("half") or "").replace(".", "").lower()
    named = found.get("named")
    if named:
        return ClockTime(hour=0 if named.lower() == "midnight" else 12, minute=0)
    if found.get("shift"):
        hour, minute = _shifted(found["shift"] or "", number(found["shifted"] or ""))
    else:
        said = found.get("hour") or found.get("half_hour") or found.get("oclock") or found.get("bare") or ""
        hour, minute = number(said), int(found.get("minute") or 0)
    if not part and not half:
        problem = hour > 23 or minute > 59
        return ClockTime(hour=hour % 24, minute=minute % 60, vague=1 <= hour <= 11, problem=problem)
    afternoon = half == "pm" or (not half and ("afternoon" in part or "evening" in part or _late(part, hour)))
    problem = minute > 59 or hour > (12 if half else 23) or (bool(half) and hour == 0)
    if half == "am" and hour == 12:
        hour = 0
    elif afternoon and hour < 12:
        hour += 12
    return ClockTime(hour=hour % 24, minute=minute % 60, problem=problem)


def _late(part: str, hour: int) -> bool:
    return part == "at night" and hour >= 6


def _shifted(shift: str, hour: int) -> tuple[int, int]:
    match shift.lower():
        case "quarter to":
            return (hour - 1) % 24, 45
        case "quarter past":
            return hour, 15
        case _:
            return hour, 30


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    return {zone.lower(): zone for zone in zones()}


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """City → zone, from the last part of the zones' names."""
    return {
        zone.rsplit("/", 1)[1].replace("_", " ").lower(): zone
        for zone in sorted(zones(), reverse=True)
        if "/" in zone and not zone.startswith(("Etc/", "US/", "Canada/", "Brazil/", "Mexico/", "Chile/"))
    }
