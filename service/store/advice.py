"""What towns asked of their prefecture's desk, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from service.store.case_tables import advice_requests


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One row of ``advice_requests``; open while ``answered_at`` is None."""

    id: str
    town_code: str
    prefecture_code: str
    case_id: str
    asked_at: datetime
    asked_by: str
    question: str
    packet: str
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str = ""


def add_request(conn: Connection, row: AdviceRow) -> None:
    """Keep what is asked."""
    values = {column.name: getattr(row, column.name) for column in fields(row)}
    conn.execute(insert(advice_requests).values(**values))


def find_request(conn: Connection, request_id: str) -> AdviceRow | None:
    """Return a request."""
    # PostgreSQL refuses the character itself with an error; no request has it in its id.
    if "\x00" in request_id:
        return None
    query = select(advice_requests).where(advice_requests.c.id == request_id)
    row = conn.execute(query).one_or_none()
    return AdviceRow(**row._mapping) if row else None


def requests_to(conn: Connection, prefecture_code: str, only_open: bool) -> tuple[AdviceRow, ...]:
    """Return what was asked of a prefecture's desk: the open ones, longest waiting first."""
    query = select(advice_requests).where(advice_requests.c.prefecture_code == prefecture_code)
    if only_open:
        query = query.where(advice_requests.c.answered_at.is_(None))
    rows = [AdviceRow(**row._mapping) for row in conn.execute(query)]
    return tuple(sorted(rows, key=lambda r: (r.answered_at is not None, r.asked_at, r.id)))


def set_answer(conn: Connection, request_id: str, text: str, actor: str, now: datetime) -> None:
    """Close a request with its answer."""
    this = advice_requests.c.id == request_id
    values = {"answered_at": now, "answered_by": actor, "answer": text}
    conn.execute(update(advice_requests).where(this).values(**values))
