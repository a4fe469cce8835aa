"""A workspace's archives, and putting one back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.clock import SystemClock
from adapters.connecting import build_integration_desk
from adapters.integrations.s3 import NAME, to_bucket
from adapters.operator import PLATFORM, WORKSPACE
from adapters.settings import Settings
from adapters.sql.archive import EVERYTHING, SqlArchive
from adapters.sql.database import Database
from adapters.web.bucket import Bucket, Stored
from core.errors import ToolFailed
from core.ports.archive import Archived
from core.ports.integrations import Missing
from core.rendering import archives as words

OPERATORS = f"{PLATFORM}:{WORKSPACE}"
IN_A_BUCKET = "s3://"


def build_archive(settings: Settings, database: Database) -> SqlArchive:
    """Archives in the data folder."""
    folder, agents = settings.data_dir / "backups", settings.agents_dir
    return SqlArchive(database, folder=folder, agents=agents, clock=SystemClock())


async def back_up(settings: Settings, *, key: str) -> Archived:
    """An archive of all workspaces, as of one instant. Raises ToolFailed and StoreUnavailable."""
    database = Database(settings.database)
    try:
        return await build_archive(settings, database).create(EVERYTHING, key=key)
    finally:
        database.close()


async def copy_to_bucket(settings: Settings, archived: Archived) -> str:
    """Put an archive of everything into the operator's own bucket, and say where; empty where none is connected.

    Raises ToolFailed, TransientError (StoreUnavailable, too), SealBroken and ConfigurationError. Safe to repeat.
    """
    database = Database(settings.database)
    try:
        bucket = await _bucket(settings, database)
        return "" if bucket is None else await bucket.put(Path(archived.artifact.path))
    finally:
        database.close()


async def archives_in_bucket(settings: Settings) -> tuple[Stored, ...]:
    """What lies in the operator's own bucket, the newest first; nothing where none is connected.

    Raises what copy_to_bucket raises.
    """
    database = Database(settings.database)
    try:
        bucket = await _bucket(settings, database)
        return () if bucket is None else await bucket.listed()
    finally:
        database.close()


async def archives_here(settings: Settings) -> tuple[Stored, ...]:
    """What lies in the data folder, the newest first."""

    def look() -> list[Stored]:
        found = [(path, path.stat()) for path in (settings.data_dir / "backups").glob("*.zip")]
        return [Stored(str(path), s.st_size, datetime.fromtimestamp(s.st_mtime, UTC)) for path, s in found]

    found = await asyncio.to_thread(look)
    return tuple(sorted(found, key=lambda file: (file.at, file.place), reverse=True))


async def restore_archive(settings: Settings, source: str, workspace: str | None) -> dict[str, int]:
    """Put an archive's rows back into this database, from a file or from `s3://bucket/key`.

    Raises ToolFailed and StoreUnavailable, and for a bucket what copy_to_bucket raises.
    """
    # Alembic is 9 MB that no process needs while it runs.
    from adapters.sql.migrations import migrate

    # An archive is most wanted where there is no database yet.
    await asyncio.to_thread(migrate, settings)
    database = Database(settings.database)
    try:
        async with _fetched(settings, database, source) as path:
            return await build_archive(settings, database).restore(path, workspace=workspace)
    finally:
        database.close()


@asynccontextmanager
async def _fetched(settings: Settings, database: Database, source: str) -> AsyncIterator[Path]:
    """The archive as a file; a copy from a bucket lies in the data folder until it is put back, and no longer."""
    if not source.startswith(IN_A_BUCKET):
        yield Path(source)
        return
    name, _, key = source.removeprefix(IN_A_BUCKET).partition("/")
    if not key:
        raise ToolFailed(words.no_name(source))
    bucket = await _bucket(settings, database, name=name)
    if bucket is None:
        raise ToolFailed(words.no_such_bucket(name))
    with TemporaryDirectory(prefix="restore-", dir=settings.data_dir) as folder:
        path = Path(folder) / (key.rpartition("/")[2] or "archive")
        await bucket.get(key, path)
        yield path


async def _bucket(settings: Settings, database: Database, *, name: str | None = None) -> Bucket | None:
    """The operator's bucket that backups are copied to, or the one of this name; None where it isn't connected."""
    desk = build_integration_desk(settings, database, SystemClock())
    if name is None:
        found = await desk.find(OPERATORS, NAME, given=[NAME])
        return None if isinstance(found, Missing) else to_bucket(await desk.open(OPERATORS, found))
    for one in await desk.listed(OPERATORS):
        if one.kind == NAME and (bucket := to_bucket(await desk.open(OPERATORS, one.id))).name == name:
            return bucket
    return None
