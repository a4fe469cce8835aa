"""The amounts that a sentence names: their nouns, percentages and rates ("42000 a month")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_NUMBER = r"(?<![\w.,:/-])-?\d+(?:\.\d+)?(?![\d:/]|\.\d|(?:st|nd|rd|th)\b)"
_AMOUNT = re.compile(
    rf"(?P<value>{_NUMBER})(?:(?P<percent> ?%)|(?P<words>(?:[ -]?[a-z][a-z'-]*){{0,4}}))?"
    r"(?P<slash> ?/ ?[a-z]+)?"
)
_RATE = re.compile(
    r"(?:^|(?<= ))(?:(?:per|an?|each|every|for each|for every|one|by the) (?P<unit>[a-z-]+)|(?P<item>each"
    r"|apiece)"
    r"|(?P<ly>hourly|daily|weekly|monthly|yearly|annually|annual))\b"
)
_ITEMS = frozenset("pop piece head item unit each apiece person share".split())
_ADVERBS = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_STOPS = re.compile(
    r"\b(?:and|in|at|for|over|of|to|with|is|are|was|were|if|how|what|when|then|plus|minus|times|the|from"
    r"|by|on|x|after"
    r"|before|that|which|each|per|every|an?|apiece|do|does|did|will|would|left|i|we|you|they|my|our|as|or"
    r"|but|so|has"
    r"|have|had|cost|costs|make|makes)\b"
)
_BEFORE = re.compile(
    r"\b(?:(?:an?|one|each|every|per|1) (?P<thing>[a-z-]+)(?: [a-z-]+){0,2}?|(?P<each>each|apiece))"
    r" (?:costs?|has|holds?|is|takes?|needs?|weighs?|contains?|fits|gives?|makes?|brings?|earns?|uses?"
    r"|lasts?|pays?|seats)"
    r"(?: about| around| exactly| up to| me| us)* $"
)
_UNITS = {
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour", "h": "hour",
    "wk": "week", "yr": "year", "mo": "month", "annum": "year", "people": "person", "persons": "person",
}  # fmt: skip


@dataclass(frozen=True)
class Amount:
    """A number in a sentence; `per` is what it is a rate of, "each" where that is any one thing."""

    value: str
    percent: bool = False
    nouns: tuple[str, ...] = ()
    per: str = ""
    thing: str = ""
    """Like `per`, from "a box holds 250": a rate unless the sentence names another."""
    start: int = 0
    end: int = 0


def amounts_in(text: str) -> tuple[Amount, ...]:
    """Every number of a text in lower case and plain digits, in order."""
    found = tuple(_amount(match, text) for match in _AMOUNT.finditer(text))
    if any(one.per for one in found):
        return found
    return tuple(replace(one, per=one.thing) for one in found)


def _amount(match: re.Match[str], text: str) -> Amount:
    words = (match.group("words") or "").replace("-", " ").strip()
    rate = _RATE.search(words)
    nouns = words[: rate.start()] if rate else words
    stop = _STOPS.search(nouns)
    nouns = nouns[: stop.start()] if stop else nouns
    slash = match.group("slash")
    per = _per(rate) if rate and (stop is None or stop.start() >= rate.start()) else ""
    if slash and not per:
        per = singular(slash.strip(" /"))
    return Amount(
        match.group("value"),
        percent=bool(match.group("percent")),
        nouns=tuple(singular(word) for word in nouns.split()),
        per=per,
        thing=_thing_before(text[max(0, match.start() - 60) : match.start()]),
        start=match.start(),
        end=match.end("percent") if match.group("percent") else match.end("value"),
    )


def _per(rate: re.Match[str]) -> str:
    if rate.group("ly"):
        return _ADVERBS.get(rate.group("ly"), "year")
    unit = singular(rate.group("unit") or "each")
    return "each" if unit in _ITEMS else unit


def _thing_before(before: str) -> str:
    """ "A box holds 250": so much for each box."""
    match = _BEFORE.search(before)
    if match is None:
        return ""
    return "each" if match.group("each") else singular(match.group("thing"))


def singular(word: str) -> str:
    word = word.strip("'").removesuffix("'s")
    if word in _UNITS:
        return _UNITS[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3 else word
