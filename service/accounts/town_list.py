"""The towns that roles are given in: the desk's own, and others by command."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from knowledge.models import Town as TownFacts
from service.store import audit
from service.store.audit_words import SYSTEM
from service.store.engine import reading, writing
from service.store.towns import Kind, Town, find_town, save_town


def town_from(facts: TownFacts) -> Town:
    """Return the town of a ``town.yaml`` as the store keeps it."""
    return new_town(facts.code, facts.name)


def new_town(code: str, name: str) -> Town:
    """Return a town; its code says the prefecture (first two digits) and the kind.

    全国地方公共団体コード: a prefecture's third to fifth digits are 000.
    """
    kind: Kind = "prefecture" if code[2:5] == "000" and code[:2] != "00" else "municipality"
    return Town(code, name, code[:2], kind)


def ensure_town(engine: Engine, town: Town, now: datetime, actor: str = SYSTEM) -> bool:
    """Register the town unless it is there already; return whether it was registered now."""
    with reading(engine) as conn:
        if find_town(conn, town.code):
            return False
    with writing(engine) as conn:
        return ensure_town_in(conn, town, now, actor)


def ensure_town_in(conn: Connection, town: Town, now: datetime, actor: str) -> bool:
    """Register the town as ``ensure_town`` does, inside the caller's writing transaction."""
    if find_town(conn, town.code):
        return False
    _save(conn, town, now, actor)
    return True


def add_town(engine: Engine, town: Town, now: datetime, actor: str) -> None:
    """Register the town, or replace the one with its code.  Raises :class:`BadInput`."""
    with writing(engine) as conn:
        _save(conn, town, now, actor)


def _save(conn: Connection, town: Town, now: datetime, actor: str) -> None:
    save_town(conn, town)
    audit.append(conn, audit.Event(actor, "town.save", ("town", town.code), town.code), now)
