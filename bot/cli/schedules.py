"""`flowmate schedules`: what comes again, over the running service."""

from __future__ import annotations

import json
import re
import sys

from rich.console import Console
from rich.text import Text

from adapters.settings import Settings
from adapters.text.markdown import plain
from bot.cli.bodies import Answer, ScheduleCard
from bot.cli.client import Api, CallFailed, Unreachable
from bot.cli.terminal import stdout
from bot.readout import printable
from core.models.schedule import SlotOutcome
from core.rendering import schedules as words
from core.rendering import terminal


async def list_schedules(settings: Settings, *, as_json: bool) -> int:
    """Show every schedule; returns the exit code."""
    async with Api(settings) as api:
        cards = await api.schedules()
        ends = {} if as_json else {card.id: await _last_answer(api, card) for card in cards}
    if as_json:
        sys.stdout.write(json.dumps([card.model_dump(by_alias=True, mode="json") for card in cards]) + "\n")
        return 0
    console = stdout()
    if not cards:
        console.print(Text(terminal.NO_SCHEDULES), soft_wrap=True)
    for card in cards:
        _show(console, card, runs=1, last=ends[card.id])
    return 0


async def _last_answer(api: Api, card: ScheduleCard) -> Answer | None:
    """What the newest run gave; None where there is nothing to be seen of it from here."""
    if not card.last_runs or card.last_runs[0].delegation_id is None:
        return None
    try:
        return await api.delegation(card.last_runs[0].delegation_id)
    except Unreachable:
        raise
    except CallFailed:  # posted into a chat, it is that chat's
        return None


async def add_schedule(
    settings: Settings, when: str, instruction: str, *, zone: str | None, to: str | None
) -> int:
    """Make a schedule, and show how it was understood; returns the exit code."""
    async with Api(settings) as api:
        card = await api.add_schedule(to_body(when, instruction, zone=zone, to=to))
    console = stdout()
    console.print(Text(terminal.saved_as(card.number), style="bold"))
    _show(console, card, runs=3)
    _say_where(console, card)
    return 0


def to_body(when: str, instruction: str, *, zone: str | None = None, to: str | None = None) -> dict[str, str]:
    """What the API is asked for; five cron fields are told from words."""
    words = when.split()
    is_cron = len(words) >= 5 and (when[:1] in "*0123456789" or "*" in words)
    given = {"cron" if is_cron else "when": when, "instruction": instruction, "zone": zone, "postTo": to}
    return {name: said for name, said in given.items() if said is not None}


async def change_schedule(settings: Settings, number: int, change: str) -> int:
    """Pause, resume, run or delete the schedule with this number; returns the exit code."""
    async with Api(settings) as api:
        card = next((card for card in await api.schedules() if card.number == number), None)
        if card is None:
            raise CallFailed(terminal.no_such_schedule(number))
        card = await api.change_schedule(card.id, change)
    console = stdout()
    console.print(Text(words.LEADS[change], style="bold"))
    if change != "delete":
        _show(console, card, runs=1)
    if change in words.ANSWERS_COME:
        _say_where(console, card)
    return 0


def _say_where(console: Console, card: ScheduleCard) -> None:
    if not card.post_to:
        console.print(Text(words.ON_THE_PAGE, style="dim"), soft_wrap=True)


def _show(console: Console, card: ScheduleCard, *, runs: int, last: Answer | None = None) -> None:
    line = Text(f"{card.number}. ", style="bold")
    line.append(printable(card.when), style="bold")
    addressed = f"@{card.agent} " if card.agent else ""
    line.append(f"  {printable(addressed + card.instruction)}")
    console.print(line, soft_wrap=True)
    if card.post_to:
        console.print(Text(f"   {words.posts_to(printable(card.post_to))}", style="dim"))
    if card.state == "paused":
        console.print(Text(f"   {words.paused(printable(card.reason))}", style="yellow"))
    for coming in _coming(card, runs):
        console.print(Text(f"   {coming}", style="dim"))
    if card.last_runs:
        ran = card.last_runs[0]
        said = words.missed_run if ran.outcome == SlotOutcome.MISSED else words.last_run
        console.print(Text(f"   {said(ran.slot, zone=card.zone)}", style="dim"))
    if last is not None:
        ended = terminal.outcome(last.status, printable(first_line(last.answer or "")))
        console.print(Text(f"   {ended}", style="dim"), soft_wrap=True)


_MARKS = re.compile(r"^\s*(?:#+ |> ?|[-*] |\d+\. )+")


def first_line(text: str) -> str:
    """Of an answer, without the marks that only a chat shows: the first one that says something by itself.

    A note about the run comes before what it gave, and a line that ends with a colon only leads up to the next one.
    """
    lines = [_MARKS.sub("", line).strip() for line in text.splitlines() if not _is_note(line)]
    said = [plain(line) for line in lines if line]
    if len(said) > 1 and said[0].endswith(":"):
        return f"{said[0]} {said[1]}"
    return said[0] if said else plain(text).strip("_ \n")


def _is_note(line: str) -> bool:
    return line.startswith("_") and line.rstrip().endswith("_")


def _coming(card: ScheduleCard, runs: int) -> list[str]:
    if runs == 1:
        return [words.next_run(at, zone=card.zone) for at in card.next_runs[:1]]
    return words.coming(card.next_runs[:runs], zone=card.zone)
