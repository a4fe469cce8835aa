"""Every word that FlowMate says by itself: progress, answers, refusals, help. Markdown, plain English."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.models import Agent, Button, Delegation, Plan, Reply, Result, Status, Step, StepState, Verdict

CANCEL = "Cancel"
TRY_AGAIN = "Try again"
MAKE_A_SCHEDULE = "Make this a schedule"
NOT_YOURS = "Only the person who asked can do that."
TOO_LATE_TO_CANCEL = "It is finished already; there is nothing left to cancel."
TOO_LATE_TO_RETRY = "That was too long ago to try again; ask anew instead."
NOTHING_TO_RETRY = "Nothing failed there that could be tried again, or it is running already."
STARTS_LATE = "Saved. The queue can't be reached just now, so it will start a little late."
DATABASE_OUT = "FlowMate can't save anything just now; try again in a moment."
STRANGER = (
    "This FlowMate works for a team. Ask whoever runs it for a pairing code (`flowmate pair`), and send it here as "
    "`/start CODE`."
)
WELCOME = "You are in."
WRONG_CODE = "That code is not good, or no longer; ask for a new one."
WORDS_PLEASE = "I can only read words: write what you want, please."
CAME_TOO_LATE = (
    "That message came more than a day late, so it was not run. Send it again if you still want it."
)
NOTHING_RUNS = "Nothing of yours is running here."
GONE = "That is no longer known here."
NO_MODEL = "_No model was used._"
NOT_SHOWN = "The answer could not be shown."


def reference(delegation_id: str) -> str:
    """The correlation id as people see it."""
    return delegation_id[:8]


def lead(delegation: Delegation) -> str:
    """How what stands there meanwhile begins."""
    return "On it." if delegation.steps else "On it. Working out who does what."


def progress(delegation: Delegation) -> Reply:
    """What stands in the conversation while the answer is made."""
    lines = [lead(delegation)]
    if delegation.steps:
        lines = [*lines, *(f"- **{step.agent}**: {doing(delegation, step)}" for step in delegation.steps)]
    cancel = Button(action="cancel", label=CANCEL, value=delegation.id)
    return Reply(text="\n".join(lines), buttons=(cancel,))


def doing(delegation: Delegation, step: Step) -> str:
    """What a step is about, in a few words."""
    match step.state:
        case StepState.SUCCEEDED:
            return f"done ({duration(step.execution_time_ms)})"
        case StepState.RUNNING:
            return "working" if step.attempts <= 1 else f"trying again (attempt {step.attempts})"
        case StepState.PENDING:
            waiting = [delegation.steps[i] for i in step.after if not delegation.steps[i].state.terminal]
            return (
                f"waiting for {_listing(other.agent for other in waiting)}" if waiting else "about to start"
            )
        case state:
            return state.value.replace("_", " ")


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
    retry = Button(action="retry", label=TRY_AGAIN, value=delegation.id)
    again = Button(action="schedule", label=MAKE_A_SCHEDULE, value=delegation.id)
    buttons = (retry,) if bad else (again,) if recurring else ()
    return Reply(text="\n\n".join(blocks), files=files, buttons=buttons)


def _outputs(steps: list[Step], *, alone: bool) -> list[str]:
    outputs = [(step, (step.result or Result(state=step.state)).output.strip()) for step in steps]
    if alone:
        return [output for _, output in outputs]
    if all("\n" not in output for _, output in outputs):
        return ["\n".join(f"- **{step.agent}**: {output}" for step, output in outputs)] if outputs else []
    return [f"**{step.agent}**\n\n{output}" for step, output in outputs]


def _missing(delegation: Delegation, steps: list[Step], *, some_succeeded: bool) -> str:
    lines = [f"- **{step.agent}**: {_reason(step)}" for step in steps]
    head = "What is missing:" if some_succeeded else "That did not work:"
    # The empty line keeps what follows out of the list's last entry.
    return "\n".join([head, *lines, "", f"(reference {reference(delegation.id)})"])


def _reason(step: Step) -> str:
    if step.result is not None and step.result.error:
        return step.result.error
    return "was cancelled." if step.state is StepState.CANCELLED else "gave no answer."


def _note(steps: list[Step]) -> str:
    without = [step.agent for step in steps if step.result is not None and not step.result.used_model]
    if not without:
        return ""
    if len(without) == len(steps):
        return NO_MODEL
    return f"_No model was used for {_listing(without)}._"


def _cancelled(delegation: Delegation) -> Reply:
    good = [step for step in delegation.steps if step.state is StepState.SUCCEEDED]
    text = "Cancelled."
    if good:
        text += f" Finished before that: {_listing(step.agent for step in good)}."
    return Reply(text="\n\n".join([text, *_outputs(good, alone=False)]))


def question(plan: Plan) -> Reply:
    """What is said where nothing is run."""
    return Reply(text=plan.question or "I am not sure what to do with that; say it in other words, please.")


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


def not_planned(delegation_id: str) -> str:
    """The sentence for a mistake of FlowMate's own before anything ran."""
    return f"Something went wrong while that was planned (reference {reference(delegation_id)})."


def went_wrong(agent: str, delegation_id: str) -> str:
    """The sentence for a mistake of FlowMate's own."""
    return f"Something went wrong inside {agent} (reference {reference(delegation_id)})."


def took_too_long(seconds: float) -> str:
    return f"It took longer than {_seconds(round(seconds * 1000))} and was stopped."


def gave_up(sentence: str, attempts: int) -> str:
    return sentence if attempts <= 1 else f"{sentence} It was tried {attempts} times."


def not_run(agents: Iterable[str]) -> str:
    return f"Not run, since {_listing(agents)} did not succeed."


def keeps_crashing(times: int) -> str:
    return f"It was stopped for good: the worker died {times} times while running it."


def unknown_agent(name: str) -> str:
    return f"There is no agent called {name} any more."


def rate_limited(verdict: Verdict, *, now: datetime) -> str:
    """Which limit, and when to try again."""
    window = _duration(verdict.window_seconds)
    at = verdict.reset_at.strftime("%H:%M:%S UTC")
    wait = _duration(max(1.0, (verdict.reset_at - now).total_seconds()))
    limit = f"That is more than {verdict.limit} requests in {window}, the limit per person."
    return f"{limit} Try again in {wait} (at {at})."


def help_text(agents: Iterable[Agent]) -> str:
    """What FlowMate can do."""
    lines = [
        "Write what you want in plain words; several things at once are fine. These agents can work for you:"
    ]
    lines += [f"- **{agent.name}**: {agent.description}" for agent in agents]
    lines.append(
        'For example: "what is 15% of 320 and what time is it in Tokyo", or "create backup and send email to …".'
    )
    lines.append("To choose an agent yourself, begin with its name: `@calculator 3 * 7`.")
    return "\n".join([lines[0], "", *lines[1:-2], "", *lines[-2:]])


def _listing(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    return " and ".join([", ".join(known[:-1]), known[-1]]) if len(known) > 1 else "".join(known)


def duration(milliseconds: int) -> str:
    """How long something took, for tables: what takes less than a second in milliseconds."""
    return f"{milliseconds} ms" if milliseconds < 1000 else _seconds(milliseconds)


def _seconds(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = -(-seconds // 60)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
