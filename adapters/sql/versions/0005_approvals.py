"""What was asked before tools changed the world, and what was said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Instant, Prose

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("delegation_id", sa.String(length=32), nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=48), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("tool", sa.String(length=100), nullable=False),
        sa.Column("arguments", Prose(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("unnamed", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("person_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("always", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_by_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("key", sa.String(length=300), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=100), nullable=True),
        sa.Column("check_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegations.id"], name=op.f("fk_approvals_delegation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_delegation", "approvals", ["delegation_id", "asked_at"])
    op.create_index("ix_approvals_run", "approvals", ["run_id"])
    somebody_looks = sa.text("check_at IS NOT NULL")
    op.create_index(
        "ix_approvals_check",
        "approvals",
        ["check_at"],
        sqlite_where=somebody_looks,
        postgresql_where=somebody_looks,
    )


def downgrade() -> None:
    op.drop_table("approvals")
