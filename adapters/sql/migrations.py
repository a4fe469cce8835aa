"""Bringing the database to the schema that this version speaks."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from adapters.settings import Settings, prepare_data_dir
from adapters.sql.database import make_engine
from core.errors import ConfigurationError

HERE = Path(__file__).parent
# Any number will do, as long as nobody else on the same database uses it for something else.
MIGRATION_LOCK = 4_601_992


def migrate(settings: Settings) -> None:
    """Upgrade to the newest revision; one process at a time. Raises ConfigurationError where it can't connect."""
    if settings.database_url is None:
        prepare_data_dir(settings)
    engine = make_engine(settings.database)
    try:
        upgrade(engine)
    except (SQLAlchemyError, OSError) as error:
        raise ConfigurationError(
            f"The database at {engine.url.render_as_string(hide_password=True)} can't be used: {_reason(error)}. "
            "Check DATABASE_URL, and that the server runs and lets this user in."
        ) from error
    finally:
        engine.dispose()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Upgrade through this engine."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        command.upgrade(_config(connection), revision)
        connection.commit()


def missing_revisions(engine: Engine) -> tuple[str, ...]:
    """The revisions that the database lacks, oldest first; empty when it is up to date."""
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(_config(connection))
        current = MigrationContext.configure(connection).get_current_revision()
        wanted = [revision.revision for revision in script.iterate_revisions("head", current or "base")]
    return tuple(reversed(wanted))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:200].rstrip(".")
