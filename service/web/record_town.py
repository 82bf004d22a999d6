"""Whose records a request may see: the town's own, and those of the prefecture above it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine
from starlette.requests import Request

from service.accounts.rights import ROLE_NAMES, allowed
from service.accounts.viewer import Viewer
from service.errors import NotFound
from service.records.keep import get_record
from service.records.kept import Kept
from service.store.engine import reading
from service.store.towns import Town, list_towns
from service.web.town_of import town_of
from service.web.world import world_of


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whose records a request is about, and whether the viewer may change them."""

    engine: Engine
    town: Town
    may_change: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A record, and whether it is the prefecture's, which a town only reads."""

    kept: Kept
    owner: Town
    is_own: bool


def shelf_of(request: Request, viewer: Viewer) -> Shelf:
    """Return the records of the request's town."""
    town = town_of(request)
    return Shelf(
        world_of(request).store,
        town,
        may_change=allowed(viewer, "records.change", town),
    )


def an_id(text: str) -> str:
    """Return an id as it was sent; raise :class:`NotFound` for what no database can hold."""
    # PostgreSQL refuses NUL, UTF-8 half a character.
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise NotFound("この記録はありません。一覧から選び直してください。")
    return text


def _id_in_path(record_id: str) -> str:
    return an_id(record_id)


RecordId = Annotated[str, Depends(_id_in_path)]


def prefecture_above(shelf: Shelf) -> Town | None:
    """Return the prefecture whose records the town's desk also answers with."""
    if shelf.town.kind == "prefecture":
        return None
    with reading(shelf.engine) as conn:
        near = list_towns(conn, shelf.town.prefecture_code)
    return next((town for town in near if town.kind == "prefecture"), None)


def find_record(shelf: Shelf, record_id: str) -> Found:
    """Return the town's own record with this id, else the prefecture's.

    Raises :class:`NotFound`: a record of another town is not told from one that does not exist.
    """
    try:
        return Found(get_record(shelf.engine, shelf.town.code, record_id), shelf.town, is_own=True)
    except NotFound:
        above = prefecture_above(shelf)
        if above is None:
            raise
        return Found(get_record(shelf.engine, above.code, record_id), above, is_own=False)


def verifier_of(kept: Kept) -> str:
    """Return in whose name a record is verified: a post, never a person.

    It goes out with every export; who pressed the button stands in the history.
    """
    return kept.record.fields.get("verified_by") or ROLE_NAMES["keeper"]
