"""Exact arithmetic on short expressions: no `eval`, every step bounded.

sum     := product (("+" | "-") product)*       a bare percentage on the right is one of the left: 50 - 10% = 45
product := factor (("*" | "/" | "//" | "mod" | "of") factor)*
factor  := ("+" | "-") factor | power
power   := postfix ("^" factor)?
postfix := atom ("%" | "!" | "squared" | "cubed")*
atom    := number | constant | function "(" sum ("," sum)* ")" | function factor | "(" sum ")"
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from adapters.text.exact import (
    FUNCTIONS,
    PRODUCTS,
    Number,
    Unreadable,
    checked,
    factorial,
    number,
    power,
)
from core.errors import ToolFailed

MAX_CHARACTERS = 200
MAX_DEPTH = 24

_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4}(?![\w.]))?)"
    r"|(?P<name>log2|[a-z]+)|(?P<operator>\*\*|//|[-+*/%^!(),])",
    re.IGNORECASE,
)
_CONSTANTS = {
    "pi": Fraction("3.14159265358979323846264338327950288419716939937510582097494"),
    "e": Fraction("2.71828182845904523536028747135266249775724709369995957496697"),
    "tau": Fraction("6.28318530717958647692528676655900576839433879875021164194988"),
}


def evaluate(expression: str) -> Number:
    """The value of an expression. Raises ToolFailed with a sentence; nothing else, whatever the text."""
    if len(expression) > MAX_CHARACTERS:
        raise ToolFailed(f"That calculation is longer than {MAX_CHARACTERS} characters.")
    return _Reader(_tokens(expression)).whole()


def _tokens(expression: str) -> tuple[str, ...]:
    tokens: list[str] = []
    at = 0
    while at < len(expression):
        if expression[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(expression, at)
        if match is None or not match.group().isascii():
            raise Unreadable()
        tokens.append(match.group().lower())
        at = match.end()
    return tuple(tokens)


class _Reader:
    """Recursive descent over the tokens; the depth is counted, so that no text exhausts the stack."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Number:
        result = self._sum()
        if self._at < len(self._tokens):
            raise Unreadable()
        return result

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token and token in wanted:
            self._at += 1
            return token
        return ""

    def _sum(self) -> Number:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolFailed("That calculation is nested too deeply.")
        result = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            change = right.value if sign == "+" else -right.value
            if right.percent and not result.percent:
                change *= result.value
            result = checked(
                result.value + change,
                percent=result.percent and right.percent,
                rough=result.rough or right.rough,
            )
        self._depth -= 1
        return result

    def _product(self) -> Number:
        result = self._factor()
        while operator := self._take("*", "/", "//", "mod", "of", "%"):
            right = self._factor()
            result = checked(PRODUCTS[operator](result.value, right.value), rough=result.rough or right.rough)
        return result

    def _factor(self) -> Number:
        signs = 0
        while sign := self._take("+", "-"):
            signs += sign == "-"
        result = self._raised()
        return replace(result, value=-result.value) if signs % 2 else result

    def _raised(self) -> Number:
        base = self._postfix()
        if not self._take("^", "**"):
            return base
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolFailed("That calculation is nested too deeply.")
        exponent = self._factor()
        self._depth -= 1
        return power(base, exponent)

    def _postfix(self) -> Number:
        result = self._atom()
        while True:
            if self._next() == "%" and not self._begins_operand(self._at + 1):
                self._at += 1
                result = Number(result.value / 100, percent=True, rough=result.rough)
            elif self._take("!"):
                result = Number(factorial(result.value))
            elif word := self._take("squared", "cubed"):
                result = power(result, Number(Fraction(2 if word == "squared" else 3)))
            else:
                return result

    def _begins_operand(self, at: int) -> bool:
        token = self._tokens[at] if at < len(self._tokens) else ""
        return bool(token) and (
            token[0].isdigit() or token[0] in "(." or token in FUNCTIONS or token in _CONSTANTS
        )

    def _atom(self) -> Number:
        token = self._next()
        self._at += 1
        if token and (token[0].isdigit() or token[0] == "."):
            return checked(number(token))
        if token in _CONSTANTS:
            return Number(_CONSTANTS[token], rough=True)
        if token in FUNCTIONS:
            return self._call(token)
        if token == "(":
            result = self._sum()
            self._close()
            return replace(result, percent=False)
        raise Unreadable()

    def _call(self, name: str) -> Number:
        self._take("of")
        if self._take("("):
            arguments = [self._sum()]
            while self._take(","):
                arguments.append(self._sum())
            self._close()
        else:
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise ToolFailed("That calculation is nested too deeply.")
            arguments = [self._postfix()]
            self._depth -= 1
        return FUNCTIONS[name](arguments)

    def _close(self) -> None:
        if not self._take(")"):
            raise Unreadable("A bracket is missing in that calculation.")


CONSTANT_NAMES = frozenset(_CONSTANTS)
