"""Transactions on threads of their own, for callers on an event loop.

SQLAlchemy's async engines hop between threads (or greenlets) at every statement, which costs more than the
statements do; here a whole transaction is one function that runs on a database thread in one go. Writers that
are ready at the same moment share one commit, and are resumed only after the commit that holds their write.
"""

from __future__ import annotations

import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from adapters.batching import Answer, Said, more, ready, say
from adapters.sql import json_text
from adapters.sql.kept import KeptConnection
from adapters.sql.shared import make_dictionaries
from core.errors import FlowMateError, PermanentError, StoreUnavailable

T = TypeVar("T")
Transaction = Callable[[Connection], T]

SQLITE_BATCH = 64
SQLITE_READS = 16
POSTGRESQL_READS = 4
POSTGRESQL_WRITERS = 1
READERS = 3
BUSY_SECONDS = 15
TURN_SECONDS = (0.0003, 0.001)
SQLITE_SNAPSHOT = {"reads_only": True}
POSTGRESQL_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""PostgreSQL's default would show each statement of a transaction another state."""
POSTGRESQL_CONNECTION = {
    "connect_timeout": 5,
    "options": "-c statement_timeout=20000 -c timezone=UTC",
    # A machine that is lost sends nothing: without these its callers would wait for hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
EVERYWHERE: dict[str, Any] = {
    "hide_parameters": True,
    "json_serializer": json_text.written,
    "json_deserializer": json_text.read,
}
_RETRIES_ON_CONFLICT = 5
_SERIALIZATION_STATES = frozenset({"40001", "40P01"})


@dataclass
class _Request(Generic[T]):
    transaction: Transaction[T]
    answer: Answer[T]

    def succeed(self, outcome: T) -> None:
        say([(self.answer, outcome, None)])

    def fail(self, error: Exception) -> None:
        say([(self.answer, None, _translate(error))])


class Database:
    """One database, as `write` and `read`: both run a function in one transaction.

    Raises StoreUnavailable where the database can't be reached or the commit's answer was lost. A FlowMateError
    raised by the function rolls back that function's own writes and passes through.
    """

    def __init__(self, url: str) -> None:
        make_dictionaries()
        self.engine = make_engine(url)
        sqlite = self.engine.dialect.name == "sqlite"
        self._batch = SQLITE_BATCH if sqlite else 16
        # In PostgreSQL, which may be far away, those behind the first one wait for its round trips.
        self._reads_at_once = SQLITE_READS if sqlite else POSTGRESQL_READS
        self._snapshot: dict[str, Any] = SQLITE_SNAPSHOT if sqlite else POSTGRESQL_SNAPSHOT
        self._writes: queue.SimpleQueue[_Request[Any] | None] = queue.SimpleQueue()
        self._reads: queue.SimpleQueue[_Request[Any] | None] = queue.SimpleQueue()
        self._wanted = ((self._writes, 1 if sqlite else POSTGRESQL_WRITERS), (self._reads, READERS))
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    async def write(self, transaction: Transaction[T]) -> T:
        """Run and commit; returns after the commit."""
        return await self._submit(self._writes, transaction)

    async def read(self, transaction: Transaction[T]) -> T:
        """Run on a snapshot, and roll back."""
        return await self._submit(self._reads, transaction)

    async def _submit(
        self, requests: queue.SimpleQueue[_Request[Any] | None], transaction: Transaction[T]
    ) -> T:
        if not self._threads:
            self._start()
        answer: Answer[T] = Answer()
        request = _Request(transaction, answer)
        requests.put(request)
        # A caller that is cancelled leaves the others of the same batch their commit.
        return await request.answer.future

    def _start(self) -> None:
        with self._lock:
            if self._threads:
                return
            for requests, count in self._wanted:
                work = self._write_loop if requests is self._writes else self._read_loop
                self._threads += [
                    threading.Thread(target=work, daemon=True, name="database") for _ in range(count)
                ]
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        """Finish what was submitted, and let the connections go."""
        for requests, count in self._wanted if self._threads else ():
            for _ in range(count):
                requests.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []
        self.engine.dispose()

    def _read_loop(self) -> None:
        with closing(KeptConnection(self.engine, self._snapshot)) as kept:
            while (request := self._reads.get()) is not None:
                batch, stop = ready(self._reads, request, limit=self._reads_at_once)
                if len(batch) == 1:
                    self._alone(kept, request, commit=False)
                else:
                    self._read_together(kept, batch)
                if stop:
                    return

    def _write_loop(self) -> None:
        with closing(KeptConnection(self.engine, {})) as kept:
            while (request := self._writes.get()) is not None:
                if self._together(kept, request):
                    return

    def _alone(self, kept: KeptConnection, request: _Request[Any], *, commit: bool) -> None:
        for attempt in range(_RETRIES_ON_CONFLICT):
            try:
                with kept.transaction() as connection:
                    outcome = request.transaction(connection)
                    if commit:
                        connection.commit()
                request.succeed(outcome)
                return
            except DBAPIError as error:
                if attempt + 1 < _RETRIES_ON_CONFLICT and _is_conflict(error):
                    continue
                request.fail(error)
                return
            except Exception as error:
                request.fail(error)
                return

    def _read_together(self, kept: KeptConnection, batch: list[_Request[Any]]) -> None:
        """All on one snapshot, which begins after the last of them was asked for."""
        left, said = list(batch), list[Said[Any]]()
        try:
            with kept.transaction() as connection:
                while left:
                    try:
                        outcome = left[0].transaction(connection)
                    except FlowMateError as error:
                        said.append((left.pop(0).answer, None, error))
                    else:
                        said.append((left.pop(0).answer, outcome, None))
        except Exception:
            # Nobody else is to fail for what is wrong with one of them.
            for request in left:
                self._alone(kept, request, commit=False)
        say(said)

    def _together(self, kept: KeptConnection, first: _Request[Any]) -> bool:
        """It and all that wait, in one transaction, or each by itself where one fails; whether to end after them."""
        batch, outcomes = [first], list[Any]()
        begun = stop = False
        try:
            with kept.transaction() as connection:
                connection.begin()
                begun = True
                # Not before: many more come while this process waits for its turn to write.
                stop = more(self._writes, batch, limit=self._batch)
                outcomes += [request.transaction(connection) for request in batch]
                connection.commit()
        except Exception as error:
            # Nothing is committed (or the answer to the commit was lost), and every move is a compare-and-set, so each
            # can be run again by itself; a savepoint for each would cost everybody more than that, which is rare. But
            # where not even the first one could begin, one after the other would wait in vain for as long again.
            if begun:
                for request in batch:
                    self._alone(kept, request, commit=True)
            else:
                stop = more(self._writes, batch, limit=self._batch)
                say((request.answer, None, _translate(error)) for request in batch)
            return stop
        say((request.answer, outcome, None) for request, outcome in zip(batch, outcomes, strict=True))
        return stop


def make_engine(url: str) -> Engine:
    """An engine set up for FlowMate's transactions; connects to nothing yet. Its errors quote no one's text."""
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_size=POSTGRESQL_WRITERS + READERS,
            **EVERYWHERE,
            # Prepared statements are given their values by place, as SQLite's are.
            paramstyle="format",
            connect_args=POSTGRESQL_CONNECTION,
        )
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=READERS + 2,
        **EVERYWHERE,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that begins with a read and writes later fails at once with SQLITE_BUSY when another
        # process wrote in between, whatever the time-out; one that says so at the beginning waits its turn.
        if connection.get_execution_options().get("reads_only", False):
            connection.connection.cursor().execute("BEGIN").close()
        else:
            _begin_writing(connection)

    return engine


