"""A town whose records come in is one that roles can be given in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from knowledge.models import Town as TownFacts
from service.store import audit
from service.store.towns import Kind, Town, find_town, save_town


def ensure_registered(conn: Connection, facts: TownFacts, actor: str, now: datetime) -> None:
    """Register the town of the facts unless it is there.

    全国地方公共団体コード: the first two digits are the prefecture; a prefecture's third to fifth
    are 000.
    """
    if find_town(conn, facts.code):
        return
    code = facts.code
    kind: Kind = "prefecture" if code[2:5] == "000" and code[:2] != "00" else "municipality"
    save_town(conn, Town(code, facts.name, code[:2], kind))
    audit.append(conn, audit.Event(actor, "town.save", ("town", code), code), now)
