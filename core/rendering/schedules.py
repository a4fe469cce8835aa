"""Schedules as people see them: what was understood, one of them, all of them, and what became of a change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from core.models import Action, Button, Reply
from core.models.schedule import Schedule, ScheduleState, Slot, SlotOutcome
from core.rendering.buttons import LABELS, numbered
from core.rendering.grammar import shortened
from core.rendering.times import run_line
from core.rendering.timings import in_words

SHOWN_WITH_BUTTONS = 8
NONE_YET = (
    "There are no schedules yet. Say what you want and when, for example: "
    '"every weekday at 9 send me the headlines from https://example.org/feed.xml".'
)
PAUSED = "Paused."
NEVER_AGAIN = "It won't run again."
NEXT_RUNS = "The next runs:"
OTHERS = 'For the others write "pause schedule 9", "run schedule 9" or "delete schedule 9".'
RUNS_NOW = "It runs now; the answer comes here in a moment."
LEADS = {
    "save": "Saved.",
    "pause": PAUSED,
    "resume": "It goes on.",
    "delete": "Deleted.",
    "run": "It runs now.",
}
ANSWERS_COME = ("save", "resume", "run")
"""The changes after which there will be answers."""
ON_THE_PAGE = (
    "Its answers come on the page (`flowmate link`); `flowmate schedules list` tells how the last run went."
)
IN_ITS_CHAT = (
    "Its answers come on the page (`flowmate link`), and into the chat in which it was made while that is open; "
    "`flowmate schedules list` tells how the last run went."
)
DISCARDED = "Discarded; nothing was saved."

SHALL_I_SAVE = "Shall I save it?"
_PROPOSED = re.compile(rf'{re.escape(SHALL_I_SAVE)} \(Or write "save schedule (?P<number>\d+)"\.\)\s*$')


def unknown(number: int) -> str:
    return f'There is no schedule {number} here. "list schedules" shows those that there are.'


def too_many(limit: int) -> str:
    return f"That is one schedule too many: {limit} is the most for one person. Delete one first."


def unchanged(schedule: Schedule) -> str:
    """The sentence for a press or a command that comes too late."""
    standing = {
        ScheduleState.PROPOSED: "is not saved yet",
        ScheduleState.ACTIVE: "is active already",
        ScheduleState.PAUSED: "is paused already",
        ScheduleState.ENDED: "has ended already",
        ScheduleState.DELETED: "is deleted already",
    }
    return f"Schedule {schedule.number} {standing[schedule.state]}; nothing was changed."


def proposed(text: str) -> int | None:
    """The number of the schedule that this text proposes, if it ends with a proposal of ours."""
    found = _PROPOSED.search(text)
    return int(found["number"]) if found else None


def proposal(schedule: Schedule, *, runs: Sequence[datetime], shown_in: str) -> Reply:
    """What was understood, said back before anything is saved."""
    text = "\n".join(
        [
            f"I understood: **{in_words(schedule.timing, schedule.zone)}**",
            "",
            *_quoted(schedule.text),
            "",
            *coming(runs, zone=schedule.zone),
            "",
            f'{SHALL_I_SAVE} (Or write "save schedule {schedule.number}".)',
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
        lines += coming(runs, zone=schedule.zone)
    elif _standing(schedule) != lead:
        lines += [_standing(schedule)]
    lines += ["", posts_to(schedule.post_to)] if schedule.post_to else []
    last = _last(schedule, slots)
    lines += ["", last] if last else []
    return Reply(text="\n".join(lines).strip(), buttons=_controls(schedule, shown_in, row=0, several=False))


def listing(schedules: Sequence[tuple[Schedule, Sequence[Slot]]], *, shown_in: str) -> Reply:
    """The schedules of a workspace that a person sees, with buttons for the first few.

    Not as a numbered list: what shows Markdown counts one by itself, whatever the numbers are.
    """
    if not schedules:
        return Reply(text=NONE_YET)
    lines: list[str] = []
    buttons: list[Button] = []
    for row, (schedule, slots) in enumerate(schedules):
        lines.append(
            f"- **Schedule {schedule.number}**, {in_words(schedule.timing, schedule.zone)}: "
            f"{shortened(said(schedule))}"
        )
        lines.append(f"  {_standing(schedule)}")
        lines += [f"  {posts_to(schedule.post_to)}"] if schedule.post_to else []
        last = _last(schedule, slots)
        lines += [f"  {last}"] if last else []
        if row < SHOWN_WITH_BUTTONS:
            buttons += _controls(schedule, shown_in, row=row, several=len(schedules) > 1)
    if len(schedules) > SHOWN_WITH_BUTTONS:
        lines += ["", OTHERS]
    return Reply(text="\n".join(lines), buttons=tuple(buttons))


def said(schedule: Schedule) -> str:
    """The instruction, and the agent whose file it comes from."""
    return f"@{schedule.agent} {schedule.text}" if schedule.agent else schedule.text


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in text.splitlines() or [""]]


def coming(runs: Sequence[datetime], *, zone: str) -> list[str]:
    """The next runs, line by line."""
    if not runs:
        return [NEVER_AGAIN]
    if len(runs) == 1:
        return [f"It runs once: {run_line(runs[0], zone)}."]
    return [NEXT_RUNS, *(f"- {run_line(run, zone)}" for run in runs)]


def next_run(at: datetime, *, zone: str) -> str:
    return f"Next run: {run_line(at, zone)}."


def posts_to(place: str) -> str:
    return f"Its answers go to {place}."


def paused(reason: str) -> str:
    """With what FlowMate paused it for by itself, if that was so."""
    return f"{PAUSED} {reason}".strip()


def last_run(at: datetime, *, zone: str, missed: int = 0) -> str:
    """When it ran last, and how many of the last runs were missed."""
    shown = f"Last run: {run_line(at, zone)}."
    return f"{shown} Missed lately: {missed}." if missed else shown


def missed_run(at: datetime, *, zone: str) -> str:
    return f"Missed: {run_line(at, zone)}."


def _standing(schedule: Schedule) -> str:
    if schedule.state is ScheduleState.ACTIVE and schedule.next_slot is not None:
        return next_run(schedule.next_slot, zone=schedule.zone)
    if schedule.state is ScheduleState.PAUSED:
        return paused(schedule.reason)
    return {
        ScheduleState.PROPOSED: "Not saved yet.",
        ScheduleState.ENDED: "It has ended.",
        ScheduleState.DELETED: "It is deleted.",
    }.get(schedule.state, "")


def _last(schedule: Schedule, slots: Sequence[Slot]) -> str:
    if not slots:
        return ""
    if slots[0].outcome is SlotOutcome.MISSED:
        return missed_run(slots[0].slot, zone=schedule.zone)
    lost = sum(slot.outcome is SlotOutcome.MISSED for slot in slots)
    return last_run(slots[0].slot, zone=schedule.zone, missed=lost)


def _controls(schedule: Schedule, shown_in: str, *, row: int, several: bool) -> tuple[Button, ...]:
    actions: tuple[Action, ...]
    if schedule.state is ScheduleState.ACTIVE:
        actions = ("pause", "run", "delete")
    elif schedule.state is ScheduleState.PAUSED:
        actions = ("resume", "run", "delete")
    else:
        actions = ()
    return tuple(_button(action, schedule, shown_in, row=row, several=several) for action in actions)


def _button(
    action: Action, schedule: Schedule, shown_in: str, *, row: int = 0, several: bool = False
) -> Button:
    label = numbered(action, schedule.number) if several else LABELS[action]
    return Button(action=action, label=label, value=f"{schedule.id}.{shown_in}", row=row)
