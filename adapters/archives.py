"""A workspace's archives, and putting one back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.clock import SystemClock
from adapters.connecting import build_integration_desk
from adapters.integrations.s3 import NAME, to_bucket
from adapters.operator import PLATFORM, WORKSPACE
from adapters.settings import Settings
from adapters.sql.archive import EVERYTHING, SqlArchive
from adapters.sql.database import Database
from core.ports.archive import Archived
from core.ports.integrations import Missing

OPERATORS = f"{PLATFORM}:{WORKSPACE}"


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
        desk = build_integration_desk(settings, database, SystemClock())
        found = await desk.find(OPERATORS, NAME, given=[NAME])
        if isinstance(found, Missing):
            return ""
        return await to_bucket(await desk.open(OPERATORS, found)).put(Path(archived.artifact.path))
    finally:
        database.close()


async def restore_archive(settings: Settings, path: Path, workspace: str | None) -> dict[str, int]:
    """Put an archive's rows back into this database. Raises ToolFailed and StoreUnavailable."""
    # Alembic is 9 MB that no process needs while it runs.
    from adapters.sql.migrations import migrate

    # An archive is most wanted where there is no database yet.
    await asyncio.to_thread(migrate, settings)
    database = Database(settings.database)
    try:
        return await build_archive(settings, database).restore(path, workspace=workspace)
    finally:
        database.close()
