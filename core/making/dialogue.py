"""A new agent, asked for question by question. Pure: the state is what was said, kept with the conversation.

Each reply is kept under the key of the instruction that it was, so that planning the same instruction twice (a worker
died in between) counts it once.
"""

from __future__ import annotations

from collections.abc import Collection

from core.catalog import check_agent
from core.errors import InvalidAgent
from core.making.commands import to_name
from core.making.forms import to_fields
from core.models import AgentDraft, DraftTurn

ASKED = ("name", "description", "system_prompt", "tools", "integrations")
OPTIONAL = frozenset({"system_prompt", "tools", "integrations"})
SKIP = frozenset({"skip", "none", "no", "nothing", "-", "default"})
YES = frozenset({"yes", "y", "ok", "okay", "sure", "yes please", "yes, please"})
STOP = frozenset({"cancel", "/cancel", "stop", "abort", "never mind", "nevermind", "forget it", "quit"})
_STAND_INS = {"name": "x", "description": "x"}


def values_of(draft: AgentDraft) -> dict[str, str]:
    """What was said and taken so far, by field; empty where a question was passed over."""
    return {**draft.given, **{turn.field: turn.text for turn in draft.turns if turn.accepted}}


def asked_next(draft: AgentDraft) -> str | None:
    """The field that is asked for now; None where everything was said."""
    values = values_of(draft)
    return next((field for field in ASKED if field not in values), None)


def before(draft: AgentDraft, key: str) -> AgentDraft:
    """The draft as it was before this instruction."""
    turns = tuple(turn for turn in draft.turns if turn.key != key)
    closed_by = None if draft.closed_by == key else draft.closed_by
    return draft.model_copy(update={"turns": turns, "closed_by": closed_by})


def is_stop(text: str) -> bool:
    return text.strip().rstrip(".!").lower() in STOP


def to_value(field: str, text: str) -> str:
    """A reply as the value of the field that was asked for."""
    text = text.strip()
    if field in OPTIONAL and text.rstrip(".!").lower() in SKIP:
        return ""
    return to_name(text) if field == "name" else text


def with_given(draft: AgentDraft, field: str, value: str) -> AgentDraft:
    """The draft with what need not be asked for."""
    return draft.model_copy(update={"given": {**draft.given, field: value}})


def problem_of(field: str, value: str, *, tools: Collection[str]) -> str | None:
    """What is wrong with a value, for people."""
    try:
        check_agent({**_STAND_INS, **to_fields({field: value}), **_bare(field, value)}, tools=tools)
    except InvalidAgent as wrong:
        return wrong.sentence
    return None


def with_turn(draft: AgentDraft, *, key: str, field: str, text: str, accepted: bool) -> AgentDraft:
    """The draft with one reply more."""
    turn = DraftTurn(key=key, field=field, text=text, accepted=accepted)
    return draft.model_copy(update={"turns": (*draft.turns, turn)})


def _bare(field: str, value: str) -> dict[str, str]:
    """An empty name or description is wrong, and not a stand-in."""
    return {field: value} if field in _STAND_INS else {}
