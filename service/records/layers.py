"""Whose records a town's desk sees: its own, and those of its prefecture."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from service.store.records import rows_by_id
from service.store.towns import find_town, list_towns


def prefecture_of(conn: Connection, town_code: str) -> str | None:
    """Return the code of the town's prefecture; None when it is one itself or has none here."""
    town = find_town(conn, town_code)
    if town is None or town.kind == "prefecture":
        return None
    above = list_towns(conn, town.prefecture_code)
    return next((one.code for one in above if one.kind == "prefecture"), None)


def is_prefecture(conn: Connection, town_code: str) -> bool:
    """Tell whether the code is a prefecture's."""
    town = find_town(conn, town_code)
    return town is not None and town.kind == "prefecture"


def owners_of(conn: Connection, town_code: str, ids: Sequence[str]) -> dict[str, str]:
    """Return for each id the code of whose record it is; unknown ids are left out."""
    unique = tuple(dict.fromkeys(ids))
    owners = dict.fromkeys(rows_by_id(conn, town_code, unique), town_code)
    above = prefecture_of(conn, town_code)
    if above is not None:
        rest = [record_id for record_id in unique if record_id not in owners]
        owners |= dict.fromkeys(rows_by_id(conn, above, rest), above)
    return owners
