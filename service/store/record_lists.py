"""Narrowing, counting and sorting a town's records where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
)

from service.store.record_tables import record_reports, record_shown, records
from service.store.records import BATCH_ROWS, RecordRow, as_row


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to.  ``words`` are folded; ``state`` "" is every state.

    ``today`` and ``soon`` are ISO days: what is due before ``today`` is stale, up to ``soon``
    it is due soon.
    """

    town_code: str
    words: tuple[str, ...] = ()
    category: str = ""
    state: str = ""
    today: str = ""
    soon: str = ""


def count_problems(conn: Connection, wanted: Wanted) -> dict[str, int]:
    """Return how many of the wanted records have each problem; "" counts all of them."""
    counts = [
        func.coalesce(func.sum(case((_problem(name, wanted), 1), else_=0)), 0).label(f"p_{name}")
        for name in PROBLEMS
    ]
    query = select(func.count().label("p_"), *counts).select_from(records).where(_where(wanted))
    row = conn.execute(query).one()._mapping
    return {name: int(row[f"p_{name}"]) for name in ("", *PROBLEMS)}


def list_rows(
    conn: Connection,
    wanted: Wanted,
    problem: str = "",
    sort: str = "name",
    offset: int = 0,
    limit: int | None = None,
) -> Iterator[RecordRow]:
    """Give the wanted records that have the problem, by ``name``, ``due`` or ``work``."""
    query = select(records).where(_where(wanted, problem))
    query = _sorted(conn, query, sort).offset(offset)
    if limit is not None:
        query = query.limit(limit)
    with conn.execute(query, execution_options={"yield_per": BATCH_ROWS}) as found:
        yield from map(as_row, found)


def list_ids(conn: Connection, wanted: Wanted, sort: str = "name") -> tuple[str, ...]:
    """Return the ids of the wanted records in the order of the list."""
    query = _sorted(conn, select(records.c.id).where(_where(wanted)), sort)
    return tuple(conn.execute(query).scalars())


def _where(wanted: Wanted, problem: str = "") -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [records.c.town_code == wanted.town_code]
    parts += [records.c.words.contains(word, autoescape=True) for word in wanted.words]
    if wanted.category:
        parts.append(records.c.categories.contains(f";{wanted.category};", autoescape=True))
    if wanted.state:
        parts.append(records.c.state == wanted.state)
    if problem:
        parts.append(_problem(problem, wanted))
    return and_(*parts)


def _has_open_report() -> ColumnElement[bool]:
    return exists().where(
        record_reports.c.town_code == records.c.town_code,
        record_reports.c.record_id == records.c.id,
        record_reports.c.settled_at.is_(None),
    )


def _was_shown() -> ColumnElement[bool]:
    return exists().where(
        record_shown.c.town_code == records.c.town_code,
        record_shown.c.record_id == records.c.id,
    )


def _problem(name: str, wanted: Wanted) -> ColumnElement[bool]:
    due = records.c.due_on
    known: Mapping[str, ColumnElement[bool]] = {
        "stale": or_(due.is_(None), due < wanted.today),
        "due_soon": and_(due >= wanted.today, due <= wanted.soon),
        "no_phone": records.c.has_phone.is_(False),
        "no_category": records.c.categories == "",
        "never_suggested": ~_was_shown(),
        "unconfirmed": records.c.unconfirmed != "",
        "refused": _has_open_report(),
        "full": records.c.status == "full",
    }
    return known.get(name, false())


# Those that a query can find; pairs of doubles are found elsewhere.
PROBLEMS = (
    "stale", "due_soon", "no_phone", "no_category", "never_suggested", "unconfirmed", "refused",
    "full",
)  # fmt: skip
_COLLATIONS = MappingProxyType({"postgresql": "C"})


def _sorted(conn: Connection, query: Select[Any], sort: str) -> Select[Any]:
    name = _by_code(conn, records.c.name)
    last = (name, _by_code(conn, records.c.id))
    # What was never verified is the most overdue.
    due = (records.c.due_on.is_not(None), _by_code(conn, records.c.due_on))
    if sort == "due":
        return query.order_by(*due, *last)
    if sort == "work":
        return query.order_by(case((_has_open_report(), 0), else_=1), *due, *last)
    return query.order_by(*last)


def _by_code(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the column in the order of its characters: PostgreSQL's own depends on the server."""
    collation = _COLLATIONS.get(conn.dialect.name)
    return column.collate(collation) if collation else column
