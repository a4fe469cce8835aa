"""Every store that the contract suites run over, and a queue for those about workers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rq.queue import Queue

from adapters.sql.database import Database, make_engine
from adapters.sql.migrations import upgrade
from adapters.sql.store import SqlStore
from core.memory.store import InMemoryStore
from core.ports.store import Store
from tests.contracts import worker_jobs
from tests.contracts.worker_harness import client, queue_on, valkey

SQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
ALL = ["memory", *SQL]


@dataclass(frozen=True)
class Backend:
    """A kind of store; every `open` gives another process's view of the same rows."""

    name: str
    open: Callable[[], Store]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated, empty database file of this test's own."""
    path = tmp_path / "flowmate.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=SQL)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of this test's own, in each of the two servers."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def databases(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the database, as often as it is called."""
    opened: list[Database] = []

    def open_database() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield open_database
    for database in opened:
        database.close()


@pytest.fixture
def database(databases: Callable[[], Database]) -> Database:
    return databases()


@pytest.fixture(params=ALL)
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    name = request.param
    if name == "memory":
        only = InMemoryStore()
        yield Backend(name=name, open=lambda: only)
        return
    url = request.getfixturevalue(f"{name}_url")
    opened: list[SqlStore] = []

    def open_store() -> SqlStore:
        opened.append(SqlStore(Database(url)))
        return opened[-1]

    yield Backend(name=name, open=open_store)
    for store in opened:
        await store.aclose()


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.open()


@pytest.fixture
def other(backend: Backend, store: Store) -> Store:
    """Another process's view of what `store` holds."""
    return backend.open()


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """Of a Valkey for all tests of a module."""
    with valkey() as path:
        yield path


@pytest.fixture
def queue(socket: Path) -> Iterator[Queue]:
    """An RQ queue on that server, emptied."""
    worker_jobs.reset()
    with client(socket) as connection:
        yield queue_on(connection)
