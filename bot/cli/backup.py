"""`flowmate backup`: everything into one archive, also while everything runs."""

from __future__ import annotations

import secrets
import shlex

from rich.text import Text

from adapters.archives import back_up
from adapters.settings import Settings
from bot.cli.terminal import stderr, stdout


async def backup(settings: Settings) -> int:
    """Make it and say where it is; returns the exit code. The path alone goes to standard output."""
    archived = await back_up(settings, key=f"cli-{secrets.token_hex(8)}")
    stdout().print(Text(archived.artifact.path), soft_wrap=True)
    held = ", ".join(f"{count} {name}" for name, count in archived.rows.items() if count) or "nothing yet"
    aside = stderr()
    aside.print(
        Text(f"It holds {held}. It can be read by whoever has it: keep it like the database.", style="dim")
    )
    aside.print(
        Text(
            f"To put back what is missing: flowmate restore {shlex.quote(archived.artifact.path)}",
            style="dim",
        ),
        soft_wrap=True,
    )
    return 0
