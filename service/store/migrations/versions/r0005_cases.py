"""Cases, their history and vectors, what nobody could meet, and what the prefecture was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.migrations import forward_only
from service.store.times import UtcTime

revision = "0005"
down_revision = "0004"

_CONSENTS = "'unknown', 'given', 'refused', 'not_needed'"
_GAP_KINDS = "'nothing_fits', 'refused', 'missing'"


def upgrade() -> None:
    """Make the tables."""
    _make_cases()
    _make_case_history()
    _make_case_vectors()
    _make_gaps()
    _make_advice_requests()


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("closed_at", UtcTime),
        sa.Column("due_on", sa.Text),
        sa.Column("consent", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("flags_open", sa.Boolean, nullable=False),
        sa.Column("referral_states", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "id", name="pk_cases"),
        sa.UniqueConstraint("town_code", "year", "number", name="uq_cases_number"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_cases_town"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_cases_state"),
        sa.CheckConstraint(f"consent IN ({_CONSENTS})", name="ck_cases_consent"),
        sa.CheckConstraint("number > 0", name="ck_cases_number"),
        sa.CheckConstraint("revision > 0", name="ck_cases_revision"),
    )
    op.create_index("ix_cases_due", "cases", ["town_code", "state", "due_on"])
    op.create_index("ix_cases_opened", "cases", ["town_code", "opened_at"])


def _make_case_history() -> None:
    op.create_table(
        "case_history",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "case_id", "revision", name="pk_case_history"),
        _of_a_case("fk_case_history_case"),
    )


def _make_case_vectors() -> None:
    op.create_table(
        "case_vectors",
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("vector", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("town_code", "case_id", name="pk_case_vectors"),
        _of_a_case("fk_case_vectors_case"),
    )


def _make_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("on_day", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("problems", sa.Text, nullable=False),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("age_group", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gaps"),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_gaps_town"),
        sa.CheckConstraint(f"kind IN ({_GAP_KINDS})", name="ck_gaps_kind"),
    )
    op.create_index("ix_gaps_day", "gaps", ["town_code", "on_day"])
    op.create_index("ix_gaps_case", "gaps", ["town_code", "case_id"])


def _make_advice_requests() -> None:
    op.create_table(
        "advice_requests",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("prefecture_code", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("packet", sa.Text, nullable=False),
        sa.Column("answered_at", UtcTime),
        sa.Column("answered_by", sa.Text),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_advice_requests"),
        sa.ForeignKeyConstraint(
            ["prefecture_code"], ["towns.code"], name="fk_advice_requests_prefecture"
        ),
        _of_a_case("fk_advice_requests_case"),
    )
    op.create_index("ix_advice_requests_prefecture", "advice_requests", ["prefecture_code"])
    op.create_index("ix_advice_requests_case", "advice_requests", ["town_code", "case_id"])


def _of_a_case(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["town_code", "case_id"],
        ["cases.town_code", "cases.id"],
        name=name,
        ondelete="CASCADE",
    )


def downgrade() -> None:
    """There is no way back."""
    forward_only()
