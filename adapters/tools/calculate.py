"""Arithmetic, percentages, shares and unit conversions, worked out exactly."""

from __future__ import annotations

import asyncio
import math
import re
from fractions import Fraction
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.arithmetic import MAX_CHARACTERS, evaluate
from adapters.text.content import from_earlier_steps, last_answer
from adapters.text.exact import written
from adapters.text.pointing import about_it
from adapters.text.politeness import without_politeness
from adapters.text.sum_shapes import Sum
from adapters.text.sums import MOST_CHARACTERS, requested, to_sum
from adapters.text.units import Conversion, label
from adapters.text.words import compatible, own_words
from adapters.tools import ToolParts
from core.errors import ToolFailed
from core.models import Task
from core.ports.tool import Effect, ToolOutput

_STANDS_FOR = re.compile(
    (
        r"\b(?:(?:the|that|this) (?:result|answer|number|amount|sum|total|value|output|figure|product"
        r"|difference|quotient|price|days|hours|minutes)"
        r"|it|that(?! is\b)|this|the above|them|both(?: of them| results| numbers)?|(?:the|these"
        r"|those|all) (?:results|numbers|amounts))\b"
    ),
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    (
        r"\b(?:add|sum)(?: up)? (?:them(?: all)?|all of them|both(?: results| numbers)?|(?:the |these |those "
        r"|all )+(?:results|numbers|amounts))(?: up| together)?$"
    ),
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w]|[.,]\d)")
_BOLD = re.compile(r"\*\*[^*\d+-]{0,3}([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)[^*]{0,40}\*\*")
_AND_WITH = re.compile(
    (
        r"(?:and |also |what about |how about |what if it(?:'s| is| were) )+(?:with |of |for "
        r"|from )?([\d.,]+) ?(%|percent)?[?! .]*"
    ),
    re.IGNORECASE,
)


