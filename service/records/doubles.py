"""Records of a town that may be one, for a keeper to look at; never merged by machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Engine

from knowledge.importing.duplicates import candidate, propose_merges
from knowledge.importing.findings import Place
from service.records.codec import audit_id
from service.records.kept import Kept
from service.records.read import get_row, kept_rows
from service.store import audit, profiles
from service.store.engine import reading, writing
from service.store.record_pairs import pairs_apart, put_apart
from service.store.records import fields_of, rows_by_id


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one, and why (Japanese)."""

    first: Kept
    second: Kept
    likeness: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Likeness:
    first: str
    second: str
    likeness: int
    reasons: tuple[str, ...]


def duplicates(engine: Engine, town_code: str, limit: int = 500) -> tuple[Pair, ...]:
    """Return pairs of active records that may be one, likest first, without those kept apart."""
    found = _pairs_now(engine, town_code)[:limit]
    with reading(engine) as conn:
        ids = sorted({record_id for pair in found for record_id in (pair.first, pair.second)})
        rows = rows_by_id(conn, town_code, ids)
        records = {one.id: one for one in kept_rows(conn, town_code, list(rows.values()))}
    return tuple(
        Pair(records[pair.first], records[pair.second], pair.likeness, pair.reasons)
        for pair in found
        if pair.first in records and pair.second in records
    )


def doubled_ids(engine: Engine, town_code: str) -> frozenset[str]:
    """Return the ids of the records that stand in a pair."""
    found = _pairs_now(engine, town_code)
    return frozenset(record_id for pair in found for record_id in (pair.first, pair.second))


def keep_apart(
    engine: Engine, town_code: str, first_id: str, second_id: str, actor: str, now: datetime
) -> None:
    """Remember that two records are two; they are not proposed again.  Raises NotFound."""
    with writing(engine) as conn:
        for record_id in (first_id, second_id):
            get_row(conn, town_code, record_id)
        put_apart(conn, town_code, first_id, second_id, actor, now)
        for record_id in (first_id, second_id):
            subject = ("record", audit_id(record_id))
            audit.append(conn, audit.Event(actor, "record.apart", subject, town_code), now)
        profiles.move_on(conn, town_code, actor, now)


def _pairs_now(engine: Engine, town_code: str) -> tuple[_Likeness, ...]:
    with reading(engine) as conn:
        revision = profiles.revision_of_town(conn, town_code)
    return _pairs_at(engine, town_code, revision)


@lru_cache(maxsize=16)
def _pairs_at(engine: Engine, town_code: str, _revision: int) -> tuple[_Likeness, ...]:
    """Return the pairs at a revision: comparing all records again for each page would take long.

    (316,558 records: some ten seconds, a town's few thousand: a moment.)
    """
    with reading(engine) as conn:
        apart = pairs_apart(conn, town_code)
        candidates = [
            candidate(record_id, Place(record_id), json.loads(values))
            for record_id, values in fields_of(conn, town_code, "active")
        ]
    pairs = [
        # The place of a candidate is its record: the comparison names it so.
        _Likeness(found.record_id, found.place.file, found.likeness, found.reasons)
        for found in propose_merges(candidates, ())
    ]
    new = [pair for pair in pairs if tuple(sorted((pair.first, pair.second))) not in apart]
    return tuple(sorted(new, key=lambda pair: (-pair.likeness, pair.first, pair.second)))
