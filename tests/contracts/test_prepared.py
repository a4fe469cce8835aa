"""Prepared statements: the same values, errors and transactions as SQLAlchemy's own, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, DateTime, bindparam, event, insert, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from adapters.sql import tables
from adapters.sql.database import Database, make_engine
from adapters.sql.prepared import WATCHED, Prepared
from core.errors import PermanentError, StoreUnavailable
from tests.contracts.samples import NOW

A = tables.approvals
K = tables.archives
COLUMNS = (
    "id", "delegation_id", "step_id", "run_id", "agent", "tool", "arguments", "sources", "unnamed",
    "person_id", "asked_at", "expires_at", "state", "always", "decided_at", "check_at",
)  # fmt: skip
NEW = Prepared(insert(A), columns=COLUMNS)
READ = select(A).where(A.c.id == bindparam("of"), A.c.state.in_(("pending", "approved")))
KEEP = Prepared(insert(K))
KEPT = Prepared(select(K.c.key).order_by(K.c.key))


def kept(key: str) -> dict[str, object]:
    return {"workspace": "W", "key": key, "archived": {}, "at": NOW}


def asked(name: str) -> dict[str, object]:
    here = NOW.astimezone(timezone(timedelta(hours=5)))
    given: dict[str, object] = dict.fromkeys(COLUMNS, "some")
    return given | {
        "id": name,
        "arguments": "a\x00b %s ? :x",
        "sources": ["ü", {"deep": [1, None]}],
        "unnamed": [],
        "asked_at": here,
        "expires_at": NOW,
        "state": "pending",
        "always": True,
        "decided_at": None,
        "check_at": None,
    }


async def test_values_come_out_as_sqlalchemy_gives_them(database: Database) -> None:
    await database.write(lambda c: c.execute(insert(tables.delegations).values(**_delegation())).close())
    await database.write(lambda c: NEW.run_many(c, [asked("one"), asked("two")]))
    own = await database.read(lambda c: c.execute(READ, {"of": "two"}).one()._asdict())
    ours = await database.read(lambda c: Prepared(READ).first(c, {"of": "two"}))
    assert ours is not None
    assert ours._asdict() == own
    assert [type(value) for value in ours._asdict().values()] == [type(value) for value in own.values()]


def _delegation() -> dict[str, object]:
    names = ("key", "text", "person_id", "platform", "workspace", "place", "origin", "state")
    return {**dict.fromkeys(names, "d"), "id": "some", "preferred_agents": [], "received_at": NOW}


async def test_a_constraint_that_is_broken_is_told_as_sqlalchemy_tells_it(database: Database) -> None:
    await database.write(lambda c: KEEP.run(c, kept("invented-secret")))
    with pytest.raises(StoreUnavailable) as caught:
        await database.write(lambda c: KEEP.run(c, kept("invented-secret")))
    with pytest.raises(StoreUnavailable) as own:
        await database.write(lambda c: c.execute(insert(K).values(**kept("invented-secret"))))
    ours, theirs = caught.value.__cause__, own.value.__cause__
    assert isinstance(ours, IntegrityError)
    assert type(ours) is type(theirs)
    assert ours.params is None
    assert await database.read(lambda c: [row.key for row in KEPT.all(c, {})]) == ["invented-secret"]


@pytest.mark.slow
async def test_a_value_that_does_not_fit_is_no_database_that_is_out(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    try:
        with pytest.raises(PermanentError) as caught:
            await database.write(lambda c: KEEP.run(c, kept("nul\x00")))
        assert isinstance(caught.value.__cause__, DataError)
    finally:
        database.close()


@pytest.mark.slow
async def test_a_connection_that_the_server_dropped_is_given_up_and_replaced(postgresql_url: str) -> None:
    database, killer = Database(postgresql_url), Database(postgresql_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    drop = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    lost: list[bool] = []

    def keep(key: str) -> Callable[..., int]:
        def transaction(c: Connection) -> int:
            try:
                return KEEP.run(c, kept(key))
            except DBAPIError as error:
                lost.append(error.connection_invalidated and c.invalidated)
                raise

        return transaction

    try:
        await database.write(keep("before"))
        await asyncio.gather(*(database.read(lambda c: KEPT.all(c, {})) for _ in range(8)))
        await killer.read(lambda c: c.execute(text(drop)).all())
        await database.write(keep("after"))
        assert lost == [True]
        many = await asyncio.gather(*(database.read(lambda c: len(KEPT.all(c, {}))) for _ in range(8)))
        assert many == [2] * 8
    finally:
        database.close()
        killer.close()


async def test_it_is_part_of_the_transaction_that_it_begins(database: Database) -> None:
    with database.engine.connect() as c:
        KEEP.run(c, kept("a"))
        assert c.in_transaction()
        c.rollback()
        KEEP.run(c, kept("b"))
        c.commit()
    assert await database.read(lambda c: [row.key for row in KEPT.all(c, {})]) == ["b"]


async def test_who_watches_the_engine_hears_of_it(sqlite_url: str) -> None:
    database, heard = Database(sqlite_url), list[str]()
    database.engine.update_execution_options(**{WATCHED: True})
    event.listen(
        database.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: heard.append(statement)
    )
    try:
        assert await database.write(lambda c: KEEP.run(c, kept("a"))) == 1
        await database.write(lambda c: KEEP.run_many(c, [kept("b"), kept("c")]))
        assert [row.key for row in await database.read(lambda c: KEPT.all(c, {}))] == ["a", "b", "c"]
    finally:
        database.close()
    assert [statement.split()[0] for statement in heard if "archives" in statement] == [
        "INSERT",
        "INSERT",
        "SELECT",
    ]


def test_an_instant_stands_in_sqlite_as_sqlalchemy_writes_it() -> None:
    """Rows that are there are compared as texts, and read by older versions."""
    engine = make_engine("sqlite://")
    theirs: Any = engine.dialect.type_descriptor(DateTime())
    ours: Any = tables.Instant().dialect_impl(engine.dialect)
    write, read = ours.bind_processor(engine.dialect), ours.result_processor(engine.dialect, None)
    vienna = ZoneInfo("Europe/Vienna")
    for at in (NOW, NOW.replace(microsecond=0), NOW.astimezone(vienna), datetime(1, 1, 2, tzinfo=UTC)):
        text = theirs.bind_processor(engine.dialect)(at.astimezone(UTC).replace(tzinfo=None))
        assert write(at) == text
        assert read(text) == at
        assert read(text).tzinfo is UTC
    assert write(None) is read(None) is None
