"""Migrations bring an empty database to exactly the tables that the code speaks of, once, and back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from adapters.settings import Settings
from adapters.sql.database import make_engine
from adapters.sql.migrations import _config, migrate, missing_revisions, upgrade
from adapters.sql.tables import metadata
from core.errors import ConfigurationError
from tests.contracts.conftest import SQL

UPGRADE = """
import sys
from adapters.sql.database import make_engine
from adapters.sql.migrations import upgrade
engine = make_engine(sys.argv[1])
upgrade(engine)
engine.dispose()
"""


@pytest.fixture(params=SQL)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/flowmate.db"
    bare: str = request.getfixturevalue("bare_postgresql_url")
    return bare


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def test_an_upgraded_database_is_what_the_code_speaks_of(engine: Engine) -> None:
    assert missing_revisions(engine) != ()
    upgrade(engine)
    assert missing_revisions(engine) == ()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO notes VALUES ('toy:W1', 1, 'text', 'text', 'me', '2026-11-20 09:00:00', 'k')")
        )
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar_one() == 1


def test_a_downgrade_takes_everything_away(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        command.downgrade(_config(connection), "base")
        connection.commit()
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade(engine)
    assert missing_revisions(engine) == ()


def test_a_migration_that_breaks_leaves_nothing_half_done(engine: Engine) -> None:
    with engine.begin() as connection:
        # In the way of a table that the migration makes late.
        connection.execute(text("CREATE TABLE steps (id INTEGER)"))
    with pytest.raises(Exception, match="steps"):
        upgrade(engine)
    assert set(inspect(engine).get_table_names()) <= {"steps", "alembic_version"}
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE steps"))
    upgrade(engine)
    assert missing_revisions(engine) == ()


async def test_processes_that_upgrade_at_once_wait_for_one_another(url: str, engine: Engine) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", UPGRADE, url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")
    assert missing_revisions(engine) == ()


def test_a_server_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    settings = Settings(
        flowmate_data_dir=tmp_path,
        database_url="postgresql+psycopg://me:invented-password@127.0.0.1:9/none",
    )
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        migrate(settings)
    assert "invented-password" not in caught.value.sentence


def test_the_data_folders_own_database_is_made(tmp_path: Path) -> None:
    settings = Settings(flowmate_data_dir=tmp_path / "data", database_url=None)
    migrate(settings)
    migrate(settings)
    engine = make_engine(settings.database)
    assert missing_revisions(engine) == ()
    engine.dispose()
