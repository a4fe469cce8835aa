"""What is asked before a tool changes the world, what was answered, and what becomes of it. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from core.models import DECISIONS, Approval, ApprovalState, Button, Person, Reply
from core.rendering.buttons import LABELS
from core.rendering.times import run_line, wait

NOT_YOURS = "Only the person who asked, or an approver, can decide that."
UNKNOWN = "There is no such request."
AMBIGUOUS = "Several requests begin like that; give more of the id."
NOTHING_WAITS = "Nothing waits for a yes."
WAITS = "waiting for a yes"
EARLIER = "what was said earlier in this conversation"
READ_BEFORE = "Read before that, from outside:"
UNNAMED = "Not named in the instruction:"
PROMPT = "Approve? [y]es, [n]o, [a]lways for this run: "
HOW_ELSE = "`flowmate approve {id}` or `flowmate deny {id}` answers it from anywhere."
UNSEEN = {"\u2028", "\u2029", "\ufeff"}


def request(approval: Approval, *, zone: str) -> Reply:
    """The message that asks, with its buttons."""
    text = "\n\n".join([*_body(approval), f"_{until(approval, zone=zone)}_"])
    return Reply(text=text, buttons=buttons(approval))


def buttons(approval: Approval) -> tuple[Button, ...]:
    """What can be pressed as long as it is not decided."""
    return tuple(Button(action=decision, label=LABELS[decision], value=approval.id) for decision in DECISIONS)


def outcome(approval: Approval, *, zone: str) -> Reply:
    """The same message once it is decided: nothing to press, and who decided, and when."""
    return Reply(text="\n\n".join([*_body(approval), f"**{verdict(approval, zone=zone)}**"]))


def lead(approval: Approval) -> str:
    """Who asks, which agent, which tool."""
    return f"{_name(approval.person)} asked, and the {approval.agent} agent wants to call {approval.tool}."


def arguments(approval: Approval) -> str:
    """The exact arguments, one line each; what follows a line break is indented, so that no value looks like two."""
    values = json.loads(approval.arguments)
    lines = [f"{name}: {_value(value)}" for name, value in values.items()] or ["(nothing)"]
    return "\n".join(lines)


def sources(approval: Approval) -> str:
    """What was read before that came from outside; empty where nothing was."""
    return "\n".join(visible(source)[:300] for source in approval.sources)


def targets(approval: Approval) -> str:
    """Whom or what the instruction doesn't name."""
    return "\n".join(visible(target)[:300] for target in approval.unnamed)


def verdict(approval: Approval, *, zone: str) -> str:
    """One sentence on how it was decided."""
    at = "" if approval.decided_at is None else run_line(approval.decided_at, zone)
    who = "" if approval.decided_by is None else _name(approval.decided_by)
    match approval.state:
        case ApprovalState.APPROVED if approval.always:
            return f"Approved for every {approval.tool} of this run by {who} ({at})."
        case ApprovalState.APPROVED:
            return f"Approved by {who} ({at})."
        case ApprovalState.DENIED:
            return f"Denied by {who} ({at})."
        case ApprovalState.EXPIRED:
            return f"Expired: nobody answered in {_patience(approval)}."
        case ApprovalState.WITHDRAWN:
            return "No longer asked: its run is over."
        case ApprovalState.PENDING:
            return "Not decided yet."


def refused(approval: Approval) -> str:
    """Why the tool was not called: for the person, and for the model."""
    if approval.state is ApprovalState.DENIED:
        who = "a person" if approval.decided_by is None else _name(approval.decided_by)
        return f"{approval.tool} was not called: {who} said no."
    if approval.state is ApprovalState.EXPIRED:
        return f"{approval.tool} was not called: nobody approved it within {_patience(approval)}."
    return f"{approval.tool} was not called: it is no longer asked."


def source(name: str, given: str) -> str:
    """One line on where untrusted text came from: the tool or the agent, and what it was asked for."""
    line = " ".join(visible(given).split())
    return f"{name}: {line[:200]}" if line else name


def visible(text: str) -> str:
    """Text whose every character can be seen: controls, joiners and direction marks as their numbers."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") or character in UNSEEN
    return f"\\u{ord(character):04x}" if hidden else character


def _body(approval: Approval) -> list[str]:
    parts = [f"**{lead(approval)}**", fenced(arguments(approval))]
    if approval.unnamed:
        parts += [UNNAMED, fenced(targets(approval))]
    if approval.sources:
        parts += [READ_BEFORE, fenced(sources(approval))]
    return parts


def fenced(text: str) -> str:
    """A block of code that the text can't end: in it nobody is called and nothing is a link."""
    longest = max((len(run) for run in _ticks(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _ticks(text: str) -> Iterable[str]:
    return "".join(c if c == "`" else " " for c in text).split()


def until(approval: Approval, *, zone: str) -> str:
    """How long it can be decided, by whom, and what "always" means."""
    return (
        f"Good until {run_line(approval.expires_at, zone)} ({zone}), for {_name(approval.person)} or an approver. "
        f"{LABELS['always']}: every later {approval.tool}, too."
    )


def _name(person: Person) -> str:
    """The person's name without anything that a platform might take for markup."""
    plain = "".join(c for c in visible(person.name) if c.isalnum() or c in " .'-").strip()
    return plain[:60] or "somebody"


def _value(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return visible(text).replace("\n", "\n    ") or '""'


def _patience(approval: Approval) -> str:
    return wait((approval.expires_at - approval.asked_at).total_seconds())
