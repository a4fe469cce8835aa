"""The tables, as Alembic's first revision makes them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from adapters.sql.agent_tables import agent_drafts, agent_versions, made_agents, rosters
from adapters.sql.budget_tables import accounts, budgets, model_calls
from adapters.sql.columns import Instant, OptionalJson, Prose, RowNumber, metadata
from adapters.sql.schedule_tables import schedules, slots

__all__ = [
    "Instant",
    "OptionalJson",
    "Prose",
    "RowNumber",
    "accounts",
    "admissions",
    "agent_drafts",
    "agent_versions",
    "approvals",
    "archives",
    "budgets",
    "calls",
    "delegations",
    "events",
    "integrations",
    "made_agents",
    "messages",
    "metadata",
    "model_calls",
    "notes",
    "pairing_codes",
    "rosters",
    "schedules",
    "slots",
    "steps",
    "turns",
    "vault_keys",
]

delegations = Table(
    "delegations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("fingerprint", String(64), nullable=False, server_default=""),
    Column("text", Prose, nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("person_name", String(200), nullable=False, server_default=""),
    Column("person_zone", String(64)),
    Column("platform", String(40), nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("place", String(100), nullable=False),
    Column("thread", String(100), nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default=""),
    Column("origin", String(40), nullable=False),
    Column("preferred_agents", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("events", Integer, nullable=False, server_default="0"),
    Column("planner", String(20)),
    Column("planning_usage", OptionalJson),
    Column("cancelled_by", String(200)),
    Column("status", String(20)),
    Column("reply", OptionalJson),
    Column("received_at", Instant, nullable=False),
    Column("planned_at", Instant),
    Column("answered_at", Instant),
    Column("delivered_at", Instant),
    Column("check_at", Instant),
    Index("ix_delegations_conversation", "platform", "workspace", "place", "thread", "received_at"),
    Index("ix_delegations_recent", "workspace", "received_at"),
    Index(
        "ix_delegations_check",
        "check_at",
        sqlite_where=text("check_at IS NOT NULL"),
        postgresql_where=text("check_at IS NOT NULL"),
    ),
)

steps = Table(
    "steps",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("delegation_id", ForeignKey("delegations.id"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("agent", String(40), nullable=False),
    Column("task", Prose, nullable=False),
    Column("after", JSON, nullable=False),
    Column("agent_version", Integer),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("lease_until", Instant),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("result", OptionalJson),
    UniqueConstraint("delegation_id", "index"),
)

messages = Table(
    "messages",
    metadata,
    Column("delegation_id", ForeignKey("delegations.id"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("message_id", String(100)),
    Column("platform", String(40), nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("place", String(100), nullable=False),
    Index("ix_messages_message", "platform", "workspace", "place", "message_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    Column("delegation_id", String(32)),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("kind", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_events_delegation", "delegation_id", "sequence"),
)

turns = Table(
    "turns",
    metadata,
    Column("run_id", String(48), primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("turn", JSON, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("run_id", String(48), primary_key=True),
    Column("call_key", String(100), primary_key=True),
    Column("effect", String(10), nullable=False),
    Column("outcome", OptionalJson),
)

notes = Table(
    "notes",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Prose, nullable=False),
    Column("folded", Prose, nullable=False),
    Column("author", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("key", String(200), nullable=False),
    UniqueConstraint("workspace", "key"),
)

archives = Table(
    "archives",
    metadata,
    Column("workspace", String(100), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("archived", JSON, nullable=False),
    Column("at", Instant, nullable=False),
)

pairing_codes = Table(
    "pairing_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Column("person_id", String(200)),
)

admissions = Table(
    "admissions",
    metadata,
    Column("platform", String(40), primary_key=True),
    Column("person_id", String(200), primary_key=True),
    Column("at", Instant, nullable=False),
)

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("master_id", String(32), nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

integrations = Table(
    "integrations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("workspace", String(150), nullable=False),
    Column("name", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("connected_by", String(200), nullable=False),
    Column("connected_at", Instant, nullable=False),
    Column("tested_at", Instant),
    Column("passed", Boolean),
    Column("note", Prose, nullable=False, server_default=""),
    Column("key_id", ForeignKey("vault_keys.id"), nullable=False, index=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    UniqueConstraint("workspace", "name"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("delegation_id", ForeignKey("delegations.id"), nullable=False),
    Column("step_id", String(40), nullable=False),
    Column("run_id", String(48), nullable=False),
    Column("agent", String(40), nullable=False),
    Column("tool", String(100), nullable=False),
    Column("arguments", Prose, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("unnamed", JSON, nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("person_name", String(200), nullable=False, server_default=""),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("state", String(20), nullable=False),
    Column("always", Boolean(), nullable=False),
    Column("decided_by", String(200)),
    Column("decided_by_name", String(200), nullable=False, server_default=""),
    Column("decided_at", Instant),
    Column("key", String(300), nullable=False, server_default=""),
    Column("message_id", String(100)),
    Column("check_at", Instant),
    Index("ix_approvals_delegation", "delegation_id", "asked_at"),
    Index("ix_approvals_run", "run_id"),
    Index(
        "ix_approvals_check",
        "check_at",
        sqlite_where=text("check_at IS NOT NULL"),
        postgresql_where=text("check_at IS NOT NULL"),
    ),
)
