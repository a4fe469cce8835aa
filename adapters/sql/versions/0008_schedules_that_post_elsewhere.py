"""Where else a schedule's answers go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("post_to", sa.String(length=250), nullable=True))


def downgrade() -> None:
    op.drop_column("schedules", "post_to")
