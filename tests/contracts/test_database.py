"""`Database`: transactions that share a commit, fail alone, and come back when the server does."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, text
from sqlalchemy.exc import IntegrityError

from adapters.sql import tables
from adapters.sql.database import READERS, Database
from adapters.sql.store import SqlStore
from core.errors import Conflict, NotFound, StoreUnavailable
from core.models import Plan, PlannedStep
from tests.contracts.database_writer import SHARED
from tests.contracts.samples import NOW, accepted, instruction
from tests.services.postgresql import PostgreSQL

Open = Callable[[], Database]


def keep(key: str) -> Callable[[Connection], str]:
    """A transaction that leaves a row behind."""

    def transaction(c: Connection) -> str:
        c.execute(insert(tables.archives).values(workspace="W", key=key, archived={}, at=NOW))
        return key

    return transaction


def kept(c: Connection) -> list[str]:
    return list(c.execute(select(tables.archives.c.key).order_by(tables.archives.c.key)).scalars())


@contextmanager
def occupied(database: Database) -> Iterator[None]:
    """While it lasts the first writer is busy, so that what comes in meanwhile waits together."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    holding = asyncio.ensure_future(database.write(hold))
    try:
        yield
    finally:
        go_on.set()
        holding.add_done_callback(lambda done: done.exception())


