"""`flowmate schedules`: what comes again, over the running service."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from adapters.settings import Settings
from bot.cli.bodies import ScheduleCard
from bot.cli.client import Api, CallFailed
from bot.cli.terminal import stdout
from bot.readout import printable

NONE_YET = (
    'There are no schedules yet; make one: flowmate schedules add "every weekday at 9" "headlines from …"'
)
DONE = {"pause": "Paused.", "resume": "It goes on.", "run": "It runs now.", "delete": "Deleted."}


async def list_schedules(settings: Settings, *, as_json: bool) -> int:
    """Show every schedule; returns the exit code."""
    async with Api(settings) as api:
        cards = await api.schedules()
    if as_json:
        sys.stdout.write(json.dumps([card.model_dump(by_alias=True, mode="json") for card in cards]) + "\n")
        return 0
    console = stdout()
    if not cards:
        console.print(Text(NONE_YET), soft_wrap=True)
    for card in cards:
        _show(console, card, runs=1)
    return 0


async def add_schedule(settings: Settings, when: str, instruction: str, *, zone: str | None) -> int:
    """Make a schedule, and show how it was understood; returns the exit code."""
    async with Api(settings) as api:
        card = await api.add_schedule(when, instruction, zone=zone)
    console = stdout()
    console.print(Text(f"Saved as schedule {card.number}.", style="bold"))
    _show(console, card, runs=3)
    return 0


async def change_schedule(settings: Settings, number: int, change: str) -> int:
    """Pause, resume, run or delete the schedule with this number; returns the exit code."""
    async with Api(settings) as api:
        card = next((card for card in await api.schedules() if card.number == number), None)
        if card is None:
            raise CallFailed(
                f"There is no schedule {number}; `flowmate schedules list` shows those that there are."
            )
        card = await api.change_schedule(card.id, change)
    console = stdout()
    console.print(Text(DONE[change], style="bold"))
    if change != "delete":
        _show(console, card, runs=1)
    return 0


def _show(console: Console, card: ScheduleCard, *, runs: int) -> None:
    line = Text(f"{card.number}. ", style="bold")
    line.append(printable(card.when), style="bold")
    addressed = f"@{card.agent} " if card.agent else ""
    line.append(f"  {printable(addressed + card.instruction)}")
    console.print(line, soft_wrap=True)
    for run in card.next_runs[:runs]:
        console.print(Text(f"   next: {_local(run, card.zone)}", style="dim"))
    if card.state == "paused":
        console.print(Text(f"   paused {printable(card.reason)}".rstrip(), style="yellow"))
    if card.last_runs:
        last = card.last_runs[0]
        verb = "missed" if last.outcome == "missed" else "last run"
        console.print(Text(f"   {verb}: {_local(last.slot, card.zone)}", style="dim"))


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M} ({zone})"
