"""The tables.  Every constraint is named, so that a later migration can find it.

Text has no length in the type: SQLite would ignore it.  What must hold is a CHECK, which both
databases keep.  No column holds the text of a note.  The migrations make these tables; a test
compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from service.store import case_tables, record_tables
from service.store.schema import METADATA, one_of
from service.store.times import UtcTime

# One import brings every table into METADATA.
__all__ = [
    "KINDS", "METADATA", "OUTCOMES", "ROLES", "audit", "case_tables", "grants", "one_of", "people",
    "rate_counters", "record_tables", "sessions", "towns",
]  # fmt: skip

KINDS = ("municipality", "prefecture")
ROLES = (
    "staff",
    "trainer",
    "trainee",
    "evaluator",
    "keeper",
    "coordinator",
    "prefecture",
    "admin",
)
OUTCOMES = ("ok", "denied", "failed")


towns = Table(
    "towns",
    METADATA,
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefecture_code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("code", name="pk_towns"),
    CheckConstraint("length(code) BETWEEN 1 AND 12", name="ck_towns_code"),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="ck_towns_name"),
    CheckConstraint(one_of("kind", KINDS), name="ck_towns_kind"),
)
Index("ix_towns_prefecture", towns.c.prefecture_code)

people = Table(
    "people",
    METADATA,
    Column("id", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("oidc_subject", Text),
    Column("disabled_at", UtcTime),
    Column("must_change_password", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("failed_logins", Integer, nullable=False),
    Column("locked_until", UtcTime),
    Column("password_set_at", UtcTime),
    PrimaryKeyConstraint("id", name="pk_people"),
    UniqueConstraint("login", name="uq_people_login"),
    UniqueConstraint("oidc_subject", name="uq_people_oidc_subject"),
    CheckConstraint("length(id) = 36", name="ck_people_id"),
    CheckConstraint("length(login) BETWEEN 1 AND 100", name="ck_people_login"),
    CheckConstraint("length(display_name) BETWEEN 1 AND 100", name="ck_people_display_name"),
    CheckConstraint("failed_logins >= 0", name="ck_people_failed_logins"),
)

grants = Table(
    "grants",
    METADATA,
    Column("person_id", Text, nullable=False),
    Column("town_code", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("granted_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("person_id", "town_code", "role", name="pk_grants"),
    ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_grants_person", ondelete="CASCADE"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_grants_town"),
    CheckConstraint(one_of("role", ROLES), name="ck_grants_role"),
)
Index("ix_grants_town_role", grants.c.town_code, grants.c.role)

sessions = Table(
    "sessions",
    METADATA,
    Column("token_hash", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("user_agent_hash", Text),
    PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    ForeignKeyConstraint(
        ["person_id"], ["people.id"], name="fk_sessions_person", ondelete="CASCADE"
    ),
    CheckConstraint("length(token_hash) = 64", name="ck_sessions_token_hash"),
)
Index("ix_sessions_person", sessions.c.person_id)
Index("ix_sessions_expires", sessions.c.expires_at)

rate_counters = Table(
    "rate_counters",
    METADATA,
    Column("key_hash", Text, nullable=False),
    Column("window_start", UtcTime, nullable=False),
    Column("hits", Integer, nullable=False),
    PrimaryKeyConstraint("key_hash", "window_start", name="pk_rate_counters"),
    CheckConstraint("hits > 0", name="ck_rate_counters_hits"),
)
Index("ix_rate_counters_window", rate_counters.c.window_start)

# No foreign keys: the audit outlives the people and towns it speaks of.
audit = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, nullable=False, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("town_code", Text),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text),
    Column("subject_id", Text),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("seq", name="pk_audit"),
    CheckConstraint("seq > 0", name="ck_audit_seq"),
    CheckConstraint(one_of("outcome", OUTCOMES), name="ck_audit_outcome"),
    CheckConstraint("length(hash) = 64", name="ck_audit_hash"),
    CheckConstraint("length(previous_hash) = 64", name="ck_audit_previous_hash"),
)
Index("ix_audit_at", audit.c.at)
Index("ix_audit_action", audit.c.action, audit.c.seq)
Index("ix_audit_actor", audit.c.actor, audit.c.seq)
