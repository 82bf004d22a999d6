"""Lists of records: with filters, by due date, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Literal

from sqlalchemy import Connection, Engine

from knowledge.importing.records import KeptRecord
from knowledge.load import RESOURCE_COLUMNS
from service.records.codec import fold_words, record_of_row
from service.records.doubles import Pair, doubled_ids, duplicates, keep_apart
from service.records.kept import Kept
from service.records.read import kept_rows
from service.store import record_lists
from service.store.engine import reading
from service.store.record_lists import PROBLEMS, Wanted
from service.store.records import RecordRow, rows_by_id

__all__ = [
    "DUE_SOON", "Filters", "Page", "Pair", "Problem", "csv_of", "duplicates", "keep_apart",
    "list_records", "records_csv", "work_list",
]  # fmt: skip

Problem = Literal[
    "", "stale", "due_soon", "no_phone", "no_category", "duplicate", "never_suggested",
    "unconfirmed", "refused", "full",
]  # fmt: skip
# What comes due within this time is "due soon".
DUE_SOON = timedelta(days=30)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to.

    ``text`` is looked for in name, kind, organisation, place, phone and description, every
    word of it.  ``state`` is active, vanished or closed, or "" for every state.  ``sort`` is
    ``name`` or ``due`` (most overdue first).
    """

    text: str = ""
    category: str = ""
    state: str = "active"
    problem: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; ``counts``: problem → how many under the other filters ("" for all)."""

    rows: tuple[Kept, ...]
    total: int
    counts: Mapping[str, int]


def list_records(
    engine: Engine,
    town_code: str,
    filters: Filters,
    today: date,
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """Return a part of the list.  A problem that does not exist gives an empty list."""
    wanted = _wanted(town_code, filters, today)
    doubled = doubled_ids(engine, town_code)
    with reading(engine) as conn:
        counts = record_lists.count_problems(conn, wanted)
        ids = [i for i in record_lists.list_ids(conn, wanted, filters.sort) if i in doubled]
        counts["duplicate"] = len(ids)
        if filters.problem == "duplicate":
            rows = _in_order(conn, town_code, ids[offset : offset + limit])
        else:
            found = record_lists.list_rows(
                conn, wanted, filters.problem, filters.sort, offset, limit
            )
            rows = list(found)
        return Page(kept_rows(conn, town_code, rows), counts.get(filters.problem, 0), counts)


def work_list(engine: Engine, town_code: str, today: date, limit: int = 200) -> tuple[Kept, ...]:
    """Return the active records to look after: the refused first, then by due date."""
    wanted = _wanted(town_code, Filters(), today)
    with reading(engine) as conn:
        rows = list(record_lists.list_rows(conn, wanted, sort="work", limit=limit))
        return kept_rows(conn, town_code, rows)


def records_csv(engine: Engine, town_code: str, filters: Filters, today: date) -> str:
    """Return the list in the columns of resources.csv, safe to open in a spreadsheet.

    It can be imported again: the ids say which record each row is.
    """
    wanted = _wanted(town_code, filters, today)
    doubled = doubled_ids(engine, town_code) if filters.problem == "duplicate" else frozenset()
    with reading(engine) as conn:
        problem = filters.problem if filters.problem in PROBLEMS else ""
        rows: Iterator[RecordRow] = record_lists.list_rows(conn, wanted, problem, filters.sort)
        if filters.problem == "duplicate":
            rows = (row for row in rows if row.id in doubled)
        elif filters.problem != problem:
            rows = islice(rows, 0)
        return csv_of(map(record_of_row, rows))


def csv_of(records: Iterator[KeptRecord]) -> str:
    """Return records as CSV in the columns of resources.csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(RESOURCE_COLUMNS)
    for record in records:
        values = {**record.fields, "id": record.id}
        writer.writerow([_safe(values.get(column, "")) for column in RESOURCE_COLUMNS])
    return text.getvalue()


def _safe(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _wanted(town_code: str, filters: Filters, today: date) -> Wanted:
    return Wanted(
        town_code=town_code,
        words=tuple(fold_words(filters.text).split()),
        category=filters.category,
        state=filters.state,
        today=today.isoformat(),
        soon=(today + DUE_SOON).isoformat(),
    )


def _in_order(conn: Connection, town_code: str, ids: Sequence[str]) -> list[RecordRow]:
    found = rows_by_id(conn, town_code, ids)
    return [found[record_id] for record_id in ids]
