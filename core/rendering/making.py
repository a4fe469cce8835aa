"""What is said about agents that people make: what is wrong with one, what was made, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from core.rendering.grammar import listed

NO_FRONT_MATTER = "An agent's file begins with front matter between two lines of '---'."
NO_FIELDS = "The front matter must hold `field: value` lines."


def no_yaml(reason: str) -> str:
    return (
        f"The front matter is no YAML ({reason}); "
        "a value that holds a colon or begins with * needs quotes around it."
    )


def no_such_tool(name: str, *, meant: Sequence[str], tools: Sequence[str]) -> str:
    hint = f" Do you mean {' or '.join(meant)}?" if meant else f" The tools are {listed(tools)}."
    return f"There is no tool called {name}.{hint}"


def wrong_field(field: str, kind: str, bounds: Mapping[str, Any], message: str, fields: Sequence[str]) -> str:
    """What is wrong with one field, from the kind of the problem and its bounds."""
    match kind:
        case "missing":
            return f"An agent needs a {field}."
        case "extra_forbidden":
            meant = get_close_matches(field.rpartition(".")[2], fields, n=1)
            return f"There is no field {field}{f'; do you mean {meant[0]}?' if meant else '.'}"
        case "string_pattern_mismatch":
            return (
                f"The {field} has to begin with a letter and may hold small letters, digits, - and _, "
                "40 characters at most."
            )
        case "string_too_short":
            return f"The {field} is empty."
        case "string_too_long":
            return f"The {field} may have {bounds['max_length']:,} characters at most."
        case "too_long":
            return f"There may be {bounds['max_length']} {field} at most."
        case "tuple_type":
            return f"The {field} have to be a list."
        case "greater_than_equal" | "greater_than":
            return f"{field} has to be {bounds.get('ge', bounds.get('gt')):g} or more."
        case "less_than_equal":
            return f"{field} may be {bounds['le']:g} at most."
        case _:
            return f"{field}: {message}."


def was_deleted(name: str, *, at: datetime) -> str:
    return f"The agent {name} was deleted on {day(at)}."


def not_yours_to_use(name: str) -> str:
    return f"There is no agent called {name} that you may use any more."


def day(at: datetime) -> str:
    """ "3 December 2026"."""
    return f"{at.day} {at:%B %Y}"
