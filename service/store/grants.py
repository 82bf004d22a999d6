"""Who holds which role in which town.  What a role may do is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select

from service.errors import NotFound
from service.store import accounts
from service.store.tables import ROLES, grants
from service.store.towns import find_town

Role = Literal[
    "staff", "trainer", "trainee", "evaluator", "keeper", "coordinator", "prefecture", "admin"
]


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one person in one town."""

    person_id: str
    town_code: str
    role: Role
    granted_at: datetime


def give(conn: Connection, person_id: str, town_code: str, role: Role, now: datetime) -> bool:
    """Give the role; return False when the person holds it already.

    Raises :class:`NotFound` for an unknown person or town.
    """
    accounts.get_person(conn, person_id)
    if find_town(conn, town_code) is None:
        raise NotFound(f"団体コード「{town_code}」の自治体は登録されていません。")
    if conn.execute(select(grants).where(_is(person_id, town_code, role))).first():
        return False
    values = {"person_id": person_id, "town_code": town_code, "role": role, "granted_at": now}
    conn.execute(insert(grants).values(**values))
    return True


def take(conn: Connection, person_id: str, town_code: str, role: Role) -> bool:
    """Take the role away; return False when the person does not hold it."""
    return bool(conn.execute(delete(grants).where(_is(person_id, town_code, role))).rowcount)


def grants_of(conn: Connection, person_id: str) -> tuple[Grant, ...]:
    """Return a person's roles, by town and role."""
    return _sorted(conn, grants.c.person_id == person_id)


def grants_in(conn: Connection, town_code: str) -> tuple[Grant, ...]:
    """Return everybody's roles in a town, by role and person."""
    return _sorted(conn, grants.c.town_code == town_code)


def _is(person_id: str, town_code: str, role: Role) -> ColumnElement[bool]:
    return and_(
        grants.c.person_id == person_id, grants.c.town_code == town_code, grants.c.role == role
    )


def _sorted(conn: Connection, where: ColumnElement[bool]) -> tuple[Grant, ...]:
    found = map(_grant, conn.execute(select(grants).where(where)))
    return tuple(sorted(found, key=lambda g: (g.town_code, ROLES.index(g.role), g.person_id)))


def _grant(row: Row[Any]) -> Grant:
    return Grant(row.person_id, row.town_code, row.role, row.granted_at)
