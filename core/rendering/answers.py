"""The one final answer, and what stands in its place where there is none."""

from __future__ import annotations

from core.addresses import addresses_in, known_among
from core.links import only_known
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
    text, addresses = _followable(delegation, "\n\n".join(blocks))
    files = tuple(artifact for step in good if step.result for artifact in step.result.artifacts)
    retry = Button(action="retry", label=LABELS["retry"], value=delegation.id)
    again = Button(action="schedule", label=LABELS["schedule"], value=delegation.id)
    buttons = (retry,) if bad else (again,) if recurring else ()
    return Reply(text=text, files=files, buttons=buttons, addresses=addresses)


def question(plan: Plan, *, instruction: str = "", tainted: bool = False) -> Reply:
    """What is said where nothing is run; `tainted`: whoever planned had read untrusted text."""
    if plan.planner != "model":
        return Reply(text=plan.question or UNSURE)
    text = only_known(plan.question or UNSURE, known=addresses_in(instruction), strict=tainted)
    return Reply(text=text, tainted=tainted)


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
    lead = cancelled_after(listed(step.agent for step in good)) if good else CANCELLED
    text, addresses = _followable(delegation, "\n\n".join([lead, *_outputs(good, alone=False)]))
    return Reply(text=text, addresses=addresses)


def _followable(delegation: Delegation, text: str) -> tuple[str, tuple[str, ...]]:
    """The text with links where somebody else than a model supplied the address, and these addresses.

    Each output was made so by itself; put together, one may have opened what another closes.
    """
    results = [step.result for step in delegation.steps if step.result is not None]
    known = set(addresses_in(delegation.instruction.text))
    for result in results:
        known.update(result.addresses if result.used_model else addresses_in(result.output))
    if any(result.used_model for result in results):
        text = only_known(text, known=known, strict=any(result.tainted for result in results))
    return text, known_among(text, {address for result in results for address in result.addresses})


def cancelled_after(agents: str) -> str:
    return f"Cancelled. Finished before that: {agents}."
