"""`flowmate restore`: an archive's rows back into the database. `flowmate backups`: which archives there are."""

from __future__ import annotations

import asyncio

from rich.text import Text

from adapters.archives import archives_here, archives_in_bucket, restore_archive
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from adapters.web.bucket import Stored
from bot.cli.terminal import stderr, stdout
from core.errors import FlowMateError
from core.rendering import archives as words
from core.rendering.times import run_line


async def restore(settings: Settings, source: str, *, workspace: str | None) -> int:
    """Restore from a file, or from a bucket (`s3://bucket/name`), and say how much; returns the exit code."""
    counts = await restore_archive(settings, source, workspace)
    stdout().print(words.restored(counts), markup=False, soft_wrap=True)
    if counts.get("schedules"):
        stderr().print(Text(words.SCHEDULES_GO_ON), soft_wrap=True)
    stderr().print(Text(words.SERVICES_AGAIN, style="dim"), soft_wrap=True)
    return 0


async def list_backups(settings: Settings) -> int:
    """Show what `restore` takes, here and in the operator's bucket; returns the exit code, 1 where the bucket doesn't
    answer. Places alone go to standard output."""
    await asyncio.to_thread(migrate, settings)
    here, there, code = await archives_here(settings), tuple[Stored, ...](), 0
    try:
        there = await archives_in_bucket(settings)
    except FlowMateError as error:
        stderr().print(Text(words.not_listed(error.sentence)), soft_wrap=True)
        code = 1
    for file in (*here, *there):
        stdout().print(Text(file.place), soft_wrap=True)
        about = f"  {run_line(file.at, settings.flowmate_zone)}, {file.size_bytes:,} bytes"
        stderr().print(Text(about, style="dim"), soft_wrap=True)
    if not (here or there or code):
        stderr().print(Text(words.NONE_YET), soft_wrap=True)
    return code
