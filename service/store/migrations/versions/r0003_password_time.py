"""When each password was set, so that a one-time password can come to its end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.migrations import forward_only
from service.store.times import UtcTime

revision = "0003"
down_revision = "0002"

# The audit knows when the passwords there are were handed out or changed.
_FROM_AUDIT = """
    UPDATE people SET password_set_at = coalesce(
        (
            SELECT max(at) FROM audit
            WHERE subject_kind = 'person' AND subject_id = people.id AND outcome = 'ok'
            AND action IN ('person.add', 'password.reset', 'password.change')
        ),
        created_at
    )
    WHERE password_hash IS NOT NULL
"""


def upgrade() -> None:
    """Add the column, and fill it for the passwords that are there."""
    op.add_column("people", sa.Column("password_set_at", UtcTime))
    op.execute(_FROM_AUDIT)


def downgrade() -> None:
    """There is no way back."""
    forward_only()
