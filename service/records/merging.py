"""Two records that are one: the one takes the other in, until that is undone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from knowledge.importing.records import KeptRecord
from service.errors import BadInput
from service.records.codec import record_of_row
from service.records.kept import Kept
from service.records.read import kept
from service.records.write import given_up, row_to_change, successor, tell, write_next
from service.store import reports
from service.store.engine import writing
from service.store.records import RecordRow


def merge_records(
    engine: Engine,
    town_code: str,
    keep_id: str,
    other_id: str,
    revision: int,
    actor: str,
    now: datetime,
    other_revision: int | None = None,
) -> Kept:
    """Let ``keep_id`` take the other in: its empty fields are filled, the other is closed.

    What lists say of either is from now on said of the one that stays.  Undone by undoing the
    merge on the one that stays.  ``revision`` is that one's; ``other_revision`` what was
    seen of the other.  Raises NotFound, :class:`Changed`, BadInput.
    """
    if keep_id == other_id:
        raise BadInput("同じ記録どうしはまとめられません。別の記録を選んでください。")
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, keep_id, revision)
        other = row_to_change(conn, town_code, other_id, other_revision)
        if row.state != "active":
            raise BadInput(
                "使っていない記録にはまとめられません。先に、また使うことにしてください。"
            )
        merged = (*json.loads(row.merged), other_id)
        after = _filled(record_of_row(row), record_of_row(other))
        new = successor(row, after, "record.merge", actor, now, merged)
        write_next(conn, row, new)
        take_in(conn, other, keep_id, "record.merge", actor, now)
        tell(conn, "record.merge", town_code, keep_id, new.revision, actor, now)
        return kept(conn, new)


def take_in(
    conn: Connection, other: RecordRow, keep_id: str, action: str, actor: str, now: datetime
) -> None:
    """Close a record whose sources and open refusals another has taken over.

    The refusals stay there when this is undone: a keeper looks at each of them anyway.
    """
    closed = replace(record_of_row(other), state="closed", sources=())
    merged = tuple(json.loads(other.merged))
    new = successor(other, closed, action, actor, now, merged, keep_id)
    write_next(conn, other, new)
    reports.move_open(conn, other.town_code, other.id, keep_id)
    tell(conn, action, other.town_code, other.id, new.revision, actor, now)


def _filled(record: KeptRecord, other: KeptRecord) -> KeptRecord:
    own = {name: text for name, text in record.fields.items() if text}
    more = {name: text for name, text in other.fields.items() if text and name not in own}
    more.pop("id", None)
    # Who verified belongs to when.
    if "verified_on" not in more:
        more.pop("verified_by", None)
    unsure = other.unconfirmed & more.keys()
    # A list that had already dropped the other must not retire the one that stays.
    sources = given_up(other) if other.state == "vanished" else other.sources
    return replace(
        record,
        fields={**own, **more},
        sources=(*record.sources, *sources),
        unconfirmed=record.unconfirmed | unsure,
    )
