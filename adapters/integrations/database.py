"""A database to be read: PostgreSQL, or an SQLite file. Its address is the secret, since it holds the password."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from adapters.integrations import KindParts
from core.errors import InvalidIntegration, ToolFailed, TransientError
from core.ports.integrations import Field

SECONDS = 5
SQLITE = "sqlite:///"
POSTGRESQL = ("postgres", "postgresql")
OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS * 1000}"
"""Whatever the user may do there, this session only reads."""
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"


class Database:
    """Opened for reading only, by the server's or the file's own means."""

    name: str = "database"
    title: str = "A database, read only"
    fields: tuple[Field, ...] = (
        Field(
            name="url",
            title="address, as postgresql://user:password@host/name or sqlite:////path/to/file",
            secret=True,
        ),
    )

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def check(self, values: Mapping[str, str]) -> None:
        url = values["url"]
        if url.startswith(SQLITE):
            path = _path(url)
            if not path.is_absolute():
                raise InvalidIntegration(
                    "The path of the file must be whole: sqlite:////path.", field="fields.url"
                )
            self._refuse_own(path)
            return
        try:
            parts = urlsplit(url)
            whole = (
                parts.scheme in POSTGRESQL
                and bool(parts.hostname or parts.query)
                and bool(parts.path.strip("/"))
            )
        except ValueError:
            whole = False
        if not whole:
            raise InvalidIntegration(
                "It must look like postgresql://user:password@host/name or sqlite:////path.",
                field="fields.url",
            )

    async def test(self, values: Mapping[str, str]) -> str:
        url = values["url"]
        count = await asyncio.to_thread(self._in_file if url.startswith(SQLITE) else _in_server, url)
        return f"The database answers; {count} table{'' if count == 1 else 's'} can be read."

    def _in_file(self, url: str) -> int:
        path = _path(url)
        # Looked at again: what lies behind a link may have changed.
        self._refuse_own(path)
        try:
            with closing(
                sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=SECONDS)
            ) as opened:
                (count,) = opened.execute(
                    "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                ).fetchone()
        except sqlite3.OperationalError as error:
            raise ToolFailed("There is no such file that can be read.") from error
        except sqlite3.DatabaseError as error:
            raise ToolFailed("That file is no SQLite database.") from error
        return int(count)

    def _refuse_own(self, path: Path) -> None:
        if path.resolve().is_relative_to(self._data_dir.resolve()):
            raise InvalidIntegration("That file is FlowMate's own.", field="fields.url")


def _in_server(url: str) -> int:
    # psycopg takes longer to load than all other kinds together.
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=SECONDS, options=OPTIONS) as opened:
            row = opened.execute(TABLES).fetchone()
    except psycopg.OperationalError as error:
        # Its own words may hold the user's name and the server's address.
        if "authentication failed" in str(error) or "does not exist" in str(error):
            raise ToolFailed("The database server doesn't let FlowMate in.") from None
        raise TransientError("The database server did not answer.") from None
    except psycopg.Error:
        raise ToolFailed("The database server refuses to be read.") from None
    return int(row[0]) if row is not None else 0


def _path(url: str) -> Path:
    return Path(unquote(url.removeprefix(SQLITE)))


def build(parts: KindParts) -> Database:
    return Database(parts.data_dir)
