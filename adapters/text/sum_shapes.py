"""The ways in which people word percentages, shares and sums, with the expressions that they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sum:
    """Something to evaluate: `expression` for the evaluator, and how the answer is worded."""

    expression: str
    percent_of: tuple[str, str] | None = None
    """For "y is what percent of x": y and x; the result is a percentage."""
    also: tuple[str, str] | None = None
    """A second expression that belongs to it, with its words: ("together", "52 + 18%")."""
    unit: str = ""
    """What stands right behind the result."""
    money: bool = False
    """Whether the answer is an amount that people pay, so that two decimals are told as well."""

    @property
    def plainly(self) -> str:
        """The same in the fewest words."""
        return (
            f"{self.percent_of[0]} is what % of {self.percent_of[1]}" if self.percent_of else self.expression
        )


_FEE = (
    r"(?:(?:sales |value added |income )?(?:vat|tax|taxes|gst|mwst|tip|tips|gratuity"
    r"|service(?: charge)?|discount|interest|mark-?up"
    r"|surcharge|commission|fees?|duty|rebate|margin|charge|bonus|raise|increase|rise|reduction|cut))"
)
_X = r"([\d.(][\d.() +*/-]{0,80}|[\d.])"
_P = r"([\d.]+) ?%"


_UNIT = r"(?: ?(?!and\b)[a-z/]{1,12})?"
_ALONE = re.compile(r"(?<![a-z])\(([\d.]+)\)")


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _make(template: str, *, also: str = "", money: bool = False) -> Callable[[re.Match[str]], Sum]:
    def make(match: re.Match[str]) -> Sum:
        parts = {f"g{number}": (text or "").strip() for number, text in enumerate(match.groups(), start=1)}
        words = ("together", also.format(**parts)) if also else None
        return Sum(_ALONE.sub(r"\1", template.format(**parts)), also=words, money=money)

    return make


def _fee(percent: int, amount: int) -> Callable[[re.Match[str]], Sum]:
    return _make(f"{{g{percent}}}% of {{g{amount}}}", also=f"{{g{amount}}} + {{g{percent}}}%", money=True)


def _share(part: int, whole: int) -> Callable[[re.Match[str]], Sum]:
    def make(match: re.Match[str]) -> Sum:
        y, x = match.group(part).strip(), match.group(whole).strip()
        return Sum(_ALONE.sub(r"\1", f"({y}) / ({x}) * 100"), percent_of=(y, x))

    return make


def _change(match: re.Match[str]) -> Sum:
    before, after = match.group(1).strip(), match.group(2).strip()
    return Sum(_ALONE.sub(r"\1", f"(({after}) - ({before})) / ({before}) * 100"), unit="%")


def _priced(match: re.Match[str]) -> Sum:
    product = f"{match.group(1)} * {match.group(2)}"
    if not match.group(4):
        return Sum(product, money=True)
    taken = match.group(3) in ("minus", "less") or "discount" in match.group()
    return Sum(f"({product}) {'-' if taken else '+'} {match.group(4)}%", money=True)


_EACH = _make("{g1} / {g2}", money=True)
_LISTS: dict[str, str] = {
    "sum": "sum", "total": "sum", "add up": "sum", "add": "sum", "sum up": "sum", "average": "avg", "mean": "avg",
    "min": "min", "minimum": "min", "smallest": "min", "max": "max", "maximum": "max", "largest": "max",
    "biggest": "max", "greatest": "max", "highest": "max", "lowest": "min", "avg": "avg", "median": "median",
    "tot up": "sum", "tally up": "sum", "tally": "sum", "total up": "sum", "arithmetic mean": "avg",
    "average out": "avg", "sum total": "sum", "grand total": "sum", "add together": "sum",
}  # fmt: skip
_PEOPLE = (
    r"(?: (?:equal )?(?:people|persons?|ways|parts|friends|guests|colleagues|of us|heads"
    r"|shares|groups|pieces|teams|participants))?"
)
SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Sum]], ...] = (
    (_shape(rf"(?:add|apply|put) {_P}(?: {_FEE})? (?:to|on|onto) {_X}"), _make("{g2} + {g1}%")),
    (_shape(rf"(?:add|apply) {_FEE} of {_P} (?:to|on) {_X}"), _make("{g2} + {g1}%")),
    (_shape(rf"(?:increase|raise|grow|bump(?: up)?|up|mark up) {_X} by {_P}"), _make("{g1} + {g2}%")),
    (_shape(rf"{_X} (?:increased|raised|grown|up|marked up) by {_P}"), _make("{g1} + {g2}%")),
    (
        _shape(rf"(?:decrease|reduce|lower|cut|discount|drop|shrink|mark down) {_X} by {_P}"),
        _make("{g1} - {g2}%"),
    ),
    (_shape(rf"{_X} (?:decreased|reduced|lowered|cut|discounted|down) by {_P}"), _make("{g1} - {g2}%")),
    (
        _shape(
            rf"(?:subtract|take(?: off| away)?|deduct|remove|knock) {_P}(?: {_FEE})? (?:from"
            rf"|off(?: of)?) {_X}"
        ),
        _make("{g2} - {g1}%"),
    ),
    (
        _shape(
            rf"(?:apply )?{_P} (?:off|discount (?:on|off|to|for|from)|rebate on|reduction (?:on"
            rf"|of)|less than|off of) {_X}"
        ),
        _make("{g2} - {g1}%"),
    ),
    (_shape(rf"{_P} (?:more|higher|greater) than {_X}"), _make("{g2} + {g1}%")),
    (
        _shape(
            rf"{_X} (?:with|at|after|minus|less|and)(?: an?)? {_P} (?:discount|off|reduction"
            r"|rebate)"
        ),
        _make("{g1} - {g2}%"),
    ),
    (_shape(rf"{_X} (?:less|without|take away) {_P}(?: {_FEE})?"), _make("{g1} - {g2}%")),
    (
        _shape(
            rf"{_X} (?:with|plus|including|incl\.?|and)(?: an?)? {_P} {_FEE}(?: (?:added|included"
            r"|on top))?"
        ),
        _make("{g1} + {g2}%"),
    ),
    (_shape(rf"{_X} (?:with|including) {_FEE} of {_P}"), _make("{g1} + {g2}%")),
    (_shape(rf"{_P} (?:tip|gratuity)s? (?:on|for|of|from) {_X}"), _fee(1, 2)),
    (_shape(rf"(?:leave )?(?:tip|gratuity) of {_P} (?:on|for|of|to) {_X}"), _fee(1, 2)),
    (_shape(rf"(?:tip|gratuity) (?:on|for) {_X} (?:at|with|of) {_P}"), _fee(2, 1)),
    (_shape(rf"(?:tip )?{_P}(?: tip)? on {_X}"), _fee(1, 2)),
    (_shape(rf"{_P} {_FEE} (?:on|of|for|from|in) {_X}"), _fee(1, 2)),
    (_shape(rf"{_FEE} (?:of|at) {_P} (?:on|of|for|from) {_X}"), _fee(1, 2)),
    (_shape(rf"{_P} (?:[a-z-]+ )?{_FEE} (?:on|of|for|from|in)(?: [a-z]+){{1,3}} {_X}"), _fee(1, 2)),
    (_shape(rf"{_P}(?: {_FEE})? on top of(?: [a-z]+){{0,2}} {_X}"), _make("{g2} + {g1}%")),
    (
        _shape(rf"{_X}(?: [a-z]+){{0,2}} (?:with|plus) {_P}(?: {_FEE})? (?:on top|added)"),
        _make("{g1} + {g2}%"),
    ),
    (
        _shape(
            rf"(\d+)(?: [a-z-]+){{0,3}} (?:at|for|@|x|times|of) ([\d.]+)(?: [a-z]+)? (?:each|apiece|a pop"
            rf"|a piece|per [a-z]+)"
            rf"(?:,? (plus|minus|with|less|and|including) {_P}(?: {_FEE})?(?: on top)?)?(?:,? (?:total"
            rf"|in total))?"
        ),
        _priced,
    ),
    (_shape(rf"{_P} (?:from|form|out of) {_X}"), _make("{g1}% of {g2}")),
    (
        _shape(
            rf"(?:percent(?:age)?|%|share|fraction|proportion) of {_X} (?:is|are|does|makes?"
            rf"|would be|equals?|represents?) {_X}"
        ),
        _share(2, 1),
    ),
    (_shape(rf"(?:percent(?:age)?|%) (?:is|are|does|makes?) {_X} (?:of|out of|from) {_X}"), _share(1, 2)),
    (
        _shape(rf"{_X} (?:is|are|makes?|represents?|equals?) what (?:percent(?:age)?|%|share) of {_X}"),
        _share(1, 2),
    ),
    (_shape(rf"{_X} (?:as|in)(?: an?)? (?:percent(?:age)?|%) of {_X}"), _share(1, 2)),
    (_shape(rf"{_X} (?:of|out of|from|/) {_X} (?:as|in)(?: an?)? (?:percent(?:age)?|%)"), _share(1, 2)),
    (_shape(rf"{_X} (?:as|in)(?: an?)? (?:percent(?:age)?|%)"), _share(1, 1)),
    (
        _shape(
            r"(?:percent(?:age)?|%) (?:change|increase|decrease|growth|difference|rise|drop"
            rf"|fall) (?:from|between) {_X} (?:to|and) {_X}"
        ),
        _change,
    ),
    (
        _shape(rf"(?:by )?(?:what )?(?:percent(?:age)?|%) (?:[a-z]+ ){{0,4}}?from {_X} to {_X}"),
        _change,
    ),
    (_shape(rf"(?:number is )?{_X} is {_P} of(?: what(?: number)?)?"), _make("({g1}) / {g2}%")),
    (
        _shape(
            r"(?:split|divide|share)(?: bill of| total of| bill| total"
            rf"| amount of)? {_X}(?: bill)?(?: equally| evenly)? "
            rf"(?:with|plus|including)(?: an?)? {_P} tip (?:by|among(?:st)?|between|for) (\d+){_PEOPLE}"
        ),
        _make("({g1} + {g2}%) / {g3}", money=True),
    ),
    (
        _shape(
            r"(?:split|divide|share|distribute)(?: bill of| total of| bill| total"
            rf"| amount of)? {_X}(?: bill)?(?: equally| evenly)? "
            r"(?:by|among(?:st)?|between|into|over|across|with|on|for"
            rf"|to)(?: all)? (\d+(?:\.\d+)?){_PEOPLE}(?: equally| evenly)?"
        ),
        _EACH,
    ),
    (_shape(rf"(?:split|divide|share)(?: bill of| bill)? {_X}(?: equally| evenly)? (\d+) ways"), _EACH),
    (
        _shape(
            rf"{_X} (?:split|shared)(?: equally| evenly)? (?:by|between|among(?:st)?|into"
            rf"|in|over)? ?(\d+){_PEOPLE}"
        ),
        _EACH,
    ),
    (_shape(rf"{_X} (?:for|by|between|among) (\d+){_PEOPLE},? (?:each|per (?:person|head))"), _EACH),
    (_shape(rf"add(?: together)? {_X} (?:and|to|plus|with) {_X}"), _make("{g1} + {g2}")),
    (_shape(rf"(?:subtract|take(?: away)?|deduct) {_X} (?:from|off|away from) {_X}"), _make("{g2} - {g1}")),
    (_shape(rf"take {_X} away from {_X}"), _make("{g2} - {g1}")),
    (_shape(rf"(?:multiply|times) {_X} (?:by|and|with|times) {_X}"), _make("({g1}) * ({g2})")),
    (_shape(rf"divide {_X} (?:by|through) {_X}"), _make("({g1}) / ({g2})")),
    (_shape(rf"product of {_X} and {_X}"), _make("({g1}) * ({g2})")),
    (_shape(rf"(?:quotient|ratio) of {_X} (?:and|to|over) {_X}"), _make("({g1}) / ({g2})")),
    (_shape(rf"difference (?:between|of) {_X} and {_X}"), _make("abs(({g1}) - ({g2}))")),
    (_shape(rf"(?:remainder (?:of|when) )?{_X} (?:modulo|mod|modulus) {_X}"), _make("({g1}) mod ({g2})")),
    (_shape(rf"remainder (?:of|when) {_X} (?:divided|is divided) by {_X}"), _make("({g1}) mod ({g2})")),
    (_shape(rf"(?:double|twice|2 times) {_X}"), _make("2 * ({g1})")),
    (_shape(rf"triple {_X}"), _make("3 * ({g1})")),
    (_shape(rf"(?:halve|half) {_X}"), _make("({g1}) / 2")),
    (_shape(rf"square of {_X}"), _make("({g1})^2")),
    (_shape(rf"square {_X}"), _make("({g1})^2")),
    (_shape(rf"cube of {_X}"), _make("({g1})^3")),
    (_shape(rf"(\d+)(?:nd|rd|th|st) root of {_X}"), _make("({g2})^(1/{g1})")),
    (_shape(r"factorial of (\d+)|(\d+) factorial"), lambda m: Sum(f"{m.group(1) or m.group(2)}!")),
    (
        _shape(
            rf"round {_X} (?:to|at|on) (\d{{1,2}})(?: (?:decimal places?|decimals?|digits?"
            r"|places?))?"
        ),
        _make("round({g1}, {g2})"),
    ),
    (
        _shape(rf"round {_X}(?: to (?:the )?(?:nearest )?(?:whole|integer|whole number))?"),
        _make("round({g1})"),
    ),
    (
        _shape(
            rf"({'|'.join(sorted(_LISTS, key=len, reverse=True))})(?: number| value)?"
            rf"(?: of| between| from| among| out of)?:? ([\d.]+{_UNIT}(?:(?:, ?and | and |, ?|; ?| ?\+ ?"
            rf"| )[\d.]+{_UNIT}){{1,30}})"
        ),
        lambda m: Sum(
            f"{_LISTS[m.group(1).lower()]}({', '.join(re.findall(r'[0-9.]+(?![a-z])', m.group(2)))})"
        ),
    ),
)
