"""Pairing codes, and who was let in by one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pairing_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_pairing_codes")),
    )
    op.create_table(
        "admissions",
        sa.Column("platform", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "person_id", name=op.f("pk_admissions")),
    )


def downgrade() -> None:
    op.drop_table("admissions")
    op.drop_table("pairing_codes")
