"""Percentages told as a story: discounts, taxes, growth, margins, and what share one amount is of another."""

from __future__ import annotations

import re

from adapters.text.amounts import Amount
from adapters.text.sum_shapes import Sum

_PERCENT = re.compile(
    r"(?<!\d)(?<!\d )%|\bpercent(?:age)?s?\b|\b(?:conversion|success|failure|error|hit|open|growth"
    r"|churn) rate\b"
)
_GROWTH = re.compile(
    r"\b(?:grow|grew|grown|growth|increas\w*|rise|rose|risen|rising|chang\w+|jump\w*|climb\w*|went up"
    r"|went from|go up"
    r"|gone up|up|gain\w*|more expensive|raise[ds]?|improve\w*)\b"
)
_SHRINK = re.compile(
    r"\b(?:drop\w*|f[ae]ll\w*|decreas\w*|declin\w*|reduc\w*|shr[iau]nk\w*|down|cut|lost|lose|cheaper|less"
    r"|lower\w*|sank)\b"
)
_TAKEN = re.compile(
    r"\b(?:discount\w*|off|rebate|reduction|deduct\w*|reduced|cheaper|minus|less|drop\w*|f[ae]ll\w*"
    r"|decreas\w*|withh[eo]ld\w*"
    r"|goes? away|go to|lost|lose)\b"
)
_ADDED = re.compile(
    r"\b(?:vat|gst|mwst|tax(?:es)?|tip|tips|surcharge|fee|service|interest|mark-?up|raise|increas\w*"
    r"|rise\w*|grow\w*"
    r"|on top|plus|extra|more|duty)\b"
)
_RESULT = re.compile(
    r"\b(?:pay|paid|in the end|final|new|end up|come to|comes to|total|altogether|gross|with (?:vat|tax"
    r"|tip)|then|after"
    r"|left|remain\w*|keep|cost|price|owe|be now|afterwards|salary|get|together|including|all in|charge"
    r"|invoice)\b"
)
_PART = re.compile(
    r"\bhow (?:much|many) (?:is|are|of|do (?:i|we) save|(?:tip|tax|vat|discount|interest|[a-z]+ (?:is"
    r"|are))\b)|\bsaved?\b"
    r"|\bwhat(?:'s| is) (?:the |my |our )?(?:tip|tax|vat|discount|commission|fee|share|part|cut|interest)\b"
)
_WITHOUT = re.compile(
    r"\b(?:what|how much|which)\b[^?.]*\b(?:net|without (?:the )?(?:vat|tax)|before (?:vat|tax)"
    r"|excluding)\b|\bnet\?"
)


def split(amounts: tuple[Amount, ...]) -> tuple[list[Amount], list[Amount], list[Amount]]:
    """The rates, the percentages and the plain amounts."""
    rates = [one for one in amounts if one.per and not one.percent]
    shares = [one for one in amounts if one.percent]
    return rates, shares, [one for one in amounts if not one.per and not one.percent]


def sign(text: str) -> str:
    """Whether a percentage goes on top ("+") or comes off ("-"); empty where that is not plain."""
    taken, added = _TAKEN.search(text), _ADDED.search(text)
    if (taken is None) == (added is None):
        return ""
    return "-" if taken else "+"


def part(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """An amount and a percentage of it, on it or off it."""
    rates, shares, plain = split(amounts)
    if len(amounts) != 2 or len(shares) != 1:
        return None
    share, whole = f"{shares[0].value}%", (rates + plain)[0].value
    if _WITHOUT.search(text) and _ADDED.search(text):
        return Sum(f"{whole} / (1 + {share})", money=True)
    same = re.match(r",? (?:of (?:them|it|those|these|that) )?(\w{4,})", text[shares[0].end :])
    if same and re.search(
        rf"\bhow (?:much|many)\b.*\b{same.group(1)[:6]}", text[shares[0].end + same.end() :]
    ):
        return Sum(f"{share} of {whole}")
    if _PART.search(text) and not re.search(r"\b(?:left|remain\w*|in the end|final)\b", text):
        return Sum(f"{share} of {whole}", money=True)
    way = sign(text)
    if way and _RESULT.search(text):
        return Sum(f"{whole} {way} {share}", money=True)
    return Sum(f"{whole} - {share}") if not way and re.search(r"\b(?:left|remain\w*)\b", text) else None


def compared(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    """Two amounts, and by how many percent one differs from the other or what share it is."""
    if len(amounts) != 2 or any(one.percent for one in amounts) or not _PERCENT.search(text):
        return None
    one, two = amounts[0].value, amounts[1].value
    change = Sum(f"({two} - {one}) / {one} * 100", unit="%")
    if re.search(r"\b(?:margin|mark-?up)\b", text):
        return _margin(text, amounts)
    if _GROWTH.search(text) or _SHRINK.search(text) or re.search(r"\bfrom -?[\d.]+.{0,40}\bto -?[\d.]", text):
        return change
    low, high = sorted((one, two), key=float)
    if re.search(
        r"\b(?:goes? away|is lost|deducted|taken|off|saved?|saving|discount|missing|left out)\b", text
    ):
        return Sum(f"({high} - {low}) / {high} * 100", unit="%")
    between = text[amounts[0].end : amounts[1].start]
    if re.search(r"\b(?:of|out of|from|for)\b|/", between) or re.search(r"\brate\b", text):
        return Sum(f"({low}) / ({high}) * 100", percent_of=(low, high))
    return None


def _margin(text: str, amounts: tuple[Amount, ...]) -> Sum | None:
    named = [re.findall(r"\b(cost|costs|buy|bought|purchase|paid|price|sell|selling|sold|revenue)\b", part)[-1:]
             for part in (text[: amounts[0].start], text[amounts[0].end : amounts[1].start])]  # fmt: skip
    buying = {"cost", "costs", "buy", "bought", "purchase", "paid"}
    if not named[0] or not named[1] or (named[0][0] in buying) == (named[1][0] in buying):
        return None
    cost, price = (
        (amounts[0].value, amounts[1].value)
        if named[0][0] in buying
        else (amounts[1].value, amounts[0].value)
    )
    base = cost if re.search(r"\bmark-?up\b", text) else price
    return Sum(f"({price} - {cost}) / {base} * 100", unit="%")
