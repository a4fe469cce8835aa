"""The path of a message: delegations, steps, messages, events, agent runs, notes and archives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Instant, RowNumber

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archives",
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("archived", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key", name=op.f("pk_archives")),
    )
    op.create_table(
        "calls",
        sa.Column("run_id", sa.String(length=48), nullable=False),
        sa.Column("call_key", sa.String(length=100), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", "call_key", name=op.f("pk_calls")),
    )
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("person_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("person_zone", sa.String(length=64), nullable=True),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("thread", sa.String(length=100), server_default="", nullable=False),
        sa.Column("via", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("preferred_agents", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("events", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planner", sa.String(length=20), nullable=True),
        sa.Column("planning_usage", sa.JSON(), nullable=True),
        sa.Column("cancelled_by", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("planned_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("check_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
        sa.UniqueConstraint("key", name=op.f("uq_delegations_key")),
    )
    op.create_index(
        "ix_delegations_check",
        "delegations",
        ["check_at"],
        unique=False,
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.create_index(
        "ix_delegations_conversation",
        "delegations",
        ["platform", "workspace", "place", "thread", "received_at"],
        unique=False,
    )
    op.create_index("ix_delegations_recent", "delegations", ["workspace", "received_at"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("delegation_id", sa.String(length=32), nullable=True),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_delegation", "events", ["delegation_id", "sequence"], unique=False)
    op.create_table(
        "notes",
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "number", name=op.f("pk_notes")),
        sa.UniqueConstraint("workspace", "key", name=op.f("uq_notes_workspace")),
    )
    op.create_table(
        "turns",
        sa.Column("run_id", sa.String(length=48), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("turn", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "index", name=op.f("pk_turns")),
    )
    op.create_table(
        "messages",
        sa.Column("delegation_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=True),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegations.id"], name=op.f("fk_messages_delegation_id")
        ),
        sa.PrimaryKeyConstraint("delegation_id", "part", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_message", "messages", ["platform", "workspace", "place", "message_id"], unique=False
    )
    op.create_table(
        "steps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("delegation_id", sa.String(length=32), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("token", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["delegation_id"], ["delegations.id"], name=op.f("fk_steps_delegation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("delegation_id", "index", name=op.f("uq_steps_delegation_id")),
    )


def downgrade() -> None:
    op.drop_table("steps")
    op.drop_index("ix_messages_message", table_name="messages")
    op.drop_table("messages")
    op.drop_table("turns")
    op.drop_table("notes")
    op.drop_index("ix_events_delegation", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_delegations_recent", table_name="delegations")
    op.drop_index("ix_delegations_conversation", table_name="delegations")
    op.drop_index(
        "ix_delegations_check",
        table_name="delegations",
        sqlite_where=sa.text("check_at IS NOT NULL"),
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    op.drop_table("delegations")
    op.drop_table("calls")
    op.drop_table("archives")
