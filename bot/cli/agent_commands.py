"""`flowmate agents …`: the commands and their options."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

agents_app = typer.Typer(help="The micro agents: who there is, and making more.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
File = Annotated[Path | None, typer.Argument(metavar="FILE", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON, and nothing else.")]
Shared = Annotated[
    bool | None,
    typer.Option("--shared/--mine", help="Who may use it: everyone here, or you alone.", show_default=False),
]


@agents_app.command("list")
def list_agents(as_json: Json = False) -> None:
    """Show who there is, and what for; without the running service, only those of files."""
    from bot.cli.agents import list_agents
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(list_agents(load_settings(), as_json=as_json)))


@agents_app.command("show")
def show(name: Name, as_json: Json = False) -> None:
    """Print an agent as the Markdown file that makes it."""
    from bot.cli.agents import show_agent
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(show_agent(load_settings(), name, as_json=as_json)))


@agents_app.command("new")
def new(
    file: File = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="Begin from this template instead of a file.")
    ] = None,
    name: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Call it this.")] = None,
    shared: Shared = None,
) -> None:
    """Make an agent from a Markdown file (- for standard input), or from a template."""
    from bot.cli.agents import make_agent
    from bot.cli.configuration import load_settings

    if (file is None) == (template is None):
        raise typer.BadParameter("Give a FILE or --template NAME, one of the two.")
    raise typer.Exit(
        asyncio.run(make_agent(load_settings(), file, template=template, name=name, shared=bool(shared)))
    )


@agents_app.command("edit")
def edit(name: Name, file: File = None, shared: Shared = None) -> None:
    """Make a new version, from a file or in your editor ($EDITOR); with --shared or --mine, say who may use it."""
    from bot.cli.agents import edit_agent
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(edit_agent(load_settings(), name, file, shared=shared)))


@agents_app.command("delete")
def delete(name: Name) -> None:
    """End an agent; what it did, and its versions, stay readable."""
    from bot.cli.agents import delete_agent
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(delete_agent(load_settings(), name)))


@agents_app.command("versions")
def versions(name: Name, as_json: Json = False) -> None:
    """List an agent's versions, the newest first; also of one that was deleted."""
    from bot.cli.agents import list_versions
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(list_versions(load_settings(), name, as_json=as_json)))


@agents_app.command("templates")
def templates(
    name: Annotated[str | None, typer.Argument(metavar="NAME", show_default=False)] = None,
) -> None:
    """List the ready-made agents for common work, or print one of them as a file."""
    from bot.cli.agents import show_templates

    raise typer.Exit(show_templates(name))