def _begin_writing(connection: Connection) -> None:
    """Take SQLite's one lock for writers as soon as it is free.

    SQLite itself looks for it again after 1, 2, 5, 10 … 100 ms, while a transaction of ours takes one or two: among
    several processes most of the time nobody would write at all.
    """
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout = 0").close()
    try:
        # On the driver itself: among several processes a turn is asked for several times, and SQLAlchemy takes ten
        # times as long as SQLite for a refusal.
        while not _begun(driver) and time.monotonic() < until:
            time.sleep(random.uniform(*TURN_SECONDS))
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}").close()


def _begun(driver: sqlite3.Connection) -> bool:
    """Whether there is an answer: begun, or an error that isn't somebody else's turn, which SQLAlchemy is to see."""
    try:
        driver.execute("BEGIN IMMEDIATE").close()
    except sqlite3.OperationalError as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY
    return True


def _is_conflict(error: DBAPIError) -> bool:
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _SERIALIZATION_STATES:
        return True
    # Two first inserts of one key at the same time: the second finds the row when it looks again.
    return isinstance(error, IntegrityError)


def _translate(error: Exception) -> Exception:
    if isinstance(error, FlowMateError):
        return error
    if isinstance(error, DataError):
        # A value that no repeat will make fit must not look like a database that is out.
        permanent = PermanentError("The database does not take this value.")
        permanent.__cause__ = error
        return permanent
    if isinstance(error, SQLAlchemyError):
        unavailable = StoreUnavailable()
        unavailable.__cause__ = error
        return unavailable
    return error
