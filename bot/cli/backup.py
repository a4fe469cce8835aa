"""`flowmate backup`: everything into one archive, also while everything runs."""

from __future__ import annotations

import asyncio
import secrets
import shlex

from rich.text import Text

from adapters.archives import back_up, copy_to_bucket
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from bot.cli.terminal import stderr, stdout
from core.errors import FlowMateError
from core.rendering import archives as words


async def backup(settings: Settings) -> int:
    """Make it and say where it is, and where its copy is if the operator has connected a bucket; returns the exit
    code, 1 where there is no copy although there should be. The path alone goes to standard output."""
    await asyncio.to_thread(migrate, settings)
    archived = await back_up(settings, key=f"cli-{secrets.token_hex(8)}")
    stdout().print(Text(archived.artifact.path), soft_wrap=True)
    held = words.held(archived.rows) or "nothing yet"
    aside = stderr()
    aside.print(
        Text(f"It holds {held}. It can be read by whoever has it: keep it like the database.", style="dim")
    )
    aside.print(Text(words.NO_SERVICES, style="dim"), soft_wrap=True)
    aside.print(
        Text(
            f"To put back what is missing: flowmate restore {shlex.quote(archived.artifact.path)}",
            style="dim",
        ),
        soft_wrap=True,
    )
    try:
        copy = await copy_to_bucket(settings, archived)
    except FlowMateError as error:
        aside.print(Text(f"It is here alone: {error.sentence}"), soft_wrap=True)
        return 1
    if copy:
        aside.print(Text(f"A copy is at {copy}", style="dim"), soft_wrap=True)
    return 0