@asynccontextmanager
async def all_reading(database: Database) -> AsyncIterator[None]:
    """While it lasts every reader is busy, so that what comes in meanwhile waits together."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def hold(_: Connection) -> None:
        begun.release()
        go_on.wait(10)

    holding = []
    for _ in range(READERS):
        # One after the other: those that came in together would be one reader's.
        holding.append(asyncio.ensure_future(database.read(hold)))
        assert await asyncio.to_thread(begun.acquire, timeout=10)
    try:
        yield
    finally:
        go_on.set()
        await asyncio.gather(*holding)


async def submit(*writes: Any) -> list[asyncio.Task[Any]]:
    """Hand all of them in, and return before any is done."""
    tasks = [asyncio.create_task(write) for write in writes]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_a_write_is_there_for_others_when_it_returns(databases: Open) -> None:
    one, other = databases(), databases()
    assert await one.write(keep("a")) == "a"
    assert await other.read(kept) == ["a"]


async def test_a_read_changes_nothing(database: Database) -> None:
    # PostgreSQL refuses to write in it; SQLite lets it, and rolls back.
    with contextlib.suppress(StoreUnavailable):
        await database.read(keep("a"))
    assert await database.read(kept) == []


async def test_writes_that_wait_together_share_a_commit(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    commits: list[Connection] = []
    event.listen(database.engine, "commit", commits.append)
    try:
        with occupied(database):
            tasks = await submit(*(database.write(keep(f"{n:02}")) for n in range(20)))
        assert await asyncio.gather(*tasks) == [f"{n:02}" for n in range(20)]
    finally:
        database.close()
    assert len(commits) <= 2


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("broken"), KeyError("broken")], ids=repr)
async def test_a_write_that_fails_leaves_the_others_of_its_commit_alone(
    database: Database, error: Exception
) -> None:
    def fails(c: Connection) -> None:
        keep("bad")(c)
        raise error

    with occupied(database):
        tasks = await submit(
            database.write(keep("a")),
            database.write(fails),
            database.write(keep("b")),
            database.write(keep("c")),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes == ["a", error, "b", "c"]
    assert await database.read(kept) == ["a", "b", "c"]


async def test_reads_that_wait_together_share_a_snapshot(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    begun: list[Connection] = []
    event.listen(database.engine, "begin", begun.append)
    try:
        async with all_reading(database):
            tasks = await submit(*(database.read(kept) for _ in range(20)))
        assert await asyncio.gather(*tasks) == [[]] * 20
    finally:
        database.close()
    assert len(begun) <= 2 * READERS, "the twenty share at most as many as there are readers"


async def test_a_thread_keeps_its_connection_between_transactions(databases: Open) -> None:
    database, taken = databases(), list[object]()
    event.listen(database.engine, "checkout", lambda *given: taken.append(given))
    for number in range(8):
        await database.write(keep(str(number)))
        await database.read(kept)
        with pytest.raises(StoreUnavailable):
            await database.write(keep(str(number)))
    assert len(taken) <= 1 + READERS
    assert len(await database.read(kept)) == 8


@pytest.mark.parametrize("error", [NotFound("no"), ValueError("broken"), KeyError("broken")], ids=repr)
async def test_a_read_that_fails_leaves_the_others_of_its_snapshot_alone(
    database: Database, error: Exception
) -> None:
    await database.write(keep("a"))

    def fails(_: Connection) -> None:
        raise error

    async with all_reading(database):
        tasks = await submit(
            database.read(kept),
            database.read(fails),
            database.read(lambda c: c.execute(text("SELECT nothing FROM nowhere")).scalar()),
            database.read(kept),
        )
    one, failed, wrong, other = await asyncio.gather(*tasks, return_exceptions=True)
    assert (one, failed, other) == (["a"], error, ["a"])
    assert isinstance(wrong, StoreUnavailable)


async def test_a_broken_constraint_leaves_the_others_of_its_commit_alone(database: Database) -> None:
    await database.write(keep("a"))
    with occupied(database):
        tasks = await submit(database.write(keep("b")), database.write(keep("a")), database.write(keep("c")))
    one, twice, three = await asyncio.gather(*tasks, return_exceptions=True)
    assert (one, three) == ("b", "c")
    assert isinstance(twice, StoreUnavailable)
    assert await database.read(kept) == ["a", "b", "c"]


async def test_a_cancelled_caller_takes_nobody_with_it(database: Database) -> None:
    with occupied(database):
        tasks = await submit(*(database.write(keep(key)) for key in "abc"))
        tasks[1].cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == ("a", "c")
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert await database.write(kept) == ["a", "b", "c"]


async def test_a_read_sees_one_instant_from_its_beginning_to_its_end(databases: Open) -> None:
    reader, writer = databases(), databases()
    await writer.write(keep("a"))
    loop = asyncio.get_running_loop()

    def twice(c: Connection) -> tuple[list[str], list[str]]:
        before = kept(c)
        asyncio.run_coroutine_threadsafe(writer.write(keep("b")), loop).result(10)
        return before, kept(c)

    assert await reader.read(twice) == (["a"], ["a"])
    assert await reader.read(kept) == ["a", "b"]


async def test_what_was_submitted_is_finished_before_it_closes(databases: Open) -> None:
    database = databases()
    with occupied(database):
        tasks = await submit(*(database.write(keep(key)) for key in "abc"))
    await asyncio.to_thread(database.close)
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]
    database.close()


async def test_a_file_that_can_not_be_opened_is_an_unavailable_store(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/flowmate.db")
    store = SqlStore(database)
    try:
        with pytest.raises(StoreUnavailable):
            await store.ping()
        with pytest.raises(StoreUnavailable):
            await accepted(store)
    finally:
        database.close()


async def test_a_file_that_is_no_database_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "flowmate.db").write_bytes(b"something else entirely" * 100)
    store = SqlStore(Database(f"sqlite:///{tmp_path}/flowmate.db"))
    try:
        with pytest.raises(StoreUnavailable):
            await accepted(store)
    finally:
        await store.aclose()


async def test_several_processes_write_into_one_database_and_lose_nothing(
    database: Database, database_url: str
) -> None:
    store = SqlStore(database)
    await accepted(store, SHARED)
    names, number = ("one", "two", "three"), 60
    processes = [
        await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-W",
                "error",
                "-m",
                "tests.contracts.database_writer",
                database_url,
                name,
                str(number),
            ),
            stderr=asyncio.subprocess.PIPE,
        )
        for name in names
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")
    events = await store.events(SHARED, after=1)
    assert [event.sequence for event in events] == list(range(2, 2 + len(names) * number))
    written = sorted((event.data["writer"], event.data["number"]) for event in events)
    assert written == sorted((name, n) for name in names for n in range(number))
    assert len(await store.recent(workspace="W1", limit=1000)) == 1 + len(names) * number


async def test_text_that_a_model_made_up_can_be_saved_anywhere(database: Database) -> None:
    store = SqlStore(database)
    await store.accept(instruction("a\x00b"), delegation_id="d1", now=NOW)
    await store.save_plan(
        "d1", Plan(planner="model", steps=(PlannedStep(agent="a", task="x\x00y"),)), now=NOW
    )
    read = await store.load("d1")
    assert (read.instruction.text, read.steps[0].task) == ("ab", "xy")
    assert (await store.events("d1"))[-1].data["steps"][0]["task"].startswith("x")


async def test_an_error_quotes_no_ones_text(database: Database) -> None:
    await database.write(keep("invented-secret"))
    with pytest.raises(StoreUnavailable) as caught:
        await database.write(keep("invented-secret"))
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert "parameters hidden" in str(caught.value.__cause__)


@pytest.mark.slow
async def test_a_stopped_server_is_an_unavailable_store_until_it_is_back(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    store = SqlStore(Database(postgresql_url))
    try:
        await accepted(store)
        postgresql_server.stop()
        try:
            async with asyncio.timeout(5):
                for call in (store.ping(), store.load("d1"), accepted(store, "d2")):
                    with pytest.raises(StoreUnavailable):
                        await call
        finally:
            postgresql_server.start()
        assert (await store.load("d1")).id == "d1"
        await accepted(store, "d2")
    finally:
        await store.aclose()


@pytest.mark.slow
async def test_a_connection_that_the_server_dropped_is_replaced(postgresql_url: str) -> None:
    database, killer = Database(postgresql_url), Database(postgresql_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    drop = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    try:
        await asyncio.gather(*(database.write(keep(f"before-{n}")) for n in range(8)))
        await killer.read(lambda c: c.execute(text(drop)).all())
        await asyncio.gather(*(database.write(keep(f"after-{n}")) for n in range(8)))
        assert len(await database.read(kept)) == 16
    finally:
        database.close()
        killer.close()
