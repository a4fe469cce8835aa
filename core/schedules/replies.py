"""What FlowMate says about schedules. Markdown, plain English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.models import Action, Button, Reply
from core.models.schedule import Schedule, ScheduleState, Slot, SlotOutcome
from core.schedules.wording import in_words, run_line

SHOWN_WITH_BUTTONS = 8
NONE_YET = (
    "There are no schedules yet. Say what you want and when, for example: "
    '"every weekday at 9 send me the headlines from https://example.org/feed.xml".'
)
SAY_WHEN = 'When? Answer here, for example "every weekday at 9", "every 2 hours" or "on the 1st at 8".'
SAY_WHAT = "What shall I do then? Say it together with the time, please."
TOO_MANY = "That is one schedule too many: {limit} is the most for one person. Delete one first."
NOT_YOURS = "Only the person who made that schedule can change it."
RUNS_NOW = "It runs now; the answer comes here in a moment."
LEADS = {
    "save": "Saved.",
    "pause": "Paused.",
    "resume": "It goes on.",
    "delete": "Deleted.",
    "run": "It runs now.",
}
DISCARDED = "Discarded; nothing was saved."
LABELS: dict[Action, str] = {
    "save": "Save",
    "discard": "Discard",
    "pause": "Pause",
    "resume": "Resume",
    "run": "Run now",
    "delete": "Delete",
    "schedule": "Make this a schedule",
}


def unknown(number: int) -> str:
    return f'There is no schedule {number} here. "list schedules" shows those that there are.'


def unchanged(schedule: Schedule) -> str:
    """The sentence for a press or a command that comes too late."""
    states = {
        ScheduleState.PROPOSED: "is not saved yet",
        ScheduleState.ACTIVE: "is active",
        ScheduleState.PAUSED: "is paused",
        ScheduleState.ENDED: "has ended",
        ScheduleState.DELETED: "is deleted",
    }
    return f"Schedule {schedule.number} {states[schedule.state]} already; nothing was changed."


def proposal(schedule: Schedule, *, runs: Sequence[datetime], shown_in: str) -> Reply:
    """What was understood, said back before anything is saved."""
    text = "\n".join(
        [
            f"I understood: **{in_words(schedule.timing, schedule.zone)}**",
            "",
            *_quoted(schedule.text),
            "",
            *_next(schedule, runs),
            "",
            f'Shall I save it? (Or write "save schedule {schedule.number}".)',
        ]
    )
    buttons = tuple(_button(action, schedule, shown_in) for action in ("save", "discard"))
    return Reply(text=text, buttons=buttons)


def card(
    schedule: Schedule, *, runs: Sequence[datetime], slots: Sequence[Slot] = (), shown_in: str, lead: str = ""
) -> Reply:
    """One schedule with all that can be done to it."""
    lines = [lead, ""] if lead else []
    lines += [f"**Schedule {schedule.number}**: {in_words(schedule.timing, schedule.zone)}", ""]
    lines += [*_quoted(said(schedule)), ""]
    if schedule.state is ScheduleState.ACTIVE:
        lines += _next(schedule, runs)
    else:
        lines += [_standing(schedule)]
    last = _last(schedule, slots)
    lines += ["", last] if last else []
    return Reply(text="\n".join(lines).strip(), buttons=_controls(schedule, shown_in, row=0, numbered=False))


def listing(schedules: Sequence[tuple[Schedule, Sequence[Slot]]], *, shown_in: str) -> Reply:
    """The schedules of a workspace that a person sees, with buttons for the first few."""
    if not schedules:
        return Reply(text=NONE_YET)
    lines: list[str] = []
    buttons: list[Button] = []
    for row, (schedule, slots) in enumerate(schedules):
        lines.append(
            f"{schedule.number}. **{in_words(schedule.timing, schedule.zone)}**: {_short(said(schedule))}"
        )
        lines.append(f"   {_standing(schedule)}")
        last = _last(schedule, slots)
        lines += [f"   {last}"] if last else []
        if row < SHOWN_WITH_BUTTONS:
            buttons += _controls(schedule, shown_in, row=row, numbered=len(schedules) > 1)
    if len(schedules) > SHOWN_WITH_BUTTONS:
        lines += ["", 'For the others write "pause schedule 9", "run schedule 9" or "delete schedule 9".']
    return Reply(text="\n".join(lines), buttons=tuple(buttons))


def missed(slots: Sequence[Slot], *, zone: str) -> str:
    """The line above a digest that makes up for runs that were missed; empty where none was."""
    lost = [slot for slot in slots if slot.outcome is SlotOutcome.MISSED]
    if not lost:
        return ""
    since = run_line(min(slot.slot for slot in lost), zone)
    if len(lost) == 1:
        return f"_One run was missed while FlowMate was not running: {since}._"
    return f"_{len(lost)} runs were missed while FlowMate was not running, the first {since}._"


def said(schedule: Schedule) -> str:
    """The instruction, and the agent whose file it comes from."""
    return f"@{schedule.agent} {schedule.text}" if schedule.agent else schedule.text


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in text.splitlines() or [""]]


def _next(schedule: Schedule, runs: Sequence[datetime]) -> list[str]:
    if not runs:
        return ["It won't run again."]
    if len(runs) == 1:
        return [f"It runs once: {run_line(runs[0], schedule.zone)}."]
    return ["The next runs:", *(f"- {run_line(run, schedule.zone)}" for run in runs)]


def _standing(schedule: Schedule) -> str:
    if schedule.state is ScheduleState.ACTIVE and schedule.next_slot is not None:
        return f"Next run: {run_line(schedule.next_slot, schedule.zone)}."
    if schedule.state is ScheduleState.PAUSED:
        return f"Paused. {schedule.reason}".strip()
    return {
        ScheduleState.PROPOSED: "Not saved yet.",
        ScheduleState.ENDED: "It has ended.",
        ScheduleState.DELETED: "It is deleted.",
    }.get(schedule.state, "")


def _last(schedule: Schedule, slots: Sequence[Slot]) -> str:
    if not slots:
        return ""
    line = run_line(slots[0].slot, schedule.zone)
    lost = [slot for slot in slots if slot.outcome is SlotOutcome.MISSED]
    if slots[0].outcome is SlotOutcome.MISSED:
        return f"Missed: {line}."
    shown = f"Last run: {line}."
    return f"{shown} Missed lately: {len(lost)}." if lost else shown


def _controls(schedule: Schedule, shown_in: str, *, row: int, numbered: bool) -> tuple[Button, ...]:
    actions: tuple[Action, ...]
    if schedule.state is ScheduleState.ACTIVE:
        actions = ("pause", "run", "delete")
    elif schedule.state is ScheduleState.PAUSED:
        actions = ("resume", "run", "delete")
    else:
        actions = ()
    return tuple(_button(action, schedule, shown_in, row=row, numbered=numbered) for action in actions)


def _button(
    action: Action, schedule: Schedule, shown_in: str, *, row: int = 0, numbered: bool = False
) -> Button:
    label = f"{LABELS[action]} {schedule.number}" if numbered else LABELS[action]
    return Button(action=action, label=label, value=f"{schedule.id}.{shown_in}", row=row)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"
