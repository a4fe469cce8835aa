"""What stands in the conversation while the answer is made."""

from __future__ import annotations

from core.models import Button, Delegation, EventKind, Reply, Step, StepState
from core.rendering.approvals import WAITS
from core.rendering.buttons import LABELS
from core.rendering.grammar import listed
from core.rendering.times import duration

UNDER_WAY = "On it."
PLANNING = "On it. Working out who does what."
HOW_TO_STOP = "/cancel stops it."
STATES = {
    StepState.PENDING: "waiting",
    StepState.RUNNING: "working",
    StepState.WAITING: WAITS,
    StepState.SUCCEEDED: "done",
    StepState.FAILED: "failed",
    StepState.TIMED_OUT: "took too long",
    StepState.CANCELLED: "cancelled",
    StepState.DENIED: "denied",
}
UNSEEN = frozenset({EventKind.STEP_TOOL, EventKind.TOOL_DENIED})
"""Of a running step: what changes nothing in the placeholder's text."""


def lead(delegation: Delegation) -> str:
    """How what stands there meanwhile begins."""
    return UNDER_WAY if delegation.steps else PLANNING


def progress(delegation: Delegation) -> Reply:
    """The placeholder: one line for each agent, and the button that cancels."""
    lines = [lead(delegation)]
    if delegation.steps:
        lines = [*lines, *(f"- **{step.agent}**: {doing(delegation, step)}" for step in delegation.steps)]
    cancel = Button(action="cancel", label=LABELS["cancel"], value=delegation.id)
    return Reply(text="\n".join(lines), buttons=(cancel,))


def typed(delegation: Delegation) -> Reply:
    """The same where there is no message yet that could have a button."""
    return Reply(text=f"{progress(delegation).text}\n\n{HOW_TO_STOP}")


def stand_in() -> Reply:
    """A line in the place of an answer that is about to be put there."""
    return Reply(text=UNDER_WAY)


def doing(delegation: Delegation, step: Step) -> str:
    """What a step is about, in a few words."""
    match step.outcome:
        case StepState.SUCCEEDED:
            return f"{STATES[step.state]} ({duration(step.execution_time_ms)})"
        case StepState.RUNNING if step.attempts > 1:
            return trying_again(attempt=step.attempts)
        case StepState.PENDING:
            waiting = [delegation.steps[i] for i in step.after if not delegation.steps[i].state.terminal]
            return waiting_for(listed(other.agent for other in waiting)) if waiting else "about to start"
        case state:
            return STATES[state]


def trying_again(*, attempt: int) -> str:
    return f"trying again (attempt {attempt})"


def waiting_for(agents: str) -> str:
    return f"waiting for {agents}"
