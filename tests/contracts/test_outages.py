"""A database that is busy, gone or silent costs its callers no more than it must."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlalchemy import Connection, select

from adapters.sql import database as module
from adapters.sql import tables
from adapters.sql.database import Database, make_engine
from core.errors import StoreUnavailable


def look(c: Connection) -> int:
    return len(c.execute(select(tables.archives.c.key)).all())


async def test_a_database_that_stays_locked_is_waited_for_once_by_all_who_write_together(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    database = Database(sqlite_url)
    await database.write(look)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    tried: list[Connection] = []
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    begin = module._begin_writing

    def counted(connection: Connection) -> None:
        tried.append(connection)
        loop.call_soon_threadsafe(begun.set)
        begin(connection)

    monkeypatch.setattr(module, "_begin_writing", counted)
    try:
        first = asyncio.create_task(database.write(look))
        await begun.wait()
        others = [asyncio.create_task(database.write(look)) for _ in range(30)]
        failures = await asyncio.gather(first, *others, return_exceptions=True)
        assert all(isinstance(failure, StoreUnavailable) for failure in failures)
        assert len(tried) == 1
        holder.execute("ROLLBACK")
        assert await database.write(look) == 0
    finally:
        holder.close()
        database.close()


@pytest.mark.slow
def test_a_server_that_falls_silent_is_noticed_by_the_connection(postgresql_url: str) -> None:
    """Without these a caller would wait for a lost machine until the system gives up, which takes hours."""
    engine = make_engine(postgresql_url)
    with engine.connect() as connection:
        asked = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    engine.dispose()
    seconds = int(asked["keepalives_idle"]) + int(asked["keepalives_interval"]) * int(
        asked["keepalives_count"]
    )
    assert seconds <= 30
    assert 0 < int(asked["tcp_user_timeout"]) <= 30_000
