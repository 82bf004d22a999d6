"""What a town says of itself, and the counter that every change of its knowledge moves on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service.store.record_tables import town_profiles


@dataclass(frozen=True, slots=True)
class Profile:
    """``facts`` are JSON, None until somebody gives them.

    ``folder_sha256`` and ``folder_facts`` are of the folder as it was last brought in.
    """

    town_code: str
    facts: str | None
    folder_sha256: str | None
    folder_facts: str | None
    revision: int
    updated_at: datetime
    updated_by: str


def find_profile(conn: Connection, town_code: str) -> Profile | None:
    """Return the town's profile; None before the first change."""
    query = select(town_profiles).where(town_profiles.c.town_code == town_code)
    row = conn.execute(query).one_or_none()
    return Profile(**row._mapping) if row else None


def revision_of_town(conn: Connection, town_code: str) -> int:
    """Return the town's counter; 0 before the first change."""
    query = select(town_profiles.c.revision).where(town_profiles.c.town_code == town_code)
    return conn.execute(query).scalar_one_or_none() or 0


def move_on(
    conn: Connection,
    town_code: str,
    actor: str,
    now: datetime,
    facts: str | None = None,
    folder_sha256: str | None = None,
    folder_facts: str | None = None,
) -> int:
    """Count one change, with new facts or a new seed if given; return the new revision."""
    given = {"facts": facts, "folder_sha256": folder_sha256, "folder_facts": folder_facts}
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    values |= {"updated_at": now, "updated_by": actor}
    statement = update(town_profiles).where(town_profiles.c.town_code == town_code)
    counted = conn.execute(statement.values(revision=town_profiles.c.revision + 1, **values))
    if not counted.rowcount:
        conn.execute(insert(town_profiles).values(town_code=town_code, revision=1, **values))
    return revision_of_town(conn, town_code)


def towns_with_facts(conn: Connection) -> tuple[str, ...]:
    """Return the codes of the towns that have facts, in order."""
    query = select(town_profiles.c.town_code).where(town_profiles.c.facts.is_not(None))
    return tuple(sorted(conn.execute(query).scalars()))
