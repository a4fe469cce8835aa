"""Time zones by the names that people use: cities, countries, abbreviations, IANA names, with small typos."""

from __future__ import annotations

import importlib.resources
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from rapidfuzz import process
from rapidfuzz.distance import OSA

from adapters.text.place_names import OWN_NAMES

_OFFSET = re.compile(r"(?:utc|gmt) ?([+-]) ?(\d{1,2})(?::?(\d\d))?")
_PARTS = re.compile(
    r" ?(?:,|;|&|\+(?! ?\d)|/(?=[ ])|\band\b|\bor\b|\bvs\.?\b|\bversus\b|\bplus\b|\bas well as\b|\balso\b"
    r"|\bthen\b) ?",
    re.IGNORECASE,
)
_AROUND = re.compile(
    (
        r"^(?:in|at|for|to|of|the|over|our|my|about|into|both)(?: the)? |[ .!?,]+$"
        r"|(?:'s)?(?: (?:local|current|standard))? (?:time|timezone|time zone|zone|office|city|team"
        r"|branch|colleagues|people|folks|crew|guys|hq|headquarters|now"
        r"|today|please|right now|at the moment)$"
    ),
    re.IGNORECASE,
)
_HERE = frozenset(
    (
        "here|home|my place|my zone|my time|my local time|local|local time|my time zone|our time"
        "|mine|my timezone|our office|us here"
    ).split("|")
)

_OCEANS = frozenset(("atlantic", "pacific"))
"""Zone names that a place near in spelling never stands for: Atlantis is no typo of Atlantic."""


@dataclass(frozen=True)
class Place:
    """A name that a person used, as it is shown, and its IANA zone (or `UTC+05:30`)."""

    name: str
    zone: str


def split_places(text: str) -> tuple[str, ...]:
    """The single places in "Tokyo, New York and Berlin"."""
    found = resolve(text)
    parts = (text,) if found is not None else tuple(_PARTS.split(text))
    return tuple(dict.fromkeys(part for part in (_bare(part) for part in parts) if part))[:12]


def resolve(text: str, *, here: str = "UTC", typos: bool = True) -> Place | None:
    """The place that `text` names; None where nothing of that name (or nearly) is known."""
    bare = _bare(text)
    key = _key(bare)
    if key in _HERE:
        return Place("here", here)
    offset = _OFFSET.fullmatch(key)
    if offset is not None:
        return _fixed(offset)
    names = _names()
    if "/" in key and key in names:
        return Place(_last(names[key]), names[key])
    if key in names:
        return Place(_titled(bare, key), names[key])
    near = _near(key) if typos else None
    return Place(_titled(near, near), names[near]) if near is not None else None


def _near(key: str) -> str | None:
    """The one known name within a letter (two in long names); the first letter must be right."""
    if len(key) < 5 or len(key) > 30:
        return None
    found = process.extract(
        key, _long_names(), scorer=OSA.distance, score_cutoff=2 if len(key) > 8 else 1, limit=4
    )
    same_start = [(str(name), int(distance)) for name, distance, _ in found if str(name)[0] == key[0]]
    if not same_start:
        return None
    best = min(distance for _, distance in same_start)
    zones = {_names()[name] for name, distance in same_start if distance == best}
    return next(name for name, distance in same_start if distance == best) if len(zones) == 1 else None


def _bare(text: str) -> str:
    for _ in range(6):
        shorter = _AROUND.sub("", text.strip(" \"'"))
        if shorter == text or not shorter:
            break
        text = shorter
    return text.strip()


def _key(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    flat = "".join(character for character in flat if not unicodedata.combining(character))
    flat = flat.replace(" & ", " and ")
    return re.sub(r"[ _]+", " ", flat.replace(".", "") if len(flat) < 6 else flat).strip()


def _titled(shown: str, key: str) -> str:
    if (
        len(key) <= 4
        and shown.islower()
        and key
        not in (
            "rome",
            "oslo",
            "lima",
            "bern",
            "bonn",
            "rio",
            "goa",
            "pune",
            "iran",
            "peru",
            "cork",
            "cebu",
            "guam",
            "nice",
            "bali",
            "doha",
            "apia",
            "lviv",
        )
    ):
        return shown.upper()
    if shown != shown.lower():
        return shown
    return " ".join(
        word if word in ("de", "am", "of", "the", "and") else word.capitalize() for word in shown.split()
    )


def _fixed(match: re.Match[str]) -> Place | None:
    hours, minutes = int(match.group(2)), int(match.group(3) or 0)
    if hours > 14 or minutes > 59:
        return None
    name = f"UTC{match.group(1)}{hours:02d}:{minutes:02d}"
    return Place(name, name)


def _last(zone: str) -> str:
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@cache
def _iana() -> frozenset[str]:
    listed = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="ascii")
    return frozenset(name for name in listed.split() if name not in ("Factory", "localtime"))


@cache
def _names() -> dict[str, str]:
    """Every known name in lower case without accents, the own table over countries over IANA's last parts."""
    names: dict[str, str] = {}
    for zone in sorted(
        _iana(), key=lambda name: ("/" not in name or name.startswith(("US/", "Etc/")), name), reverse=True
    ):
        names[_key(_last(zone))] = zone
        names[_key(zone)] = zone
    names.update(_countries())
    for line in OWN_NAMES.strip().splitlines():
        zone, _, own = line.partition(": ")
        for name in own.split("|"):
            names[_key(name)] = zone
    return names


@cache
def _long_names() -> tuple[str, ...]:
    return tuple(name for name in _names() if len(name) > 4 and "/" not in name and name not in _OCEANS)


def _countries() -> dict[str, str]:
    """Countries with one zone, from tzdata's own tables; those with several are in the own table."""
    data = importlib.resources.files("tzdata.zoneinfo")
    codes: dict[str, list[str]] = {}
    for row in data.joinpath("zone.tab").read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            code, _, zone = row.split("\t")[:3]
            codes.setdefault(code, []).append(zone)
    found: dict[str, str] = {}
    for row in data.joinpath("iso3166.tab").read_text(encoding="utf-8").splitlines():
        code, _, country = row.partition("\t")
        if not row.startswith("#") and len(codes.get(code, ())) == 1:
            found[_key(country)] = codes[code][0]
    return found


def zone_of(place: Place) -> ZoneInfo | None:
    """The zone's rules; None for a fixed offset."""
    return None if place.zone.startswith("UTC") and place.zone != "UTC" else ZoneInfo(place.zone)
