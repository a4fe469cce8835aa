"""The one final answer, and what stands in its place where there is none."""

from __future__ import annotations

from core.models import Button, Delegation, Plan, Reply, Result, Status, Step, StepState
from core.rendering.buttons import LABELS
from core.rendering.failures import reference
from core.rendering.grammar import listed

NO_MODEL = "_No model was used._"
NOT_SHOWN = "The answer could not be shown."
CANCELLED = "Cancelled."
IN_PART = "What is missing:"
NOT_AT_ALL = "That did not work:"
WAS_CANCELLED = "was cancelled."
NO_ANSWER = "gave no answer."
UNSURE = "I am not sure what to do with that; say it in other words, please."


def answer(delegation: Delegation, *, status: Status, recurring: bool = False) -> Reply:
    """The one final answer: what each agent gave, and plainly what is missing."""
    if status is Status.CANCELLED:
        return _cancelled(delegation)
    good = [step for step in delegation.steps if step.state is StepState.SUCCEEDED]
    bad = [step for step in delegation.steps if step.state is not StepState.SUCCEEDED]
    blocks = _outputs(good, alone=len(delegation.steps) == 1)
    if bad:
        blocks.append(_missing(delegation, bad, some_succeeded=bool(good)))
    note = _note(good)
    if note:
        blocks.append(note)
    files = tuple(artifact for step in good if step.result for artifact in step.result.artifacts)
    retry = Button(action="retry", label=LABELS["retry"], value=delegation.id)
    again = Button(action="schedule", label=LABELS["schedule"], value=delegation.id)
    buttons = (retry,) if bad else (again,) if recurring else ()
    return Reply(text="\n\n".join(blocks), files=files, buttons=buttons)


def question(plan: Plan, *, tainted: bool = False) -> Reply:
    """What is said where nothing is run; `tainted`: whoever planned had read untrusted text."""
    return Reply(text=plan.question or UNSURE, tainted=tainted and plan.planner == "model")


def nothing_to_do(delegation_id: str) -> Reply:
    """For a delegation that has neither steps nor a question: only after a crash at a bad moment."""
    return Reply(
        text=f"I could not work out what to do; ask again, please (reference {reference(delegation_id)})."
    )


def undeliverable(delegation_id: str) -> Reply:
    """What stands in the conversation where the platform does not take the answer itself."""
    return Reply(
        text=f"The answer is ready, but it can't be shown here (reference {reference(delegation_id)})."
    )


def _outputs(steps: list[Step], *, alone: bool) -> list[str]:
    outputs = [(step, (step.result or Result(state=step.state)).output.strip()) for step in steps]
    if alone:
        return [output for _, output in outputs]
    if all("\n" not in output for _, output in outputs):
        return ["\n".join(f"- **{step.agent}**: {output}" for step, output in outputs)] if outputs else []
    return [f"**{step.agent}**\n\n{output}" for step, output in outputs]


def _missing(delegation: Delegation, steps: list[Step], *, some_succeeded: bool) -> str:
    lines = [f"- **{step.agent}**: {_reason(step)}" for step in steps]
    head = IN_PART if some_succeeded else NOT_AT_ALL
    # The empty line keeps what follows out of the list's last entry.
    return "\n".join([head, *lines, "", f"(reference {reference(delegation.id)})"])


def _reason(step: Step) -> str:
    if step.result is not None and step.result.error:
        return step.result.error
    return WAS_CANCELLED if step.state is StepState.CANCELLED else NO_ANSWER


def _note(steps: list[Step]) -> str:
    without = [step.agent for step in steps if step.result is not None and not step.result.used_model]
    if not without:
        return ""
    if len(without) == len(steps):
        return NO_MODEL
    return f"_No model was used for {listed(without)}._"


def _cancelled(delegation: Delegation) -> Reply:
    good = [step for step in delegation.steps if step.state is StepState.SUCCEEDED]
    text = cancelled_after(listed(step.agent for step in good)) if good else CANCELLED
    return Reply(text="\n\n".join([text, *_outputs(good, alone=False)]))


def cancelled_after(agents: str) -> str:
    return f"Cancelled. Finished before that: {agents}."