class Calculation(BaseModel):
    """What to work out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expression: str = Field(
        min_length=1,
        max_length=MAX_CHARACTERS,
        description="An expression such as `3 * (2 + 4)`, `sqrt(2)`, `15% of 320`, `50 + 20%`, "
        "`36 is what percent of 480`, "
        "`5 miles in km`; no currency conversion",
    )


class Calculate:
    """Works out one expression."""

    name: str = "calculate"
    description: str = "Works out arithmetic, percentages and unit conversions exactly."
    arguments: type[Calculation] = Calculation
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = None

    def parse(self, task: Task) -> Calculation | None:
        text = compatible(own_words(task))
        if not text or len(text) > MOST_CHARACTERS:
            return None
        follow_up = _follow_up(text, task)
        if follow_up is not None:
            return follow_up
        going_on = about_it(text)
        if going_on is not None:
            return Calculation(expression=going_on)
        found = to_sum(text)
        if found is None and not self._points_at_numbers(text):
            return None
        wordings = [requested(text), without_politeness(text), text]
        if found is not None:
            wordings = [*(words for words in wordings if to_sum(words) == found), found.plainly]
        asked = next((words for words in wordings if self._suits(words)), "")
        return Calculation(expression=asked) if asked else None

    def _suits(self, words: str) -> bool:
        fits = 0 < len(words) <= MAX_CHARACTERS
        return fits and (to_sum(words) is not None or self._points_at_numbers(words))

    def _points_at_numbers(self, text: str) -> bool:
        """Whether it is a calculation once "it" is a number."""
        if _SEVERAL.search(text.rstrip(" .?!")) is not None:
            return True
        return _STANDS_FOR.search(text) is not None and to_sum(_STANDS_FOR.sub("7", text)) is not None

    def named_by(self, arguments: Calculation) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Calculation, *, task: Task, idempotency_key: str) -> ToolOutput:
        text = _with_numbers(arguments.expression, task)
        found = to_sum(text)
        if found is None:
            raise ToolFailed("I can't read that calculation; try something like 15% of 320 or 5 miles in km.")
        if isinstance(found, Conversion):
            return ToolOutput(text=await asyncio.to_thread(_converted, found))
        return ToolOutput(text=_worked_out(found))


def build(parts: ToolParts) -> Calculate:
    return Calculate()


def _follow_up(text: str, task: Task) -> Calculation | None:
    """ "And 20%?" after a calculation: the same one with that number."""
    match = _AND_WITH.fullmatch(text)
    before = to_sum(task.history[-1].instruction) if match and task.history else None
    if match is None or not isinstance(before, Sum):
        return None
    number = match.group(1).strip(".,")
    pattern = r"[\d.]+(?= ?%)" if match.group(2) else r"(?<![\d.])[\d.]+(?! ?%)(?![\d.])"
    places = list(re.finditer(pattern, before.expression))
    if not places:
        return None
    at = places[-1]
    changed = before.expression[: at.start()] + number + before.expression[at.end() :]
    return Calculation(expression=changed) if to_sum(changed) is not None else None


def _with_numbers(text: str, task: Task) -> str:
    """The words with "it" and "the result" as the numbers that they stand for."""
    if to_sum(text) is not None or _STANDS_FOR.search(text) is None:
        return text
    numbers = _earlier_numbers(task)
    if not numbers:
        raise ToolFailed("I don't know which number is meant; please write it out.")
    if _SEVERAL.search(text.rstrip(" .?!")):
        return "sum of " + " and ".join(numbers)
    return _STANDS_FOR.sub(numbers[-1], text)


def _earlier_numbers(task: Task) -> tuple[str, ...]:
    """One number of each earlier output: the last bold one, else the last one; else that of the last answer."""
    texts = [step.output for step in task.upstream if step.succeeded] if from_earlier_steps(task) else []
    if not texts and task.history:
        texts = [last_answer(task)]
    found = ((_BOLD.findall(text) or _NUMBER.findall(text))[-1:] for text in texts)
    return tuple(numbers[0].replace(",", "") for numbers in found if numbers)


def _worked_out(found: Sum) -> str:
    result = evaluate(found.expression)
    digits, exact = written(result.value)
    sign = "=" if exact and not result.rough else "≈"
    if found.percent_of is not None:
        about = "" if sign == "=" else "about "
        part, whole = (_shown(side) for side in found.percent_of)
        if part == whole:
            digits, _ = written(evaluate(found.percent_of[0]).value * 100)
            return f"{part} = **{digits}%**"
        return f"{part} is {about}**{digits}%** of {whole}"
    if result.percent:
        digits, _ = written(result.value * 100)
        return f"{_shown(found.expression)} {sign} **{digits}%**"
    text = f"{_shown(found.expression)} {sign} **{digits}{found.unit}**"
    return text + _extras(found, result.value)


def _extras(found: Sum, value: Fraction) -> str:
    extras = []
    if found.money and (value * 100).denominator != 1:
        extras.append(f"about {written(_cents(value), places=2)[0]}")
    if found.also is not None:
        words, expression = found.also
        total = evaluate(expression).value
        extras.append(f"{words} {written(_cents(total) if found.money else total)[0]}")
    return f" ({', '.join(extras)})" if extras else ""


def _cents(value: Fraction) -> Fraction:
    """Rounded half up, as people do with money."""
    return Fraction(math.floor(value * 100 + Fraction(1, 2)), 100)


def _shown(expression: str) -> str:
    """The expression for people: stars would be emphasis in Markdown."""
    text = re.sub(r" ?\*\* ?|\^", "^", expression)
    text = re.sub(r" ?\* ?", " × ", text)
    return re.sub(r"(?<=[\w)%]) ?/ ?(?=[\w(])", " / ", text).strip()


def _converted(asked: Conversion) -> str:
    """Runs on a thread: the first use reads pint's definitions, which takes a while."""
    if asked.money:
        raise ToolFailed("I have no exchange rates; I can only convert units such as km, kg or °C.")
    # Imported here for the reason given in `_registry`.
    from pint import PintError

    try:
        amount = _quantity(asked.amount, asked.unit)
        if asked.extra is not None:
            amount = amount + _quantity(asked.extra[0], asked.extra[1])
        value = amount.to(asked.target).magnitude
    except PintError as error:
        raise ToolFailed(
            f"{asked.unit_label} can't be converted to {asked.target_label}: they measure different things."
        ) from error
    except (OverflowError, ValueError, ZeroDivisionError) as error:
        raise ToolFailed("That number is too large for me to work out.") from error
    digits, exact = written(Fraction(value).limit_denominator(10**12), places=4)
    parts = [f"{_plain(asked.amount)} {label(asked.unit_label)}"]
    if asked.extra is not None:
        parts.append(f"{_plain(asked.extra[0])} {label(asked.extra[2])}")
    return f"{' '.join(parts)} {'=' if exact else '≈'} **{digits} {label(asked.target_label)}**"


@cache
def _registry() -> Any:
    # pint is imported here because few steps need it and it would weigh on every process.
    import pint

    return pint.UnitRegistry(non_int_type=Fraction)


def _quantity(amount: str, unit: str) -> Any:
    return _registry().Quantity(evaluate(amount).value, unit)


def _plain(amount: str) -> str:
    return written(evaluate(amount).value)[0]
