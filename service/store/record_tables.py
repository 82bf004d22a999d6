"""The tables of the towns' own records, and of what happened to them.

A record's values are JSON (what a record is, the store does not know); the columns beside them
repeat what lists are narrowed and sorted by.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from service.store.schema import METADATA, one_of
from service.store.times import UtcTime

STATES = ("active", "vanished", "closed")
REASONS = (
    "not_eligible",
    "full",
    "no_funds",
    "unreachable",
    "declined",
    "closed",
    "wrong_info",
)

# ``revision`` moves with every change of the profile, the records or their reports.
town_profiles = Table(
    "town_profiles",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("facts", Text),
    Column("folder_sha256", Text),
    Column("folder_facts", Text),
    Column("revision", Integer, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", Text, nullable=False),
    PrimaryKeyConstraint("town_code", name="pk_town_profiles"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_town_profiles_town"),
    CheckConstraint("revision > 0", name="ck_town_profiles_revision"),
)

records = Table(
    "records",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # ``;a;b;``, so that one code can be looked for
    Column("categories", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("has_phone", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    # what a search by words looks in, folded
    Column("words", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("verified_on", Text),
    Column("due_on", Text),
    Column("unconfirmed", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("sources", Text, nullable=False),
    # ids of the records this one took in (JSON), and the one that took this one in
    Column("merged", Text, nullable=False),
    Column("merged_into", Text),
    Column("revision", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "id", name="pk_records"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_records_town"),
    CheckConstraint(one_of("state", STATES), name="ck_records_state"),
    CheckConstraint("revision > 0", name="ck_records_revision"),
)
Index("ix_records_due", records.c.town_code, records.c.state, records.c.due_on)

# Former versions: each row is a record as it was, with who made that version and how.
record_history = Table(
    "record_history",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "record_id", "revision", name="pk_record_history"),
    ForeignKeyConstraint(
        ["town_code", "record_id"],
        ["records.town_code", "records.id"],
        name="fk_record_history_record",
    ),
)

imports = Table(
    "imports",
    METADATA,
    Column("id", Text, nullable=False),
    Column("town_code", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("forms", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("report", Text),
    PrimaryKeyConstraint("id", name="pk_imports"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_imports_town"),
)
Index("ix_imports_town", imports.c.town_code, imports.c.at)

mappings = Table(
    "mappings",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("form_id", Text, nullable=False),
    Column("yaml", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "form_id", name="pk_mappings"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_mappings_town"),
)

# A code for the reason and no free text: nothing of the person who was refused.
record_reports = Table(
    "record_reports",
    METADATA,
    Column("id", Text, nullable=False),
    Column("town_code", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("settled_at", UtcTime),
    Column("settled_by", Text),
    PrimaryKeyConstraint("id", name="pk_record_reports"),
    ForeignKeyConstraint(
        ["town_code", "record_id"],
        ["records.town_code", "records.id"],
        name="fk_record_reports_record",
    ),
    CheckConstraint(one_of("reason", REASONS), name="ck_record_reports_reason"),
)
Index("ix_record_reports_record", record_reports.c.town_code, record_reports.c.record_id)

record_shown = Table(
    "record_shown",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("times", Integer, nullable=False),
    PrimaryKeyConstraint("town_code", "record_id", "day", name="pk_record_shown"),
    ForeignKeyConstraint(
        ["town_code", "record_id"],
        ["records.town_code", "records.id"],
        name="fk_record_shown_record",
    ),
    CheckConstraint("times > 0", name="ck_record_shown_times"),
)

# Pairs a keeper has looked at: two records, not one.
records_apart = Table(
    "records_apart",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("first_id", Text, nullable=False),
    Column("second_id", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "first_id", "second_id", name="pk_records_apart"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_records_apart_town"),
)
