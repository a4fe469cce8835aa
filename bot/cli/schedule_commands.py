"""`flowmate schedules …`: the commands and their options."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

schedules_app = typer.Typer(help="What comes again, on a schedule.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, show_default=False)]


@schedules_app.command("list")
def list_schedules(
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
) -> None:
    """Show the schedules made here, over the API and on the page."""
    from bot.cli.configuration import load_settings
    from bot.cli.schedules import list_schedules

    raise typer.Exit(asyncio.run(list_schedules(load_settings(), as_json=as_json)))


@schedules_app.command("add")
def add_schedule(
    when: Annotated[
        str, typer.Argument(help='"every weekday at 9", or five cron fields.', show_default=False)
    ],
    instruction: Annotated[str, typer.Argument(help="What is asked each time.", show_default=False)],
    zone: Annotated[str | None, typer.Option(help="IANA time zone; default: FLOWMATE_ZONE.")] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="The chat that the answers are posted into, as platform:workspace:place: slack:T0123:C0456.",
        ),
    ] = None,
) -> None:
    """Make a schedule, and show its next three runs."""
    from bot.cli.configuration import load_settings
    from bot.cli.schedules import add_schedule

    raise typer.Exit(asyncio.run(add_schedule(load_settings(), when, instruction, zone=zone, to=to)))


@schedules_app.command("pause")
def pause(number: Number) -> None:
    """Let a schedule rest."""
    _change(number, "pause")


@schedules_app.command("resume")
def resume(number: Number) -> None:
    """Go on with a paused schedule."""
    _change(number, "resume")


@schedules_app.command("run")
def run(number: Number) -> None:
    """Run a schedule now, once."""
    _change(number, "run")


@schedules_app.command("delete")
def delete(number: Number) -> None:
    """End a schedule for good."""
    _change(number, "delete")


def _change(number: int, change: str) -> None:
    from bot.cli.configuration import load_settings
    from bot.cli.schedules import change_schedule

    raise typer.Exit(asyncio.run(change_schedule(load_settings(), number, change)))
