"""The former versions of a record: each as it was, and who had made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select

from service.store.record_tables import record_history
from service.store.records import BATCH_ROWS


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A version that another has replaced.  ``snapshot`` is JSON."""

    town_code: str
    record_id: str
    revision: int
    at: datetime
    by: str
    action: str
    snapshot: str


def add_versions(conn: Connection, rows: Iterable[HistoryRow]) -> None:
    """Keep versions, a batch at a time."""
    waiting = iter(rows)
    while batch := [_values(row) for row in islice(waiting, BATCH_ROWS)]:
        conn.execute(insert(record_history), batch)


def _values(row: HistoryRow) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in fields(row)}


def versions_of(conn: Connection, town_code: str, record_id: str) -> tuple[HistoryRow, ...]:
    """Return a record's former versions, newest first."""
    query = (
        select(record_history)
        .where(record_history.c.town_code == town_code, record_history.c.record_id == record_id)
        .order_by(record_history.c.revision.desc())
    )
    return tuple(HistoryRow(**row._mapping) for row in conn.execute(query))
