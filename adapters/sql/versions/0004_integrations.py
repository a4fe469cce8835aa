"""Integrations: credentials of outside services, sealed, and the wrapped keys that seal them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from adapters.sql.columns import Instant, Prose

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("master_id", sa.String(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_keys")),
        sa.UniqueConstraint("number", name=op.f("uq_vault_keys_number")),
    )
    op.create_table(
        "integrations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=150), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("connected_by", sa.String(length=200), nullable=False),
        sa.Column("connected_at", Instant(), nullable=False),
        sa.Column("tested_at", Instant(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("note", Prose(), server_default="", nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["vault_keys.id"], name=op.f("fk_integrations_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrations")),
        sa.UniqueConstraint("workspace", "name", name=op.f("uq_integrations_workspace")),
    )
    op.create_index(op.f("ix_integrations_key_id"), "integrations", ["key_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_integrations_key_id"), table_name="integrations")
    op.drop_table("integrations")
    op.drop_table("vault_keys")
