"""Alembic's entry: it is run by `adapters.sql.migrations` with a connection, never from the command line."""

from __future__ import annotations

from alembic import context

from adapters.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
    # SQLite has it, whatever Alembic thinks of its driver: without it each revision would be committed by itself, and
    # several processes that upgrade at once could come between one another.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
