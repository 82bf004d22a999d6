"""The tables of cases (相談): what was decided, what came of it, and what nobody could meet.

A case is one JSON document in masked words (what a case is, the store does not know); the
columns beside it repeat what lists are narrowed and sorted by.
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
    UniqueConstraint,
)

from service.store.schema import METADATA, one_of
from service.store.times import UtcTime

CASE_STATES = ("open", "closed")
CONSENTS = ("unknown", "given", "refused", "not_needed")
GAP_KINDS = ("nothing_fits", "refused", "missing")

# ``number`` counts from 1 in each town and year.
cases = Table(
    "cases",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("due_on", Text),
    Column("consent", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("flags_open", Boolean, nullable=False),
    # ``;a;b;``, so that one state can be looked for
    Column("referral_states", Text, nullable=False),
    # what a search by words looks in, folded
    Column("words", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "id", name="pk_cases"),
    UniqueConstraint("town_code", "year", "number", name="uq_cases_number"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_cases_town"),
    CheckConstraint(one_of("state", CASE_STATES), name="ck_cases_state"),
    CheckConstraint(one_of("consent", CONSENTS), name="ck_cases_consent"),
    CheckConstraint("number > 0", name="ck_cases_number"),
    CheckConstraint("revision > 0", name="ck_cases_revision"),
)
Index("ix_cases_due", cases.c.town_code, cases.c.state, cases.c.due_on)
Index("ix_cases_opened", cases.c.town_code, cases.c.opened_at)

# Former versions: each row is a case as it was, with who made that version and how.
case_history = Table(
    "case_history",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "case_id", "revision", name="pk_case_history"),
    ForeignKeyConstraint(
        ["town_code", "case_id"],
        ["cases.town_code", "cases.id"],
        name="fk_case_history_case",
        ondelete="CASCADE",
    ),
)

# ``vector``: float32, little endian, in base64, since a backup is made of text.
case_vectors = Table(
    "case_vectors",
    METADATA,
    Column("town_code", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("vector", Text, nullable=False),
    PrimaryKeyConstraint("town_code", "case_id", name="pk_case_vectors"),
    ForeignKeyConstraint(
        ["town_code", "case_id"],
        ["cases.town_code", "cases.id"],
        name="fk_case_vectors_case",
        ondelete="CASCADE",
    ),
)

# Codes and a district, no words of anybody.  It outlives its case, which it then forgets.
gaps = Table(
    "gaps",
    METADATA,
    Column("id", Text, nullable=False),
    Column("town_code", Text, nullable=False),
    Column("on_day", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # why it was refused, one of the reasons of record_reports
    Column("reason", Text),
    Column("problems", Text, nullable=False),
    Column("categories", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("age_group", Text, nullable=False),
    Column("case_id", Text),
    Column("record_id", Text, nullable=False),
    PrimaryKeyConstraint("id", name="pk_gaps"),
    ForeignKeyConstraint(["town_code"], ["towns.code"], name="fk_gaps_town"),
    CheckConstraint(one_of("kind", GAP_KINDS), name="ck_gaps_kind"),
)
Index("ix_gaps_day", gaps.c.town_code, gaps.c.on_day)
Index("ix_gaps_case", gaps.c.town_code, gaps.c.case_id)

# What was asked of the prefecture's desk.  ``prefecture_code`` is the code of that desk.
advice_requests = Table(
    "advice_requests",
    METADATA,
    Column("id", Text, nullable=False),
    Column("town_code", Text, nullable=False),
    Column("prefecture_code", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("packet", Text, nullable=False),
    Column("answered_at", UtcTime),
    Column("answered_by", Text),
    Column("answer", Text, nullable=False),
    PrimaryKeyConstraint("id", name="pk_advice_requests"),
    ForeignKeyConstraint(["prefecture_code"], ["towns.code"], name="fk_advice_requests_prefecture"),
    ForeignKeyConstraint(
        ["town_code", "case_id"],
        ["cases.town_code", "cases.id"],
        name="fk_advice_requests_case",
        ondelete="CASCADE",
    ),
)
Index("ix_advice_requests_prefecture", advice_requests.c.prefecture_code)
Index("ix_advice_requests_case", advice_requests.c.town_code, advice_requests.c.case_id)
