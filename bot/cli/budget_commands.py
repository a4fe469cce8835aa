"""`flowmate usage` and `flowmate budget …`: the commands and their options."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

budget_app = typer.Typer(help="What may be spent on models.", no_args_is_help=True)


class Scopes(StrEnum):
    WORKSPACE = "workspace"
    AGENT = "agent"
    SCHEDULE = "schedule"
    PERSON = "person"


class Periods(StrEnum):
    DAY = "day"
    MONTH = "month"


class Spenders(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    SCHEDULE = "schedule"


Scope = Annotated[Scopes, typer.Argument(metavar="SCOPE", help="workspace, agent, schedule or person.")]
SUBJECT = "platform:workspace (- for the local one), an agent's name, a schedule's number, or a person's id or name."
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help=SUBJECT)]
Json = Annotated[bool, typer.Option("--json", help="Print the API's answer.")]


def usage(
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days back, today among them.")] = 7,
    by: Annotated[Spenders, typer.Option(help="Whom to tell apart.")] = Spenders.PERSON,
    as_json: Json = False,
) -> None:
    """Show what models cost, by whom, and what is left of the budgets."""
    from bot.cli.budgets import show_usage
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(show_usage(load_settings(), days=days, by=by.value, as_json=as_json)))


@budget_app.command("list")
def list_budgets(as_json: Json = False) -> None:
    """Show every budget that was set, and how it stands."""
    from bot.cli.budgets import list_budgets
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(list_budgets(load_settings(), as_json=as_json)))


@budget_app.command("set")
def set_budget(
    scope: Scope,
    subject: Subject,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help='"5 usd a day, 200k tokens a month".')],
) -> None:
    """Set what one workspace, agent, schedule or person may spend."""
    from bot.cli.budgets import set_budget
    from bot.cli.configuration import load_settings
    from core.models.budget import Scope

    raise typer.Exit(asyncio.run(set_budget(load_settings(), Scope(scope.value), _own(subject), amount)))


@budget_app.command("remove")
def remove_budget(
    scope: Scope,
    subject: Subject,
    period: Annotated[Periods, typer.Argument(metavar="PERIOD", help="day or month.")],
) -> None:
    """Take a budget away; a default from the settings holds again."""
    from bot.cli.budgets import remove_budget
    from bot.cli.configuration import load_settings
    from core.models.budget import Period, Scope

    raise typer.Exit(
        asyncio.run(remove_budget(load_settings(), Scope(scope.value), _own(subject), Period(period.value)))
    )


def _own(subject: str) -> str:
    return "" if subject == "-" else subject
