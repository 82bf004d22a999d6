"""The towns of one installation, and the prefecture above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from service.errors import BadInput
from service.store.check import one_line
from service.store.tables import towns

Kind = Literal["municipality", "prefecture"]


@dataclass(frozen=True, slots=True)
class Town:
    """A municipality or a prefecture.  ``code`` is the 全国地方公共団体コード."""

    code: str
    name: str
    prefecture_code: str
    kind: Kind


def save_town(conn: Connection, town: Town) -> None:
    """Add the town, or replace the one with its code.  Raises :class:`BadInput`."""
    if not (town.code.isascii() and town.code.isalnum() and len(town.code) <= 12):
        raise BadInput("団体コードは12文字以内の数字にしてください。")
    values = {
        "name": one_line(town.name, "自治体の名前"),
        "prefecture_code": one_line(town.prefecture_code, "都道府県コード", 12),
        "kind": town.kind,
    }
    changed = conn.execute(update(towns).where(towns.c.code == town.code).values(**values))
    if not changed.rowcount:
        conn.execute(insert(towns).values(code=town.code, **values))


def find_town(conn: Connection, code: str) -> Town | None:
    """Return the town with this code."""
    row = conn.execute(select(towns).where(towns.c.code == code)).one_or_none()
    return _town(row) if row else None


def list_towns(conn: Connection, prefecture_code: str | None = None) -> tuple[Town, ...]:
    """Return all towns, or those of one prefecture (itself included), by code."""
    query = select(towns)
    if prefecture_code is not None:
        query = query.where(towns.c.prefecture_code == prefecture_code)
    # Sorted here: databases disagree on the order of text.
    return tuple(sorted(map(_town, conn.execute(query)), key=lambda town: town.code))


def _town(row: Row[Any]) -> Town:
    return Town(row.code, row.name, row.prefecture_code, row.kind)
