"""JSON as RFC 8259 and RFC 7493 mean it: Python's own parser takes NaN, 1e999, duplicate keys and lone surrogates."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_NUMBER_DIGITS = 300
MAX_DEPTH = 100
MAX_NAME_CHARACTERS = 60

# One escape at a time, pairs first: what is left as a third is a surrogate without its other half.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_REPLACEMENT = "\\ufffd"


class InvalidJson(ValueError):
    """The body is no JSON, or more than JSON; `field` is the path of the wrong value, if it is known."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


@dataclass(frozen=True)
class _Wrong:
    """Stands where no value may be, until the path to it is known."""

    reason: str


def parse(body: bytes) -> Any:
    """The value; lone surrogates in its strings are replaced (U+FFFD). Raises InvalidJson."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
    if not text.strip():
        raise InvalidJson("The body is empty.")
    try:
        value = json.loads(
            _ESCAPE.sub(lambda found: _REPLACEMENT if found[1] else found[0], text),
            parse_constant=lambda name: _Wrong(f"{name} is no number in JSON"),
            parse_float=_float,
            parse_int=_int,
            object_pairs_hook=_object,
        )
    except RecursionError as error:
        raise InvalidJson("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidJson(f"The body is no JSON: {error.msg} ({place}).") from error
    _check(value)
    return value


def _check(value: Any) -> None:
    """Walk without recursion, which deep nesting would exhaust."""
    ahead: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while ahead:
        path, one = ahead.pop()
        if isinstance(one, _Wrong):
            raise InvalidJson(f"{one.reason}.", field=".".join(path) or None)
        if len(path) > MAX_DEPTH:
            raise InvalidJson("The body is nested too deeply.", field=path[0])
        ahead.extend((((*path, name), inner)) for name, inner in _inside(one))


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name[:MAX_NAME_CHARACTERS], inner
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            # Most values of a long list are plain; a path for each of them would cost more than the parsing.
            if isinstance(inner, (dict, list, _Wrong)):
                yield str(index), inner


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = _Wrong("the name is there twice") if name in found else value
    return found


def _float(written: str) -> float | _Wrong:
    if len(written) > MAX_NUMBER_DIGITS:
        return _Wrong("the number has too many digits")
    number = float(written)
    return number if math.isfinite(number) else _Wrong("the number is too large")


def _int(written: str) -> int | _Wrong:
    return _Wrong("the number has too many digits") if len(written) > MAX_NUMBER_DIGITS else int(written)
