"""Towns, people, grants, sessions and the audit that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.migrations import forward_only
from service.store.times import UtcTime

revision = "0001"
down_revision = None

_ROLES = (
    "'staff', 'trainer', 'trainee', 'evaluator', 'keeper', 'coordinator', 'prefecture', 'admin'"
)

_GUARD_SQLITE = (
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit: rows never change'); END
    """,
    # Only what a later seal covers may go: retention writes the seal first.
    """
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    WHEN NOT EXISTS (
        SELECT 1 FROM audit AS seal WHERE seal.action = 'audit.seal'
        AND seal.seq > OLD.seq AND CAST(seal.subject_id AS INTEGER) >= OLD.seq
    )
    BEGIN SELECT RAISE(ABORT, 'audit: only sealed rows are removed'); END
    """,
    # Also stops INSERT OR REPLACE, which deletes without the trigger above.
    """
    CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit) AND NOT EXISTS (
        SELECT 1 FROM audit AS last WHERE last.seq = (SELECT max(seq) FROM audit)
        AND NEW.seq = last.seq + 1 AND NEW.previous_hash = last.hash
    )
    BEGIN SELECT RAISE(ABORT, 'audit: a row follows the last one'); END
    """,
)

_GUARD_POSTGRES = (
    """
    CREATE OR REPLACE FUNCTION tsunagi_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        last record;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            SELECT seq, hash INTO last FROM audit ORDER BY seq DESC LIMIT 1;
            IF FOUND AND (NEW.seq <> last.seq + 1 OR NEW.previous_hash <> last.hash) THEN
                RAISE EXCEPTION 'audit: a row follows the last one';
            END IF;
            RETURN NEW;
        ELSIF TG_OP = 'DELETE' THEN
            IF EXISTS (
                SELECT 1 FROM audit AS seal WHERE seal.action = 'audit.seal'
                AND seal.seq > OLD.seq
                AND CASE WHEN seal.action = 'audit.seal'
                    THEN seal.subject_id::bigint >= OLD.seq END
            ) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'audit: only sealed rows are removed';
        END IF;
        RAISE EXCEPTION 'audit: rows never change';
    END $$
    """,
    """
    CREATE TRIGGER audit_guard BEFORE INSERT OR UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION tsunagi_audit_guard()
    """,
    """
    CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION tsunagi_audit_guard()
    """,
)


def upgrade() -> None:
    """Make the first tables."""
    _make_towns()
    _make_people()
    _make_grants()
    _make_sessions()
    _make_audit()
    for statement in _GUARD_SQLITE if op.get_bind().dialect.name == "sqlite" else _GUARD_POSTGRES:
        op.execute(statement)


def _make_towns() -> None:
    op.create_table(
        "towns",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefecture_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_towns"),
        sa.CheckConstraint("length(code) BETWEEN 1 AND 12", name="ck_towns_code"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name="ck_towns_name"),
        sa.CheckConstraint("kind IN ('municipality', 'prefecture')", name="ck_towns_kind"),
    )
    op.create_index("ix_towns_prefecture", "towns", ["prefecture_code"])


def _make_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("oidc_subject", sa.Text),
        sa.Column("disabled_at", UtcTime),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("failed_logins", sa.Integer, nullable=False),
        sa.Column("locked_until", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("login", name="uq_people_login"),
        sa.UniqueConstraint("oidc_subject", name="uq_people_oidc_subject"),
        sa.CheckConstraint("length(id) = 36", name="ck_people_id"),
        sa.CheckConstraint("length(login) BETWEEN 1 AND 100", name="ck_people_login"),
        sa.CheckConstraint("length(display_name) BETWEEN 1 AND 100", name="ck_people_display_name"),
        sa.CheckConstraint("failed_logins >= 0", name="ck_people_failed_logins"),
    )


def _make_grants() -> None:
    op.create_table(
        "grants",
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("granted_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "town_code", "role", name="pk_grants"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_grants_person", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_grants_town"),
        sa.CheckConstraint(f"role IN ({_ROLES})", name="ck_grants_role"),
    )
    op.create_index("ix_grants_town_role", "grants", ["town_code", "role"])


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("last_seen_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("revoked_at", UtcTime),
        sa.Column("user_agent_hash", sa.Text),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_sessions_person", ondelete="CASCADE"
        ),
        sa.CheckConstraint("length(token_hash) = 64", name="ck_sessions_token_hash"),
    )
    op.create_index("ix_sessions_person", "sessions", ["person_id"])
    op.create_index("ix_sessions_expires", "sessions", ["expires_at"])


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("town_code", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text),
        sa.Column("subject_id", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        sa.CheckConstraint("seq > 0", name="ck_audit_seq"),
        sa.CheckConstraint("outcome IN ('ok', 'denied', 'failed')", name="ck_audit_outcome"),
        sa.CheckConstraint("length(hash) = 64", name="ck_audit_hash"),
        sa.CheckConstraint("length(previous_hash) = 64", name="ck_audit_previous_hash"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_action", "audit", ["action", "seq"])


def downgrade() -> None:
    """There is no way back."""
    forward_only()
