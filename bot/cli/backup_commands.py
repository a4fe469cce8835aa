"""`flowmate backup`, `backups` and `restore`: the commands and their options."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def backup() -> None:
    """Put everything into one archive, also while FlowMate runs; print where it is."""
    from bot.cli.backup import backup
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(backup(load_settings())))


def backups() -> None:
    """List the archives that can be restored: here, and in the connected bucket."""
    from bot.cli.configuration import load_settings
    from bot.cli.restore import list_backups

    raise typer.Exit(asyncio.run(list_backups(load_settings())))


def _there(archive: str) -> str:
    if archive.startswith("s3://") or Path(archive).is_file():
        return archive
    from core.rendering.archives import no_such_file

    raise typer.BadParameter(no_such_file(archive))


def _workspace(name: str | None) -> str | None:
    if name is None or all(name.partition(":")):
        return name
    from core.rendering.archives import no_workspace

    raise typer.BadParameter(no_workspace(name))


def restore(
    archive: Annotated[
        str,
        typer.Argument(
            callback=_there, help="A file, or s3://bucket/name in the connected bucket.", show_default=False
        ),
    ],
    workspace: Annotated[
        str | None,
        typer.Option(
            callback=_workspace,
            metavar="PLATFORM:NAME",
            help="Put one workspace's archive into this workspace instead of its own.",
        ),
    ] = None,
) -> None:
    """Put an archive's rows back into the database."""
    from bot.cli.configuration import load_settings
    from bot.cli.restore import restore

    raise typer.Exit(asyncio.run(restore(load_settings(), archive, workspace=workspace)))
