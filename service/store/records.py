"""A town's records as rows.  What their JSON means, the store does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from service.store.record_tables import records

BATCH_ROWS = 2_000
# Few enough for the parameters of one statement on both databases.
_ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One row of ``records``; ``fields``, ``sources`` and ``merged`` are JSON."""

    town_code: str
    id: str
    position: int
    name: str
    kind: str
    categories: str
    district: str
    has_phone: bool
    status: str
    words: str
    state: str
    verified_on: str | None
    due_on: str | None
    unconfirmed: str
    fields: str
    sources: str
    merged: str
    merged_into: str | None
    revision: int
    action: str
    updated_at: datetime
    updated_by: str


def find_row(conn: Connection, town_code: str, record_id: str) -> RecordRow | None:
    """Return a town's record."""
    # PostgreSQL refuses the character itself with an error; no record has it in its id.
    if "\x00" in record_id:
        return None
    query = select(records).where(records.c.town_code == town_code, records.c.id == record_id)
    row = conn.execute(query).one_or_none()
    return as_row(row) if row else None


def rows_of(conn: Connection, town_code: str, state: str | None = None) -> Iterator[RecordRow]:
    """Give a town's records in their order, a batch at a time."""
    query = select(records).where(records.c.town_code == town_code)
    if state is not None:
        query = query.where(records.c.state == state)
    query = query.order_by(records.c.position)
    with conn.execute(query, execution_options={"yield_per": BATCH_ROWS}) as found:
        yield from map(as_row, found)


def fields_of(conn: Connection, town_code: str, state: str) -> Iterator[tuple[str, str]]:
    """Give the ids and the values (JSON) of a town's records in this state, in their order."""
    query = select(records.c.id, records.c.fields)
    query = query.where(records.c.town_code == town_code, records.c.state == state)
    query = query.order_by(records.c.position)
    with conn.execute(query, execution_options={"yield_per": BATCH_ROWS}) as found:
        yield from ((row.id, row.fields) for row in found)


def rows_by_id(conn: Connection, town_code: str, ids: Sequence[str]) -> dict[str, RecordRow]:
    """Return those of the records that there are, by id."""
    found: dict[str, RecordRow] = {}
    for part in in_parts(ids):
        query = select(records).where(records.c.town_code == town_code, records.c.id.in_(part))
        found |= {row.id: as_row(row) for row in conn.execute(query)}
    return found


def add_rows(conn: Connection, rows: Iterable[RecordRow]) -> int:
    """Insert records, a batch at a time; return how many."""
    waiting, count = iter(rows), 0
    while batch := [_values(row) for row in islice(waiting, BATCH_ROWS)]:
        conn.execute(insert(records), batch)
        count += len(batch)
    return count


def replace_rows(conn: Connection, rows: Iterable[RecordRow]) -> int:
    """Put new versions in place of the records with the same ids; return how many."""
    columns = [column.name for column in records.c if column.name not in ("town_code", "id")]
    statement = (
        update(records)
        .where(records.c.town_code == bindparam("_town"), records.c.id == bindparam("_id"))
        .values({name: bindparam(f"_{name}") for name in columns})
    )
    waiting, count = iter(rows), 0
    while batch := [_bound(row) for row in islice(waiting, BATCH_ROWS)]:
        conn.execute(statement, batch)
        count += len(batch)
    return count


def next_position(conn: Connection, town_code: str) -> int:
    """Return the place after the town's last record."""
    query = select(func.max(records.c.position)).where(records.c.town_code == town_code)
    last = conn.execute(query).scalar()
    return 0 if last is None else last + 1


def count_rows(conn: Connection, town_code: str, state: str = "active") -> int:
    """Return how many records a town has in this state."""
    query = select(func.count()).select_from(records)
    query = query.where(records.c.town_code == town_code, records.c.state == state)
    return int(conn.execute(query).scalar_one())


def in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give the ids in parts that one statement can ask for."""
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        yield ids[start : start + _ASKED_AT_ONCE]


def as_row(row: Row[Any]) -> RecordRow:
    """Return what the database gave as a value."""
    return RecordRow(**row._mapping)


_COLUMNS = tuple(column.name for column in fields(RecordRow))


def _values(row: RecordRow) -> dict[str, Any]:
    # Not asdict, which copies every value: 300,000 rows took three times as long.
    return {name: getattr(row, name) for name in _COLUMNS}


def _bound(row: RecordRow) -> dict[str, Any]:
    values = {f"_{name}": value for name, value in _values(row).items()}
    values["_town"] = values.pop("_town_code")
    return values
