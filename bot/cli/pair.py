"""`flowmate pair`: a code that lets one person in."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from rich.text import Text

from adapters.chat import PLATFORMS
from adapters.clock import SystemClock
from adapters.settings import Settings
from adapters.sql.admissions import SqlAdmissions
from adapters.sql.database import Database
from adapters.sql.migrations import migrate
from bot.cli.terminal import stdout

MINUTES = 15
# Without letters and digits that look alike.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 8


async def pair(settings: Settings) -> int:
    """Make a code and say what to do with it; returns the exit code. Raises ConfigurationError, StoreUnavailable."""
    platforms = [platform for platform in PLATFORMS if platform.pairing]
    await asyncio.to_thread(migrate, settings)
    database = Database(settings.database)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    try:
        expires_at = SystemClock().now() + timedelta(minutes=MINUTES)
        for platform in platforms:
            await SqlAdmissions(database).issue(platform.name, code, expires_at=expires_at)
    finally:
        database.close()
    console = stdout()
    console.print(Text(f"Pairing code: {code}", style="bold cyan"))
    for platform in platforms:
        console.print(Text(f"In {platform.title}, {platform.pairing.format(code=code)}"), soft_wrap=True)
    console.print(Text(f"The code works once, for {MINUTES} minutes.", style="dim"))
    return 0
