"""Budgets, every model call that was paid for, and what they add up to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.tables import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("workspace", sa.String(length=141), server_default="", nullable=False),
        sa.Column("nanousd", sa.BigInteger(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=True),
        sa.Column("set_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("set_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", "period", name=op.f("pk_budgets")),
    )
    op.create_index("ix_budgets_subject", "budgets", ["subject"])
    _model_calls()
    op.create_table(
        "accounts",
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("nanousd", sa.BigInteger(), nullable=False),
        sa.Column("held_tokens", sa.BigInteger(), nullable=False),
        sa.Column("held_nanousd", sa.BigInteger(), nullable=False),
        sa.Column("noted_by", sa.String(length=32), nullable=True),
        sa.Column("noted", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_noted_by", "accounts", ["noted_by"])


def _model_calls() -> None:
    op.create_table(
        "model_calls",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("workspace", sa.String(length=141), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("person_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=40), server_default="", nullable=False),
        sa.Column("schedule", sa.String(length=32), server_default="", nullable=False),
        sa.Column("delegation", sa.String(length=32), server_default="", nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("nanousd", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
    )
    op.create_index("ix_model_calls_at", "model_calls", ["at"])
    op.create_index("ix_model_calls_person", "model_calls", ["person", "at"])
    not_settled = sa.text("NOT settled")
    op.create_index(
        "ix_model_calls_open",
        "model_calls",
        ["expires_at"],
        sqlite_where=not_settled,
        postgresql_where=not_settled,
    )


def downgrade() -> None:
    op.drop_table("accounts")
    op.drop_table("model_calls")
    op.drop_table("budgets")
