"""Schedules, and what became of each of their slots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("person_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("person_zone", sa.String(length=64), nullable=True),
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("thread", sa.String(length=100), server_default="", nullable=False),
        sa.Column("via", sa.Text(), server_default="", nullable=False),
        sa.Column("timing", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("missed", sa.String(length=20), nullable=False),
        sa.Column("missed_within_seconds", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_slot", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("platform", "workspace", "number", name=op.f("uq_schedules_platform")),
    )
    there_is_one = sa.text("next_slot IS NOT NULL")
    op.create_index(
        "ix_schedules_due",
        "schedules",
        ["next_slot"],
        sqlite_where=there_is_one,
        postgresql_where=there_is_one,
    )
    op.create_index("ix_schedules_place", "schedules", ["platform", "workspace", "place"])
    op.create_table(
        "slots",
        sa.Column("schedule_id", sa.String(length=32), nullable=False),
        sa.Column("slot", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("delegation_id", sa.String(length=32), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_slots_schedule_id")),
        sa.PrimaryKeyConstraint("schedule_id", "slot", name=op.f("pk_slots")),
    )


def downgrade() -> None:
    op.drop_table("slots")
    op.drop_table("schedules")
