"""Narrowing, counting and sorting a town's cases where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, select

from service.store.case_tables import cases
from service.store.records import BATCH_ROWS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to.  ``words`` are folded; ``state`` "" is every state.

    ``today`` and ``soon`` are ISO days: what is due before ``today`` is overdue, up to
    ``soon`` it is due within the week.
    """

    town_code: str
    today: str
    soon: str
    state: str = ""
    due: str = ""
    flag: bool = False
    referral_state: str = ""
    words: tuple[str, ...] = ()


def list_documents(
    conn: Connection, wanted: Wanted, offset: int = 0, limit: int | None = None
) -> tuple[str, ...]:
    """Return the documents (JSON) of the wanted cases.

    First those with an undecided red flag, then by due date (none last), then the newest.
    """
    query = select(cases.c.document).where(_where(wanted))
    # A bare boolean sorts alike on both databases only as a number.
    urgent = case((cases.c.flags_open, 0), else_=1)
    undated = case((cases.c.due_on.is_(None), 1), else_=0)
    # ISO days are digits and hyphens: every collation sorts them alike.
    query = query.order_by(
        urgent, undated, cases.c.due_on, cases.c.opened_at.desc(), cases.c.number.desc()
    )
    query = query.offset(offset)
    if limit is not None:
        query = query.limit(limit)
    return tuple(conn.execute(query).scalars())


def count_wanted(conn: Connection, wanted: Wanted) -> int:
    """Return how many cases are wanted."""
    query = select(func.count()).select_from(cases).where(_where(wanted))
    return int(conn.execute(query).scalar_one())


def count_open(conn: Connection, wanted: Wanted) -> dict[str, int]:
    """Return how many of the town's open cases are overdue, due this week, with a flag, in all."""
    parts = {
        "overdue": _due("overdue", wanted),
        "week": _due("week", wanted),
        "flags": cases.c.flags_open,
    }
    sums = [
        func.coalesce(func.sum(case((part, 1), else_=0)), 0).label(f"n_{name}")
        for name, part in parts.items()
    ]
    query = select(func.count().label("n_open"), *sums).select_from(cases)
    query = query.where(cases.c.town_code == wanted.town_code, cases.c.state == "open")
    row = conn.execute(query).one()._mapping
    return {name: int(row[f"n_{name}"]) for name in (*parts, "open")}


def documents_due(conn: Connection, town_code: str, until: str) -> Iterator[str]:
    """Give the documents of the open cases that are due up to the day ``until`` (ISO)."""
    query = select(cases.c.document).where(
        cases.c.town_code == town_code, cases.c.state == "open", cases.c.due_on <= until
    )
    yield from conn.execute(query.order_by(cases.c.due_on, cases.c.opened_at)).scalars()


def documents_between(
    conn: Connection, town_code: str, start: datetime, end: datetime
) -> Iterator[str]:
    """Give the documents of the cases opened in [start, end), oldest first."""
    query = (
        select(cases.c.document)
        .where(cases.c.town_code == town_code, cases.c.opened_at >= start, cases.c.opened_at < end)
        .order_by(cases.c.opened_at, cases.c.year, cases.c.number)
    )
    with conn.execute(query, execution_options={"yield_per": BATCH_ROWS}) as found:
        yield from found.scalars()


def _where(wanted: Wanted) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [cases.c.town_code == wanted.town_code]
    parts += [cases.c.words.contains(word, autoescape=True) for word in wanted.words]
    if wanted.state:
        parts.append(cases.c.state == wanted.state)
    if wanted.due:
        parts.append(_due(wanted.due, wanted))
    if wanted.flag:
        parts.append(cases.c.flags_open)
    if wanted.referral_state:
        sought = f";{wanted.referral_state};"
        parts.append(cases.c.referral_states.contains(sought, autoescape=True))
    return and_(*parts)


def _due(name: str, wanted: Wanted) -> ColumnElement[bool]:
    due = cases.c.due_on
    if name == "overdue":
        return due < wanted.today
    if name == "week":
        return and_(due >= wanted.today, due <= wanted.soon)
    return false()
