"""What nobody could meet, as codes: kept for the year's figures, never with words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from service.store.case_tables import gaps
from service.store.records import BATCH_ROWS


@dataclass(frozen=True, slots=True)
class GapRow:
    """One row of ``gaps``.  ``problems`` and ``categories`` are ``;a;b;`` or ""."""

    id: str
    town_code: str
    on_day: str
    at: datetime
    by: str
    kind: str
    reason: str | None
    problems: str
    categories: str
    district: str
    age_group: str
    case_id: str | None
    record_id: str


def add_gap(conn: Connection, row: GapRow) -> None:
    """Keep a gap."""
    conn.execute(insert(gaps).values(**_values(row)))


def find_gap(conn: Connection, town_code: str, gap_id: str) -> GapRow | None:
    """Return a gap of a town."""
    query = select(gaps).where(gaps.c.town_code == town_code, gaps.c.id == gap_id)
    row = conn.execute(query).one_or_none()
    return GapRow(**row._mapping) if row else None


def remove_gap(conn: Connection, town_code: str, gap_id: str) -> bool:
    """Delete a gap; return False when it is not there."""
    this = (gaps.c.town_code == town_code) & (gaps.c.id == gap_id)
    return bool(conn.execute(delete(gaps).where(this)).rowcount)


def gaps_of_case(conn: Connection, town_code: str, case_id: str) -> tuple[GapRow, ...]:
    """Return the gaps of a case, oldest first."""
    query = select(gaps).where(gaps.c.town_code == town_code, gaps.c.case_id == case_id)
    query = query.order_by(gaps.c.at, gaps.c.id)
    return tuple(GapRow(**row._mapping) for row in conn.execute(query))


def rows_between(conn: Connection, town_code: str, start: str, end: str) -> Iterator[GapRow]:
    """Give the gaps of the days [start, end) (ISO), oldest first."""
    query = (
        select(gaps)
        .where(gaps.c.town_code == town_code, gaps.c.on_day >= start, gaps.c.on_day < end)
        .order_by(gaps.c.on_day, gaps.c.at, gaps.c.id)
    )
    with conn.execute(query, execution_options={"yield_per": BATCH_ROWS}) as found:
        yield from (GapRow(**row._mapping) for row in found)


def remove_before(conn: Connection, day: str) -> int:
    """Delete the gaps of the days before ``day`` (ISO); return how many."""
    return conn.execute(delete(gaps).where(gaps.c.on_day < day)).rowcount


def _values(row: GapRow) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in fields(row)}
