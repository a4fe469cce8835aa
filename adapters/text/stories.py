"""Calculations told as a story: "we send 340 e-mails a day and 12% bounce, how many bounce?".

Each rule needs exactly the numbers that it uses; a story with one more is not understood rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.text.amounts import Amount, amounts_in, singular
from adapters.text.story_shares import compared, part, sign, split
from adapters.text.sum_shapes import Sum
from adapters.text.units import is_unit

_ASKS = re.compile(
    r"\?|\bhow (?:much|many|long|fast|big|high|far)\b|\bwhat(?:'?s| is| are| was| do| does| did| would"
    r"| will| amount"
    r"| price| total| share| percentage)?\b|\bwhich\b|\b(?:in|as an?|the) (?:%|percentage)|\b(?:total"
    r"|altogether|in all"
    r"|overall|final price|margin|rate|growth|average|mean|price|cost|fee|commission)\b"
)
_OF_EACH = re.compile(
    r"\b(?:split|share[ds]?|divide[ds]?|how much|what)\b[^?.]*\b(?:per (?:person|head)|each|everyone"
    r"|apiece)\b"
    r"|\b(?:per person|per head|each|apiece)\?*$|\b(?:for each|everyone pays?)\b"
)
_FACTORS = {
    ("second", "minute"): 60, ("minute", "hour"): 60, ("hour", "day"): 24, ("day", "week"): 7, ("month", "year"): 12,
    ("week", "year"): 52, ("day", "year"): 365, ("quarter", "year"): 4, ("second", "hour"): 3600,
    ("second", "day"): 86400, ("minute", "day"): 1440, ("hour", "week"): 168, ("month", "quarter"): 3,
    ("minute", "week"): 10080, ("year", "decade"): 10,
}  # fmt: skip
_ADVERB = re.compile(r"\b(hourly|daily|weekly|monthly|yearly|annually|annual)\b")
_OF_ADVERB = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}


def to_story(text: str) -> Sum | None:
    """The calculation that a sentence in lower case and plain digits tells; None where it is not sure."""
    if len(text) > 400 or not _ASKS.search(text):
        return None
    amounts = amounts_in(text)
    if not 1 <= len(amounts) <= 3:
        return None
    for rule in _RULES:
        found = rule(text, amounts)
        if found is not None:
            return found
    return None


def _asked_per(text: str) -> str:
    """What the answer is wanted for: "how much is that per year"."""
    match = re.search(
        r"\bhow (?:much|many|far)\b.{0,60}?\b(?:per|an?|each|every|over an?|in an?) ([a-z]+)", text
    ) or re.search(
        r"\b(?:what|total|cost|price|sum)\b.{0,60}?\b(?:per|over an?|each|every|in an?|an) ([a-z]+)[ ?.!]*$",
        text,
    )
    return singular(match.group(1)) if match else ""


def _asked_count(text: str) -> str:
    match = re.search(r"\bhow many ([a-z-]+)", text)
    return singular(match.group(1)) if match else ""


def _time_factor(small: str, large: str) -> str:
    factor = _FACTORS.get((small, large))
    return f" * {factor}" if factor else ""


def _measures(one: Amount) -> frozenset[str]:
    """The units that an amount is given in: 300 g and 12 kg are not to be divided as they stand."""
    return frozenset(noun for noun in one.nouns[:1] if is_unit(noun))


def _rated(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """A rate and an amount: so many times it, or how long the amount lasts."""
    rates, _, plain = split(amounts)
    if len(amounts) != 2 or len(rates) != 1 or len(plain) != 1:
        return None
    rate, other = rates[0], plain[0]
    asked = _asked_count(text)
    if rate.per in other.nouns or rate.per == "each":
        return Sum(
            f"{other.value} * {rate.value}" if other.start < rate.start else f"{rate.value} * {other.value}",
            money=True,
        )
    lasts = asked == rate.per or (asked not in rate.nouns and re.search(r"\bhow long\b", text))
    if lasts and _measures(rate) == _measures(other):
        return Sum(f"{other.value} / {rate.value}")
    for noun in other.nouns:
        if factor := _time_factor(rate.per, noun):
            return Sum(f"{rate.value}{factor} * {other.value}", money=True)
    return None


def _rated_thrice(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """So many things at a rate, for so long; or with a percentage on top."""
    rates, shares, plain = split(amounts)
    if len(amounts) != 3 or len(rates) != 1:
        return None
    rate = rates[0]
    if len(plain) == 2 and any(rate.per in one.nouns for one in plain):
        return Sum(" * ".join(one.value for one in amounts), money=True)
    if len(plain) == 1 and len(shares) == 1 and (rate.per in plain[0].nouns or rate.per == "each"):
        way = sign(text)
        product = f"{plain[0].value} * {rate.value}"
        return Sum(f"({product}) {way} {shares[0].value}%", money=True) if way else None
    return None


def _other_period(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """One rate, wanted for another length of time."""
    if len(amounts) != 1 or not amounts[0].per or amounts[0].percent:
        return None
    rate, target = amounts[0], _asked_per(text[amounts[0].end :])
    ways = _ADVERB.search(text, amounts[0].end)
    if not target and ways and rate.per != _OF_ADVERB.get(ways.group(1), "year"):
        target = _OF_ADVERB.get(ways.group(1), "year")
    if factor := _time_factor(rate.per, target):
        return Sum(f"{rate.value}{factor}", money=True)
    if (target, rate.per) in _FACTORS:
        return Sum(f"{rate.value} / {_FACTORS[(target, rate.per)]}", money=True)
    return None


def _spread(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """An amount over so many months or people, wanted for one of them."""
    if len(amounts) != 2 or any(one.percent for one in amounts):
        return None
    asked = {_asked_per(text)} | {_OF_ADVERB.get(word, "year") for word in _ADVERB.findall(text)}
    asked |= {singular(word) for word in re.findall(r"\b(?:per|each|every) ([a-z]+)", text)}
    if re.search(r"\b(?:average speed|how fast)\b", text):
        asked |= {"hour", "minute", "second"}
    over = [one for one in amounts if asked.intersection(one.nouns[:1]) and not one.per]
    rest = [one for one in amounts if one not in over]
    if len(over) != 1 or not rest or rest[0].per:
        return None
    return Sum(f"{rest[0].value} / {over[0].value}", money=True)


def _for_one(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """ "12 apples cost 3.60, how much is one", "each of the 14 teams pays 35, what's the total"."""
    if len(amounts) < 2 or any(one.percent or one.per for one in amounts[:2]):
        return None
    one, two = amounts[0].value, amounts[1].value
    if len(amounts) == 2 and re.search(r"\beach of (?:the |our |my )?$", text[: amounts[0].start]):
        return Sum(f"{one} * {two}", money=True)
    costs = re.fullmatch(
        r" [a-z -]{2,40} (?:costs?|are|come to|weigh|take) ", text[amounts[0].end : amounts[1].start]
    )
    single = re.match(
        r"[^\d?]{0,20}\bhow (?:much|long|heavy) (?:is|does|for|would|per) (?:1|one|each|a single)\b",
        text[amounts[1].end :],
    )
    return Sum(f"{two} / {one}", money=True) if costs and single else None


def _area(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """ "How many square metres is a room of 4.2 m by 3.6 m"."""
    if len(amounts) != 2 or not re.search(
        r"\b(?:area|square (?:met\w+|feet|foot|cm|km)|sqm|m2|m²|sq ?ft)\b", text
    ):
        return None
    between = re.fullmatch(r" ?([a-z]*) ?(?:by|x|times|×) ?", text[amounts[0].end : amounts[1].start])
    same = between and between.group(1) in ("", *amounts[1].nouns[:1])
    return Sum(f"{amounts[0].value} * {amounts[1].value}") if same else None


def _remaining(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """What is left, missing or earned between two amounts."""
    if len(amounts) != 2 or any(one.percent or one.per for one in amounts):
        return None
    one, two = amounts[0].value, amounts[1].value
    if re.search(
        r"\bhow (?:much|many)\b.*\b(?:left|remain\w*|change|missing|short|more|to go|profit)\b|\bprofit\b"
        r"|\bwhat'?s left\b",
        text,
    ) and re.search(
        r"\b(?:spent|spend|gave|used|use|paid|pay|sold|sell|bought|ate|eaten|lost|need|goal|target"
        r"|already|have|had|of)\b",
        text,
    ):
        low, high = sorted((one, two), key=float)
        return Sum(f"{high} - {low}", money=True)
    return None


def _exchanged(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """An amount of money by a rate that the person gives."""
    if (
        len(amounts) != 2
        or not re.search(r"\b(?:exchange|conversion) rate\b", text)
        or not re.search(r"\bhow (?:much|many)\b|\bwhat\b", text)
    ):
        return None
    before = [re.search(r"\brate\b[a-z ,:]{0,40}$", text[: one.start]) is not None for one in amounts]
    if before.count(True) != 1:
        return None
    rate, money = (amounts[0], amounts[1]) if before[0] else (amounts[1], amounts[0])
    return Sum(f"{money.value} * {rate.value}", money=True)


_RULES: tuple[Callable[[str, tuple[Amount, ...]], Sum | None], ...] = (
    _exchanged,
    _area,
    _for_one,
    _rated_thrice,
    compared,
    part,
    _rated,
    _other_period,
    _spread,
    _remaining,
)


_STORY_SHARE = re.compile(
    r"\b(\d{1,4}) (?:people|persons|of us|friends|guests|colleagues|participants|teams|kids|children)\b",
    re.IGNORECASE,
)
_STORY_COUNT = re.compile(
    r"(?<![\w.])(\d+) [a-z][a-z -]{1,40} (?:at|for|@) ([\d.]+)(?: (?:each|apiece|per [a-z]+|a piece))?"
    r"(?: (?:cost|costs|come to|be|make|together|in total|altogether))?[ ?.!]*$",
    re.IGNORECASE,
)
_STORY_PRICE = re.compile(
    r"\b(?:one|an?|each|every|per|1) (?:[a-z -]{0,30}? )?(?:costs?|is|takes?|needs?|weighs?"
    r"|at) ([\d.]+)[^\d?]{1,60}\b(?:how much|what)[^\d]{1,50} "
    r"([\d.]+)\b",
    re.IGNORECASE,
)


def shared(plain: str) -> Sum | None:
    """A total shared by people, or a price times a number."""
    people = _STORY_SHARE.search(plain)
    if (
        people
        and _OF_EACH.search(plain)
        and not re.search(r"\b(?:total|altogether|in all)\b|\d [a-z]+ each\b", plain)
    ):
        others = re.findall(
            r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\w)", plain[: people.start()] + plain[people.end() :]
        )
        if len(others) == 1:
            return Sum(f"{others[0]} / {people.group(1)}", money=True)
    price = _STORY_PRICE.search(plain)
    if price:
        return Sum(f"{price.group(2)} * {price.group(1)}", money=True)
    count = _STORY_COUNT.search(plain)
    if count and re.match(r"(?:how much|what|calculate|work out|compute)\b|.*\beach\b", plain, re.IGNORECASE):
        return Sum(f"{count.group(1)} * {count.group(2)}", money=True)
    return None
