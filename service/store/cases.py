"""A town's cases as rows, with their former versions.  What their JSON means, the store does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from service.store.case_tables import case_history, cases, gaps
from service.store.records import in_parts


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of ``cases``; ``document`` is JSON."""

    town_code: str
    id: str
    year: int
    number: int
    state: str
    opened_at: datetime
    closed_at: datetime | None
    due_on: str | None
    consent: str
    route: str
    flags_open: bool
    referral_states: str
    words: str
    document: str
    revision: int
    action: str
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version that another has replaced.  ``document`` is JSON."""

    town_code: str
    case_id: str
    revision: int
    at: datetime
    by: str
    action: str
    document: str


def find_row(conn: Connection, town_code: str, case_id: str) -> CaseRow | None:
    """Return a town's case."""
    # PostgreSQL refuses the character itself with an error; no case has it in its id.
    if "\x00" in case_id:
        return None
    query = select(cases).where(cases.c.town_code == town_code, cases.c.id == case_id)
    row = conn.execute(query).one_or_none()
    return as_row(row) if row else None


def find_id(conn: Connection, town_code: str, year: int, number: int) -> str | None:
    """Return the id of the town's case with this number."""
    query = select(cases.c.id).where(
        cases.c.town_code == town_code, cases.c.year == year, cases.c.number == number
    )
    return conn.execute(query).scalar_one_or_none()


def documents_of(conn: Connection, town_code: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the documents (JSON) of those of the cases that there are, by id."""
    found: dict[str, str] = {}
    for part in in_parts(ids):
        query = select(cases.c.id, cases.c.document)
        query = query.where(cases.c.town_code == town_code, cases.c.id.in_(part))
        found |= {row.id: row.document for row in conn.execute(query)}
    return found


def next_number(conn: Connection, town_code: str, year: int) -> int:
    """Return the number after the town's highest of the year.

    Needs a connection from ``writing``: its lock keeps two writers from taking one number.
    """
    query = select(func.max(cases.c.number))
    query = query.where(cases.c.town_code == town_code, cases.c.year == year)
    return (conn.execute(query).scalar() or 0) + 1


def add_row(conn: Connection, row: CaseRow) -> None:
    """Insert a case."""
    conn.execute(insert(cases).values(**_values(row)))


def replace_row(conn: Connection, row: CaseRow) -> None:
    """Put a new version in place of the case with the same id."""
    this = (cases.c.town_code == row.town_code) & (cases.c.id == row.id)
    conn.execute(update(cases).where(this).values(**_values(row)))


def add_version(conn: Connection, row: VersionRow) -> None:
    """Keep a version."""
    conn.execute(insert(case_history).values(**_values(row)))


def versions_of(conn: Connection, town_code: str, case_id: str) -> tuple[VersionRow, ...]:
    """Return a case's former versions, newest first."""
    query = (
        select(case_history)
        .where(case_history.c.town_code == town_code, case_history.c.case_id == case_id)
        .order_by(case_history.c.revision.desc())
    )
    return tuple(VersionRow(**row._mapping) for row in conn.execute(query))


def remove(conn: Connection, town_code: str, case_id: str) -> None:
    """Delete a case with its versions, its vector and what was asked; then call ``empty_log``.

    What nobody could meet stays, as codes that no longer say of which case they are.
    """
    its = (gaps.c.town_code == town_code) & (gaps.c.case_id == case_id)
    conn.execute(update(gaps).where(its).values(case_id=None))
    # The other tables' rows go with it (ON DELETE CASCADE).
    conn.execute(delete(cases).where(cases.c.town_code == town_code, cases.c.id == case_id))


def remove_closed_before(conn: Connection, cutoff: datetime) -> int:
    """Delete the cases that were closed before ``cutoff``; return how many."""
    query = select(cases.c.town_code, cases.c.id).where(cases.c.closed_at < cutoff)
    due = conn.execute(query.order_by(cases.c.town_code, cases.c.id)).all()
    for town_code, case_id in due:
        remove(conn, town_code, case_id)
    return len(due)


def as_row(row: Row[Any]) -> CaseRow:
    """Return what the database gave as a value."""
    return CaseRow(**row._mapping)


def _values(row: CaseRow | VersionRow) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in fields(row)}
