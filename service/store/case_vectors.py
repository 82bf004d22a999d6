"""Vectors of cases, to find similar ones by."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from service.store.case_tables import case_vectors, cases


def save_vector(conn: Connection, town_code: str, case_id: str, model: str, vector: str) -> None:
    """Keep the vector of a case (base64) in place of an earlier one."""
    this = (case_vectors.c.town_code == town_code) & (case_vectors.c.case_id == case_id)
    conn.execute(delete(case_vectors).where(this))
    values = {"town_code": town_code, "case_id": case_id, "model": model, "vector": vector}
    conn.execute(insert(case_vectors).values(**values))


def newest_vectors(
    conn: Connection, town_code: str, model: str, most: int
) -> tuple[tuple[str, str], ...]:
    """Return id and vector (base64) of those of the town's newest cases that this model read.

    ``most`` is how many cases are looked at; the order is none in particular.
    """
    # The index of opening times gives the newest: no sorting with the vectors in hand.
    newest = (
        select(cases.c.id)
        .where(cases.c.town_code == town_code)
        .order_by(cases.c.opened_at.desc())
        .limit(most)
    )
    query = select(case_vectors.c.case_id, case_vectors.c.vector).where(
        case_vectors.c.town_code == town_code,
        case_vectors.c.model == model,
        case_vectors.c.case_id.in_(newest),
    )
    return tuple((row.case_id, row.vector) for row in conn.execute(query))
