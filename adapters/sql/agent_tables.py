"""The tables of agents that people make."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table

from adapters.sql.columns import Instant, metadata

made_agents = Table(
    "made_agents",
    metadata,
    Column("platform", String(40), primary_key=True),
    Column("workspace", String(100), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("key", String(300), nullable=False, server_default=""),
    Column("deleted_at", Instant),
)

agent_versions = Table(
    "agent_versions",
    metadata,
    Column("platform", String(40), primary_key=True),
    Column("workspace", String(100), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", JSON, nullable=False),
    Column("owner_id", String(200), nullable=False),
    Column("owner_name", String(200), nullable=False, server_default=""),
    Column("visibility", String(20), nullable=False),
    Column("at", Instant, nullable=False),
)

rosters = Table(
    "rosters",
    metadata,
    Column("platform", String(40), primary_key=True),
    Column("workspace", String(100), primary_key=True),
    Column("version", Integer, nullable=False),
)

agent_drafts = Table(
    "agent_drafts",
    metadata,
    Column("platform", String(40), primary_key=True),
    Column("workspace", String(100), primary_key=True),
    Column("place", String(100), primary_key=True),
    Column("thread", String(100), primary_key=True),
    Column("person_id", String(200), primary_key=True),
    Column("draft", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_agent_drafts_at", "at"),
)
