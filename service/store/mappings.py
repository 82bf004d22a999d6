"""The mappings of columns that a town's keepers have made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from service.store.record_tables import mappings


def put_mapping(
    conn: Connection, town_code: str, form_id: str, yaml: str, actor: str, now: datetime
) -> None:
    """Keep a mapping in place of the one with its id."""
    this = (mappings.c.town_code == town_code) & (mappings.c.form_id == form_id)
    conn.execute(delete(mappings).where(this))
    values = {"town_code": town_code, "form_id": form_id, "yaml": yaml, "at": now, "by": actor}
    conn.execute(insert(mappings).values(**values))


def mappings_of_town(conn: Connection, town_code: str) -> dict[str, str]:
    """Return a town's mappings (YAML) by id, in order."""
    query = select(mappings.c.form_id, mappings.c.yaml).where(mappings.c.town_code == town_code)
    return dict(sorted((row.form_id, row.yaml) for row in conn.execute(query)))
