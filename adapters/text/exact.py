"""Exact numbers: the operations and functions of `arithmetic`, each bounded, and how results are written."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from core.errors import ToolFailed

MAX_BITS = 12_000
MAX_EXPONENT = 4_000
_DIGITS = 60


class Unreadable(ToolFailed):
    """I can't read that calculation."""


@dataclass(frozen=True)
class Number:
    """A value; `percent` while it is a bare percentage, `rough` where it is rounded somewhere below."""

    value: Fraction
    percent: bool = False
    rough: bool = False


def number(token: str) -> Fraction:
    _, _, exponent = token.partition("e")
    if exponent and abs(int(exponent)) > MAX_EXPONENT // 4:
        raise ToolFailed("That number is too large for me to work out.")
    return Fraction(token)


def checked(value: Fraction, *, percent: bool = False, rough: bool = False) -> Number:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ToolFailed("That number is too large for me to work out.")
    return Number(value, percent=percent, rough=rough)


def _divided(left: Fraction, right: Fraction) -> Fraction:
    if right == 0:
        raise ToolFailed("I can't divide by zero.")
    return left / right


def _floored(left: Fraction, right: Fraction) -> Fraction:
    return Fraction(math.floor(_divided(left, right)))


PRODUCTS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "*": lambda left, right: left * right,
    "of": lambda left, right: left * right,
    "/": _divided,
    "//": _floored,
    "mod": lambda left, right: left - right * _floored(left, right),
    "%": lambda left, right: left - right * _floored(left, right),
}


def power(base: Number, exponent: Number) -> Number:
    value, raised = base.value, exponent.value
    if value == 0 and raised < 0:
        raise ToolFailed("I can't divide by zero.")
    if raised.denominator == 1:
        return checked(_whole_power(value, raised.numerator), rough=base.rough or exponent.rough)
    if value < 0:
        raise ToolFailed("A negative number has no such root.")
    return _rounded(value, lambda number, context: context.power(number, _decimal(raised)))


def _whole_power(value: Fraction, raised: int) -> Fraction:
    """An exact power; its size is known before it is worked out."""
    if value in (0, 1, -1):
        return value ** (raised % 2 or 2) if raised else Fraction(1)
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if abs(raised) > MAX_EXPONENT or bits * abs(raised) > MAX_BITS:
        raise ToolFailed("That number is too large for me to work out.")
    return Fraction(value**raised)


def factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise ToolFailed("Only whole numbers have a factorial.")
    if value > 400:
        raise ToolFailed("That number is too large for me to work out.")
    return Fraction(math.factorial(int(value)))


def _decimal(value: Fraction) -> decimal.Decimal:
    with decimal.localcontext(prec=_DIGITS):
        return decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)


def _rounded(value: Fraction, work: Callable[[decimal.Decimal, decimal.Context], decimal.Decimal]) -> Number:
    """`work` done on decimals with many digits: for what has no exact result."""
    with decimal.localcontext(prec=_DIGITS, Emax=MAX_EXPONENT, Emin=-MAX_EXPONENT) as context:
        try:
            result = work(_decimal(value), context)
            if not result.is_finite():
                raise ToolFailed("That number is too large for me to work out.")
            return checked(Fraction(result), rough=True)
        except decimal.DecimalException as error:
            raise ToolFailed("That has no result that I can work out.") from error


def _one(arguments: list[Number]) -> Number:
    if len(arguments) != 1:
        raise ToolFailed("That function takes one number.")
    return arguments[0]


def _root(arguments: list[Number]) -> Number:
    number = _one(arguments)
    value = number.value
    if value < 0:
        raise ToolFailed("A negative number has no square root.")
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return replace(number, value=Fraction(top, bottom), percent=False)
    return _rounded(value, lambda decimal_value, context: context.sqrt(decimal_value))


def _cube_root(arguments: list[Number]) -> Number:
    value = _one(arguments).value
    rough = _rounded(abs(value), lambda number, context: context.power(number, _decimal(Fraction(1, 3))))
    whole = Fraction(round(rough.value))
    sign = Fraction(-1 if value < 0 else 1)
    return Number(sign * whole) if whole**3 == abs(value) else replace(rough, value=sign * rough.value)


