"""A record's versions, and bringing one of them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from knowledge.importing.records import KeptRecord
from service.errors import BadInput, NotFound
from service.records.codec import record_of_row, record_of_snapshot
from service.records.kept import FieldChange, Kept, Version
from service.records.merging import take_in
from service.records.read import get_row, kept
from service.records.write import (
    former,
    given_up,
    row_to_change,
    successor,
    tell,
    write_next,
)
from service.store.engine import reading, writing
from service.store.record_history import HistoryRow, versions_of

Snapshot = Mapping[str, Any]


def history_of(engine: Engine, town_code: str, record_id: str) -> tuple[Version, ...]:
    """Return all versions of the record, newest (the present one) first.  Raises NotFound."""
    with reading(engine) as conn:
        row = get_row(conn, town_code, record_id)
        rows = (former(row), *versions_of(conn, town_code, record_id))
    before = [json.loads(each.snapshot) for each in rows[1:]] + [{}]
    now = [json.loads(each.snapshot) for each in rows]
    return tuple(
        Version(each.revision, each.at, each.by, each.action, _changes(old, new))
        for each, old, new in zip(rows, before, now, strict=True)
    )


def undo_record(
    engine: Engine,
    town_code: str,
    record_id: str,
    to_revision: int,
    revision: int,
    actor: str,
    now: datetime,
) -> Kept:
    """Bring back the values of an earlier version, as one more version.

    What lists last said stays known, so that the values brought back count as the desk's own
    and the next import does not undo the undoing.  Records taken in since are let go again;
    records that version had taken in are taken in again.  Raises NotFound, :class:`Changed`,
    BadInput.
    """
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, record_id, revision)
        if to_revision == row.revision:
            return kept(conn, row)
        target = _snapshot(versions_of(conn, town_code, record_id), to_revision)
        merged = tuple(target["merged"])
        if target["merged_into"] is not None:
            raise BadInput("別の記録にまとめられていた版には戻せません。別の版を選んでください。")
        now_merged = tuple(json.loads(row.merged))
        for other_id in sorted(set(now_merged) - set(merged)):
            _let_go(conn, town_code, other_id, record_id, actor, now)
        for other_id in sorted(set(merged) - set(now_merged)):
            other = row_to_change(conn, town_code, other_id, None)
            take_in(conn, other, record_id, "record.undo", actor, now)
        after = _restored(record_of_row(row), record_of_snapshot(record_id, target))
        if set(merged) != set(now_merged):
            after = replace(after, sources=record_of_snapshot(record_id, target).sources)
        if row.state == "vanished" and after.state == "active":
            # As with a vanished record that is used again: no list has it.
            after = replace(after, sources=given_up(after))
        new = successor(row, after, "record.undo", actor, now, merged)
        write_next(conn, row, new)
        tell(conn, "record.undo", town_code, record_id, new.revision, actor, now)
        return kept(conn, new)


def _restored(record: KeptRecord, before: KeptRecord) -> KeptRecord:
    return replace(record, fields=before.fields, state=before.state, unconfirmed=before.unconfirmed)


def _let_go(
    conn: Connection, town_code: str, other_id: str, keep_id: str, actor: str, now: datetime
) -> None:
    """Bring a record back to what it was before another took it in."""
    other = get_row(conn, town_code, other_id)
    if other.merged_into != keep_id:
        return
    own = next(
        snapshot
        for version in versions_of(conn, town_code, other_id)
        if (snapshot := json.loads(version.snapshot))["merged_into"] is None
    )
    before = record_of_snapshot(other_id, own)
    new = successor(other, before, "record.undo", actor, now, tuple(own["merged"]))
    write_next(conn, other, new)
    tell(conn, "record.undo", town_code, other_id, new.revision, actor, now)


def _snapshot(versions: tuple[HistoryRow, ...], revision: int) -> Snapshot:
    for version in versions:
        if version.revision == revision:
            found: Snapshot = json.loads(version.snapshot)
            return found
    raise NotFound("その版はありません。記録を開き直してください。")


def _changes(old: Snapshot, new: Snapshot) -> tuple[FieldChange, ...]:
    """Return what differs between two snapshots; the first version changes nothing."""
    if not old:
        return ()
    was, now = old["fields"], new["fields"]
    changes = [
        FieldChange(name, was.get(name, ""), now.get(name, ""))
        for name in sorted(was.keys() | now.keys())
        if was.get(name, "") != now.get(name, "")
    ]
    for name in ("state", "unconfirmed", "merged_into"):
        if old[name] != new[name]:
            changes.append(FieldChange(name, old[name] or "", new[name] or ""))
    return tuple(changes)
