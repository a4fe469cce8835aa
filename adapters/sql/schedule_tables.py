"""Tables of schedules."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from adapters.sql.columns import Instant, Prose, metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("text", Prose, nullable=False),
    Column("person_id", String(200), nullable=False),
    Column("person_name", String(200), nullable=False, server_default=""),
    Column("person_zone", String(64)),
    Column("platform", String(40), nullable=False),
    Column("workspace", String(100), nullable=False),
    Column("place", String(100), nullable=False),
    Column("thread", String(100), nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default=""),
    Column("post_to", String(250)),
    Column("timing", JSON, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("missed", String(20), nullable=False),
    Column("missed_within_seconds", Integer, nullable=False),
    Column("agent", String(40)),
    Column("state", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_slot", Instant),
    Column("reason", Text, nullable=False, server_default=""),
    UniqueConstraint("platform", "workspace", "number"),
    Index(
        "ix_schedules_due",
        "next_slot",
        sqlite_where=text("next_slot IS NOT NULL"),
        postgresql_where=text("next_slot IS NOT NULL"),
    ),
    Index("ix_schedules_place", "platform", "workspace", "place"),
)

slots = Table(
    "slots",
    metadata,
    Column("schedule_id", ForeignKey("schedules.id"), primary_key=True),
    Column("slot", Instant, primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("delegation_id", String(32)),
    Column("at", Instant, nullable=False),
)
