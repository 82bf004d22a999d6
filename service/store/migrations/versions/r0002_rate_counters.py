"""Counters for the rate limits, and the audit by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.migrations import forward_only
from service.store.times import UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "rate_counters",
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("window_start", UtcTime, nullable=False),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", "window_start", name="pk_rate_counters"),
        sa.CheckConstraint("hits > 0", name="ck_rate_counters_hits"),
    )
    op.create_index("ix_rate_counters_window", "rate_counters", ["window_start"])
    op.create_index("ix_audit_actor", "audit", ["actor", "seq"])


def downgrade() -> None:
    """There is no way back."""
    forward_only()