def _logarithm(arguments: list[Number], *, ten: bool) -> Number:
    value = _one(arguments).value
    if value <= 0:
        raise ToolFailed("Only numbers above zero have a logarithm.")
    return _rounded(value, lambda number, context: context.log10(number) if ten else context.ln(number))


def _logarithm_of_two(arguments: list[Number]) -> Number:
    value = _one(arguments).value
    power_of_two = value.numerator.bit_length() - value.denominator.bit_length()
    if value > 0 and Fraction(2) ** power_of_two == value:
        return Number(Fraction(power_of_two))
    top, bottom = _logarithm(arguments, ten=False), _logarithm([Number(Fraction(2))], ten=False)
    return checked(top.value / bottom.value, rough=True)


def _median(values: list[Fraction]) -> Fraction:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _round(arguments: list[Number]) -> Number:
    if len(arguments) > 2:
        raise ToolFailed("Rounding takes a number and how many digits.")
    digits = arguments[1].value if len(arguments) == 2 else Fraction(0)
    if digits.denominator != 1 or abs(digits) > 50:
        raise ToolFailed("Rounding takes a whole number of digits, up to 50.")
    scale = Fraction(10) ** int(digits)
    value = arguments[0].value * scale
    half_up = math.floor(abs(value) + Fraction(1, 2))
    return checked(Fraction(half_up if value >= 0 else -half_up) / scale)


def _over_all(work: Callable[[list[Fraction]], Fraction]) -> Callable[[list[Number]], Number]:
    def over(arguments: list[Number]) -> Number:
        result = work([number.value for number in arguments])
        return checked(result, rough=any(number.rough for number in arguments))

    return over


FUNCTIONS: dict[str, Callable[[list[Number]], Number]] = {
    "sqrt": _root,
    "cbrt": _cube_root,
    "log": lambda arguments: _logarithm(arguments, ten=True),
    "log2": lambda arguments: _logarithm_of_two(arguments),
    "ln": lambda arguments: _logarithm(arguments, ten=False),
    "round": _round,
    "abs": _over_all(lambda values: abs(_only(values))),
    "floor": _over_all(lambda values: Fraction(math.floor(_only(values)))),
    "ceil": _over_all(lambda values: Fraction(math.ceil(_only(values)))),
    "min": _over_all(min),
    "max": _over_all(max),
    "sum": _over_all(lambda values: sum(values, Fraction(0))),
    "median": _over_all(lambda values: _median(values)),
    "avg": _over_all(lambda values: sum(values, Fraction(0)) / len(values)),
}
FUNCTION_NAMES = frozenset(FUNCTIONS)


def _only(values: list[Fraction]) -> Fraction:
    if len(values) != 1:
        raise ToolFailed("That function takes one number.")
    return values[0]


def written(value: Fraction, *, places: int = 10) -> tuple[str, bool]:
    """The value in digits (thousands separated), and whether they are exact."""
    whole = abs(value)
    if whole >= 10**24 or (whole and whole < Fraction(1, 10**9)):
        return _scientific(value)
    if value.denominator == 1:
        return f"{value.numerator:,}", True
    with decimal.localcontext(prec=_DIGITS):
        number = _decimal(value)
        shown = max(places, 4 - number.adjusted()) if whole < 1 else places
        cut = number.quantize(decimal.Decimal(1).scaleb(-min(shown, 20)))
    text = f"{cut:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text, Fraction(cut) == value


def _scientific(value: Fraction) -> tuple[str, bool]:
    with decimal.localcontext(prec=12, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN):
        number = (decimal.Decimal(value.numerator) / decimal.Decimal(value.denominator)).normalize()
        exponent = number.adjusted()
        mantissa = f"{number.scaleb(-exponent):f}".rstrip("0").rstrip(".")
    return f"{mantissa} × 10^{exponent}", Fraction(number) == value
