"""`flowmate restore`: an archive's rows back into the database."""

from __future__ import annotations

from pathlib import Path

from adapters.archives import restore_archive
from adapters.settings import Settings
from bot.cli.terminal import stdout


async def restore(settings: Settings, path: Path, *, workspace: str | None) -> int:
    """Restore and say how much; returns the exit code."""
    counts = await restore_archive(settings, path, workspace)
    brought = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"
    stdout().print(f"Restored: {brought}.", markup=False, soft_wrap=True)
    return 0
