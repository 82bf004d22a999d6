"""The towns' own records, their history, their imports and what came back on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.migrations import forward_only
from service.store.times import UtcTime

revision = "0004"
down_revision = "0003"

_STATES = "'active', 'vanished', 'closed'"
_REASONS = "'not_eligible', 'full', 'no_funds', 'unreachable', 'declined', 'closed', 'wrong_info'"


def upgrade() -> None:
    """Make the tables."""
    _make_town_profiles()
    _make_records()
    _make_record_history()
    _make_imports()
    _make_mappings()
    _make_record_reports()
    _make_record_shown()
    _make_records_apart()


def _make_town_profiles() -> None:
    op.create_table(
        "town_profiles",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("facts", sa.Text),
        sa.Column("folder_sha256", sa.Text),
        sa.Column("folder_facts", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", name="pk_town_profiles"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_town_profiles_town"),
        sa.CheckConstraint("revision > 0", name="ck_town_profiles_revision"),
    )


def _make_records() -> None:
    op.create_table(
        "records",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("has_phone", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verified_on", sa.Text),
        sa.Column("due_on", sa.Text),
        sa.Column("unconfirmed", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("merged", sa.Text, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "id", name="pk_records"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_records_town"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="ck_records_state"),
        sa.CheckConstraint("revision > 0", name="ck_records_revision"),
    )
    op.create_index("ix_records_due", "records", ["town_code", "state", "due_on"])


def _make_record_history() -> None:
    op.create_table(
        "record_history",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "record_id", "revision", name="pk_record_history"),
        sa.ForeignKeyConstraint(
            ["town_code", "record_id"],
            ["records.town_code", "records.id"],
            name="fk_record_history_record",
        ),
    )


def _make_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("forms", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("report", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_imports_town"),
    )
    op.create_index("ix_imports_town", "imports", ["town_code", "at"])


def _make_mappings() -> None:
    op.create_table(
        "mappings",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("form_id", sa.Text, nullable=False),
        sa.Column("yaml", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "form_id", name="pk_mappings"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_mappings_town"),
    )


def _make_record_reports() -> None:
    op.create_table(
        "record_reports",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("settled_at", UtcTime),
        sa.Column("settled_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_record_reports"),
        sa.ForeignKeyConstraint(
            ["town_code", "record_id"],
            ["records.town_code", "records.id"],
            name="fk_record_reports_record",
        ),
        sa.CheckConstraint(f"reason IN ({_REASONS})", name="ck_record_reports_reason"),
    )
    op.create_index("ix_record_reports_record", "record_reports", ["town_code", "record_id"])


def _make_record_shown() -> None:
    op.create_table(
        "record_shown",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "record_id", "day", name="pk_record_shown"),
        sa.ForeignKeyConstraint(
            ["town_code", "record_id"],
            ["records.town_code", "records.id"],
            name="fk_record_shown_record",
        ),
        sa.CheckConstraint("times > 0", name="ck_record_shown_times"),
    )


def _make_records_apart() -> None:
    op.create_table(
        "records_apart",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("first_id", sa.Text, nullable=False),
        sa.Column("second_id", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "first_id", "second_id", name="pk_records_apart"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_records_apart_town"),
    )


def downgrade() -> None:
    """There is no way back."""
    forward_only()
