"""`flowmate integrations …`: the commands and their options."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

keys_app = typer.Typer(help="The keys that integrations are sealed with.", no_args_is_help=True)
integrations_app = typer.Typer(
    help="Services that agents may use, with their credentials.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Workspace = Annotated[
    str,
    typer.Option(
        metavar="W",
        help="Whose it is, as platform:workspace; default: the local operator's.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the API's answer.")]


@integrations_app.command("kinds")
def list_kinds() -> None:
    """Show what can be connected, and what each kind asks for."""
    from bot.cli.configuration import load_settings
    from bot.cli.integrations import list_kinds

    raise typer.Exit(asyncio.run(list_kinds(load_settings())))


@integrations_app.command("list")
def list_integrations(workspace: Workspace = "", as_json: Json = False) -> None:
    """Show what is connected, and what the last test of each said."""
    from bot.cli.configuration import load_settings
    from bot.cli.integrations import list_integrations

    raise typer.Exit(asyncio.run(list_integrations(load_settings(), workspace, as_json=as_json)))


@integrations_app.command("connect")
def connect(
    kind: Annotated[str, typer.Argument(metavar="KIND", show_default=False)],
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Something that is no secret; asked for otherwise."
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="What agents call it; default: the kind.", show_default=False)
    ] = "",
    workspace: Workspace = "",
) -> None:
    """Connect a service and test it; the same name again replaces what was there.

    Secrets are asked for without showing them. Where nobody can be asked, they are read from standard input, one
    FIELD=VALUE a line. Exit code 1 where the test fails; it is connected all the same.
    """
    from bot.cli.configuration import load_settings
    from bot.cli.integrations import Connecting, connect

    wanted = Connecting(kind=kind, given=tuple(values or ()), name=name, workspace=workspace)
    raise typer.Exit(asyncio.run(connect(load_settings(), wanted)))


@integrations_app.command("test")
def try_out(name: Name, workspace: Workspace = "") -> None:
    """Try whether it works, changing nothing over there (exit code 1 if not)."""
    from bot.cli.configuration import load_settings
    from bot.cli.integrations import test

    raise typer.Exit(asyncio.run(test(load_settings(), name, workspace)))


@integrations_app.command("revoke")
def revoke(name: Name, workspace: Workspace = "") -> None:
    """Delete it and its secrets; calls that need it are denied from then on."""
    from bot.cli.configuration import load_settings
    from bot.cli.integrations import revoke

    raise typer.Exit(asyncio.run(revoke(load_settings(), name, workspace)))


@keys_app.command("rotate")
def rotate() -> None:
    """Seal all integrations with a new key, also while FlowMate runs, and retire the old one.

    To replace the master key, put the new value before the old one in INTEGRATION_ENC_KEY, separated by a comma, start
    FlowMate with it, and rotate; then the old value may go.
    """
    from bot.cli.configuration import load_settings
    from bot.cli.keys import rotate

    raise typer.Exit(asyncio.run(rotate(load_settings())))
