"""The connection of a thread, kept between its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError


class KeptConnection:
    """One at a time, in the mode that these execution options ask for; where it is lost, another one.

    Taking one from the pool, setting its mode and giving it back costs as much as several statements.
    """

    def __init__(self, engine: Engine, options: dict[str, Any]) -> None:
        self._engine = engine
        self._options = options
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """What is not committed at its end is rolled back."""
        if self._connection is None:
            self._connection = self._connected()
        try:
            yield self._connection
        finally:
            self._end(self._connection)

    def close(self) -> None:
        """Give it back to the pool."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        try:
            return connection.execution_options(**self._options)
        except BaseException:
            connection.close()
            raise

    def _end(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except SQLAlchemyError:
            # What it was for is done or was told as an error; the next transaction gets a connection that works.
            connection.invalidate()
        if connection.invalidated:
            self.close()
