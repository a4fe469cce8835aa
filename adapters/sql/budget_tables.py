"""The tables of budgets: what was set, every model call that was charged, and what they add up to."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, String, Table, text

from adapters.sql.columns import Instant, OptionalJson, metadata

budgets = Table(
    "budgets",
    metadata,
    Column("scope", String(20), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("workspace", String(141), nullable=False, server_default=""),
    Column("nanousd", BigInteger),
    Column("tokens", BigInteger),
    Column("set_by", String(200), nullable=False, server_default=""),
    Column("set_at", Instant, nullable=False),
    Index("ix_budgets_subject", "subject"),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("workspace", String(141), nullable=False),
    Column("person", String(200), nullable=False),
    Column("person_name", String(200), nullable=False, server_default=""),
    Column("agent", String(40), nullable=False, server_default=""),
    Column("schedule", String(32), nullable=False, server_default=""),
    Column("delegation", String(32), nullable=False, server_default=""),
    Column("model", String(200), nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("nanousd", BigInteger),
    Column("held", JSON, nullable=False),
    Index("ix_model_calls_at", "at"),
    Index("ix_model_calls_person", "person", "at"),
    Index(
        "ix_model_calls_open",
        "expires_at",
        sqlite_where=text("NOT settled"),
        postgresql_where=text("NOT settled"),
    ),
)

accounts = Table(
    "accounts",
    metadata,
    Column("key", String(240), primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("nanousd", BigInteger, nullable=False),
    Column("held_tokens", BigInteger, nullable=False),
    Column("held_nanousd", BigInteger, nullable=False),
    Column("noted_by", String(32)),
    Column("noted", OptionalJson),
    Index("ix_accounts_noted_by", "noted_by"),
)
