"""A digest leads with what is new since the last run. Pure."""

from __future__ import annotations

import re

from core.models import Delegation, Step, StepState
from core.rendering import digests
from core.rendering.times import run_line

_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+")
_LINK = re.compile(r"https?://[^\s)>\]]+")


def lead_with_new(delegation: Delegation, last: Delegation | None, *, zone: str) -> Delegation:
    """The delegation with each agent's list cut into what is new since the last run and what was there before.

    What is no list is left as it is, and said to be unchanged where it is.
    """
    if last is None:
        return delegation
    since = run_line(last.received_at, zone)
    earlier = {(step.agent, step.task): step for step in last.steps if step.state is StepState.SUCCEEDED}
    steps = tuple(
        _compared(step, earlier.get((step.agent, step.task)), since=since) for step in delegation.steps
    )
    return delegation.model_copy(update={"steps": steps})


def compare(output: str, earlier: str, *, since: str) -> str:
    """The output, what is new in it first."""
    head, items = _items(output)
    before = {_key(item) for item in _items(earlier)[1]}
    if not items or not before:
        same = " ".join(output.split()) == " ".join(earlier.split())
        return digests.unchanged(output, since=since) if same else output
    fresh = [item for item in items if _key(item) not in before]
    known = [item for item in items if _key(item) in before]
    return digests.compared(head, fresh=fresh, known=known, since=since)


def _compared(step: Step, earlier: Step | None, *, since: str) -> Step:
    if (
        earlier is None
        or step.state is not StepState.SUCCEEDED
        or step.result is None
        or earlier.result is None
    ):
        return step
    output = compare(step.result.output, earlier.result.output, since=since)
    return step.model_copy(update={"result": step.result.model_copy(update={"output": output})})


def _items(text: str) -> tuple[str, list[str]]:
    """What stands before the list, and its entries with the lines that belong to them."""
    head: list[str] = []
    items: list[str] = []
    for line in text.strip().splitlines():
        if _ITEM.match(line):
            items.append(line)
        elif items and (not line.strip() or line.startswith((" ", "\t"))):
            items[-1] += f"\n{line}"
        elif items:
            # Another heading or paragraph: more than one list, which is not taken apart.
            return text, []
        else:
            head.append(line)
    return "\n".join(head).strip(), [item.rstrip() for item in items]


def _key(item: str) -> str:
    link = _LINK.search(item)
    return link[0] if link else " ".join(_ITEM.sub("", item).split()).casefold()
