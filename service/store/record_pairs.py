"""Pairs of records that a keeper has declared to be two."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from service.store.record_tables import records_apart


def put_apart(
    conn: Connection, town_code: str, first_id: str, second_id: str, actor: str, now: datetime
) -> None:
    """Remember the pair, whichever way round it is given."""
    first, second = sorted((first_id, second_id))
    if (first, second) in pairs_apart(conn, town_code):
        return
    values = {"town_code": town_code, "first_id": first, "second_id": second}
    conn.execute(insert(records_apart).values(**values, at=now, by=actor))


def pairs_apart(conn: Connection, town_code: str) -> frozenset[tuple[str, str]]:
    """Return the town's pairs, the smaller id first."""
    query = select(records_apart.c.first_id, records_apart.c.second_id)
    query = query.where(records_apart.c.town_code == town_code)
    return frozenset((row.first_id, row.second_id) for row in conn.execute(query))
