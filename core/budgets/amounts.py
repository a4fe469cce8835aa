"""Amounts as people write them: "$5 a day", "2.50 usd/month", "500k tokens per day". Pure."""

from __future__ import annotations

import re

from pydantic import ValidationError

from core.models.budget import Allowance, Period
from core.rendering import budgets as words

_UNITS = {"": 1, "k": 1000, "m": 1_000_000}
_MONEY = r"(?:\$\s*(?P<dollars>\d[\d,]*(?:\.\d+)?)|(?P<usd>\d[\d,]*(?:\.\d+)?)\s*(?:usd|dollars?|\$))"
_TOKENS = r"(?P<tokens>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>[km]?)\s*tokens?"
_SPAN = r"(?:\s*(?:/|per|an?|each|every)\s*(?P<period>day|month)|\s+(?P<adverb>daily|monthly))"
AMOUNT = re.compile(rf"(?:{_MONEY}|{_TOKENS})(?:{_SPAN})?", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]*(?:(?:and|or)\b[\s,;]*)?", re.IGNORECASE)


def read_amounts(text: str) -> dict[Period, Allowance] | None:
    """The allowance of each period, if the whole text is amounts; one without a period takes the next one's.

    "5 usd or 200k tokens a day, 50 usd a month" gives both for the day, and money for the month.
    """
    found: dict[Period, dict[str, float | int]] = {}
    waiting: list[dict[str, float | int]] = []
    place = _BETWEEN.match(text).end()  # type: ignore[union-attr]
    while place < len(text):
        amount = AMOUNT.match(text, place)
        if amount is None:
            return None
        waiting.append(_value(amount))
        named = amount["period"] or (amount["adverb"] or "").lower().replace("daily", "day").replace("ly", "")
        if named:
            of = found.setdefault(Period(named.lower()), {})
            for value in waiting:
                of.update(value)
            waiting = []
        place = _BETWEEN.match(text, amount.end()).end()  # type: ignore[union-attr]
    if waiting or not found:
        return None
    try:
        return {period: Allowance.model_validate(values) for period, values in found.items()}
    except ValidationError:
        return None


def misread(text: str) -> str:
    """Why there is no allowance in a text that `read_amounts` can't read. One sentence."""
    first = AMOUNT.search(text)
    if first is None:
        return words.NO_AMOUNT
    if first.start() and text[first.start() - 1] == "-":
        return words.OUT_OF_RANGE
    place = first.start()
    while amount := AMOUNT.match(text, place):
        place = _BETWEEN.match(text, amount.end()).end()  # type: ignore[union-attr]
        last = amount
    if left := text[place:].strip():
        return words.not_understood(left)
    return words.OUT_OF_RANGE if last["period"] or last["adverb"] else words.NO_PERIOD


def _value(amount: re.Match[str]) -> dict[str, float | int]:
    if amount["tokens"] is not None:
        count = float(amount["tokens"].replace(",", "")) * _UNITS[amount["unit"].lower()]
        return {"tokens": round(count)}
    return {"usd": float((amount["dollars"] or amount["usd"]).replace(",", ""))}
