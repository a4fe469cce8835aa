"""Agents that people make: versions, rosters, and what is still being talked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("steps", sa.Column("agent_version", sa.Integer(), nullable=True))
    op.create_table(
        "made_agents",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=300), server_default="", nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "workspace", "name", name=op.f("pk_made_agents")),
    )
    op.create_table(
        "agent_versions",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("owner_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "name", "version", name=op.f("pk_agent_versions")),
    )
    op.create_table(
        "rosters",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", name=op.f("pk_rosters")),
    )
    op.create_table(
        "agent_drafts",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("workspace", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("thread", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "platform", "workspace", "place", "thread", "person_id", name=op.f("pk_agent_drafts")
        ),
    )
    op.create_index("ix_agent_drafts_at", "agent_drafts", ["at"])


def downgrade() -> None:
    op.drop_table("agent_drafts")
    op.drop_table("rosters")
    op.drop_table("agent_versions")
    op.drop_table("made_agents")
    op.drop_column("steps", "agent_version")
