"""What is said about integrations."""

from __future__ import annotations

from collections.abc import Sequence

from core.ports.integrations import Missing
from core.rendering.grammar import listed

UNKNOWN = "There is no such integration."
WRONG_NAME = "A name has up to 40 small letters, digits, dashes and underscores, and begins with a letter."
NONE_YET = "Nothing is connected yet; `flowmate integrations kinds` shows what can be."


def missing(reason: Missing, *, tool: str, kind: str, agent: str, workspace: str) -> str:
    """Why a tool was not called, and how to mend it; the model reads it, too, and passes it on."""
    head = f"Denied: {tool} needs the {kind} integration, which"
    if reason is Missing.NOT_GIVEN:
        return f"{head} the {agent} agent wasn't given; its file has to name it, as `integrations: [{kind}]`."
    return (
        f"{head} isn't connected here; whoever runs FlowMate connects it with "
        f"`flowmate integrations connect {kind} --workspace {workspace}`."
    )


def name_taken(name: str, *, kind: str) -> str:
    return f"There is an integration named {name} already, of the kind {kind}; revoke it first, or choose another name."


def no_such_kind(kind: str, *, kinds: Sequence[str]) -> str:
    return f"There is no kind of integration called {kind!r}; there are {listed(kinds)}."


def no_such_field(name: str, *, fields: Sequence[str]) -> str:
    return f"There is no field {name!r}; there are {listed(fields)}."


def field_missing(title: str) -> str:
    return f"It can't do without the {title}."


def too_long(title: str, *, most: int) -> str:
    return f"The {title} is longer than {most:,} characters."


def no_answer(seconds: float) -> str:
    return f"There was no answer within {seconds:g} seconds."


def no_such_name(name: str) -> str:
    return f"There is no integration named {name}; `flowmate integrations list` shows them."
