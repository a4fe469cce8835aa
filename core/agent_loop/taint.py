"""Which untrusted text a task brings along: earlier steps' and earlier answers'."""

from __future__ import annotations

from core.models import Exchange, Task
from core.rendering.approvals import EARLIER, source


def outside(task: Task) -> tuple[str, ...]:
    """Where it came from, one line each; nothing where all that the task holds is the asker's own."""
    steps = [source(upstream.agent, upstream.task) for upstream in task.upstream if upstream.tainted]
    said = [EARLIER] if any(_untrusted(exchange, task) for exchange in task.history) else []
    return (*steps, *said)


def without_taint(task: Task) -> Task:
    """The task as it would be without any of that."""
    trusted = {
        "upstream": tuple(upstream for upstream in task.upstream if not upstream.tainted),
        "history": tuple(exchange for exchange in task.history if not _untrusted(exchange, task)),
    }
    return task.model_copy(update=trusted)


def _untrusted(exchange: Exchange, task: Task) -> bool:
    """In a thread others may have spoken: their words are not the asker's."""
    return exchange.tainted or exchange.person_id not in ("", task.person.id)


def own_words(task: Task) -> tuple[str, ...]:
    """What the asker said, in this instruction and earlier in the conversation."""
    earlier = (one.instruction for one in task.history if one.person_id in ("", task.person.id))
    return (task.instruction, *earlier)
