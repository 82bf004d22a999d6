"""What came back from the desk on a record: refusals by code, and how often it was shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from service.store.record_tables import record_reports, record_shown
from service.store.records import in_parts


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One refusal; open while ``settled_at`` is None."""

    id: str
    town_code: str
    record_id: str
    at: datetime
    by: str
    reason: str
    settled_at: datetime | None = None
    settled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How often a record was on a card, and the last day (ISO)."""

    times: int
    last_day: str


def add_report(conn: Connection, row: ReportRow) -> None:
    """Keep a refusal."""
    conn.execute(insert(record_reports).values(**asdict(row)))


def find_report(conn: Connection, town_code: str, report_id: str) -> ReportRow | None:
    """Return a refusal of a town's record."""
    query = select(record_reports).where(
        record_reports.c.town_code == town_code, record_reports.c.id == report_id
    )
    row = conn.execute(query).one_or_none()
    return ReportRow(**row._mapping) if row else None


def find_report_anywhere(conn: Connection, report_id: str) -> ReportRow | None:
    """Return a refusal, of whichever town's or prefecture's record."""
    query = select(record_reports).where(record_reports.c.id == report_id)
    row = conn.execute(query).one_or_none()
    return ReportRow(**row._mapping) if row else None


def settle(conn: Connection, report_id: str, actor: str, now: datetime) -> None:
    """Close a refusal."""
    this = record_reports.c.id == report_id
    conn.execute(update(record_reports).where(this).values(settled_at=now, settled_by=actor))


def unsettle(conn: Connection, report_id: str) -> None:
    """Open a refusal again that was settled."""
    this = record_reports.c.id == report_id
    conn.execute(update(record_reports).where(this).values(settled_at=None, settled_by=None))


def move_open(conn: Connection, town_code: str, from_id: str, to_id: str) -> None:
    """Have the open refusals of one record stand with another."""
    these = (record_reports.c.town_code == town_code) & (record_reports.c.record_id == from_id)
    these &= record_reports.c.settled_at.is_(None)
    conn.execute(update(record_reports).where(these).values(record_id=to_id))


def open_reports(
    conn: Connection, town_code: str, ids: Sequence[str] | None = None
) -> dict[str, tuple[ReportRow, ...]]:
    """Return the open refusals of a town (of these records), newest first, by record."""
    query = select(record_reports).where(
        record_reports.c.town_code == town_code, record_reports.c.settled_at.is_(None)
    )
    parts = [query]
    if ids is not None:
        parts = [query.where(record_reports.c.record_id.in_(part)) for part in in_parts(ids)]
    rows = [ReportRow(**row._mapping) for part in parts for row in conn.execute(part)]
    found: dict[str, tuple[ReportRow, ...]] = {}
    for row in sorted(rows, key=lambda row: (row.at, row.id), reverse=True):
        found[row.record_id] = (*found.get(row.record_id, ()), row)
    return found


def count_shown(conn: Connection, town_code: str, ids: Iterable[str], day: str) -> None:
    """Count one card for each of the records."""
    for record_id in ids:
        this = (
            (record_shown.c.town_code == town_code)
            & (record_shown.c.record_id == record_id)
            & (record_shown.c.day == day)
        )
        counted = conn.execute(
            update(record_shown).where(this).values(times=record_shown.c.times + 1)
        )
        if not counted.rowcount:
            values = {"town_code": town_code, "record_id": record_id, "day": day, "times": 1}
            conn.execute(insert(record_shown).values(**values))


def shown_of(conn: Connection, town_code: str, ids: Sequence[str]) -> dict[str, Shown]:
    """Return how often each of the records was shown; those never shown are left out."""
    found: dict[str, Shown] = {}
    for part in in_parts(ids):
        query = (
            select(
                record_shown.c.record_id,
                func.sum(record_shown.c.times).label("times"),
                func.max(record_shown.c.day).label("last_day"),
            )
            .where(record_shown.c.town_code == town_code, record_shown.c.record_id.in_(part))
            .group_by(record_shown.c.record_id)
        )
        rows = conn.execute(query)
        found |= {row.record_id: Shown(int(row.times), row.last_day) for row in rows}
    return found
