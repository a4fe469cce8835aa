"""Statements of the path, compiled once and run on the driver's own cursor.

SQLAlchemy looks a statement up, sets up its context and its result anew at each call, which costs four times what the
driver takes. It still says what a statement's text is and how values are translated; transactions and connections are
its own as well, and errors come out as its own.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Statement = Select[*tuple[Any, ...]] | Insert | Update | Delete
Values = Mapping[str, Any]
_Translate = Callable[[Any], Any]
_COMPILING = threading.Lock()
"""One at a time: statements share tables and types, and what is remembered on them."""
WATCHED = "watched"
"""The execution option of an engine whose listeners are to hear of these statements too."""


Upsert = sqlite.Insert | postgresql.Insert
"""What only the dialects' own INSERTs know: ON CONFLICT, which both spell alike."""


def in_each_dialect(table: Table, build: Callable[[Upsert], Statement]) -> dict[str, Statement]:
    """A statement that is built upon an INSERT into this table, by the dialects' names."""
    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


class Record(Protocol):
    """A row by the names of its columns, whether of a prepared statement or of SQLAlchemy's."""

    def __getattr__(self, name: str, /) -> Any: ...

    def _asdict(self) -> dict[str, Any]: ...


class Prepared:
    """A statement, or one for each dialect; `columns` are those that an INSERT without values is given.

    Raises what SQLAlchemy raises for the same failure.
    """

    def __init__(
        self, statement: Statement | Mapping[str, Statement], *, columns: Sequence[str] = ()
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def all(self, c: Connection, values: Values) -> list[Record]:
        compiled = self._for(c)
        # All of them at once: SQLite commits nothing while a statement waits for its rows to be taken.
        return compiled.records(_run(c, compiled, compiled.bound(values)).fetchall())

    def first(self, c: Connection, values: Values) -> Record | None:
        found = self.all(c, values)
        return found[0] if found else None

    def run(self, c: Connection, values: Values) -> int:
        """The number of rows that it changed."""
        compiled = self._for(c)
        changed: int = _run(c, compiled, compiled.bound(values)).rowcount
        return changed

    def run_many(self, c: Connection, rows: Sequence[Values]) -> None:
        if len(rows) == 1:
            self.run(c, rows[0])
        elif rows:
            compiled = self._for(c)
            _run(c, compiled, [compiled.bound(values) for values in rows], many=True)

    def _for(self, c: Connection) -> _Compiled:
        name = c.dialect.name
        compiled = self._compiled.get(name)
        if compiled is None:
            with _COMPILING:
                statement = self._statement[name] if isinstance(self._statement, Mapping) else self._statement
                compiled = self._compiled[name] = _Compiled(statement, self._columns, c.dialect)
        return compiled


class _Compiled:
    """A statement's text in one dialect, and how values get into it and out of it."""

    def __init__(self, statement: Statement, columns: Sequence[str], dialect: Dialect) -> None:
        compiler = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        needed = dict.fromkeys(name for name, bind in compiler.binds.items() if bind.required)
        whole = compiler.construct_expanded_state(needed)
        self.text = whole.statement
        self._constants = {name: value for name, value in whole.parameters.items() if name not in needed}
        types = {name: bind.type for name, bind in compiler.binds.items()}
        for name, parts in whole.parameter_expansion.items():
            types |= dict.fromkeys(parts, types[name])
        self._binds: list[tuple[str, _Translate | None]] = [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect))
            for name in cast(Sequence[str], whole.positiontup)
        ]
        columns_found = list(statement.exported_columns)
        self._record: Any = namedtuple("Record", [column.key for column in columns_found])  # type: ignore[misc]
        self._results: list[tuple[int, _Translate]] = []
        for place, column in enumerate(columns_found):
            translate = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if translate is not None:
                self._results.append((place, translate))

    def bound(self, values: Values) -> tuple[Any, ...]:
        given = {**self._constants, **values}
        return tuple(
            [given[name] if translate is None else translate(given[name]) for name, translate in self._binds]
        )

    def records(self, rows: Sequence[Sequence[Any]]) -> list[Record]:
        found = []
        for row in rows:
            values = list(row)
            for place, translate in self._results:
                values[place] = translate(values[place])
            found.append(self._record(*values))
        return found


def _run(c: Connection, compiled: _Compiled, parameters: Any, *, many: bool = False) -> Any:
    """What has run it: its rows can be fetched, and counted."""
    if WATCHED in c.get_execution_options():
        return c.exec_driver_sql(compiled.text, parameters)
    if not c.in_transaction():
        # The driver's cursor tells SQLAlchemy nothing: its transaction, and what it sets up for one, comes first.
        c.begin()
    pooled = c.connection
    cursor: Any = pooled.info.get(_CURSOR)
    if cursor is None:
        cursor = pooled.info[_CURSOR] = pooled.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(compiled.text, parameters)
    except c.dialect.loaded_dbapi.Error as error:
        raise _told(c, cursor, compiled.text, error) from error
    return cursor


_CURSOR = "flowmate cursor"
"""Under which a connection's `info` keeps its cursor: a new one for each statement costs as much as a statement."""


def _told(c: Connection, cursor: Any, text: str, error: Exception) -> BaseException:
    """As SQLAlchemy tells a driver's error; a connection that is lost is given up. Quotes no parameters."""
    lost = c.dialect.is_disconnect(cast(Any, error), c.connection, cursor)
    told = DBAPIError.instance(
        text,
        None,
        error,
        c.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=c.dialect,
    )
    if lost:
        c.invalidate(error)
    return told
