"""The one way a record changes: the old version kept, the new one written, the town moved on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from knowledge.importing.records import Imported, KeptRecord, gone
from service.errors import BadInput, NotFound
from service.records.codec import audit_id, row_of_record, snapshot_of
from service.records.errors import Changed
from service.records.read import get_row
from service.store import audit, profiles
from service.store.record_history import HistoryRow, add_versions
from service.store.records import RecordRow, replace_rows
from service.store.towns import find_town


def former(row: RecordRow) -> HistoryRow:
    """Return the version that a row is, to be kept once another replaces it."""
    return HistoryRow(
        row.town_code,
        row.id,
        row.revision,
        row.updated_at,
        row.updated_by,
        row.action,
        snapshot_of(row),
    )


def successor(
    row: RecordRow,
    record: KeptRecord,
    action: str,
    actor: str,
    now: datetime,
    merged: tuple[str, ...] = (),
    merged_into: str | None = None,
) -> RecordRow:
    """Return the next version of a row."""
    return row_of_record(
        row.town_code,
        record,
        row.position,
        row.revision + 1,
        action,
        actor,
        now,
        merged,
        merged_into,
    )


def write_next(conn: Connection, row: RecordRow, new: RecordRow) -> None:
    """Put the new version in place of the row, which becomes history."""
    add_versions(conn, [former(row)])
    replace_rows(conn, [new])


def tell(
    conn: Connection,
    action: str,
    town_code: str,
    record_id: str,
    revision: int,
    actor: str,
    now: datetime,
) -> None:
    """Record in the audit what was done to a record, and move the town on."""
    subject = ("record", audit_id(record_id))
    event = audit.Event(actor, action, subject, town_code, detail={"revision": revision})
    audit.append(conn, event, now)
    profiles.move_on(conn, town_code, actor, now)


def row_to_change(
    conn: Connection, town_code: str, record_id: str, revision: int | None
) -> RecordRow:
    """Return the row; raise NotFound, Changed, or BadInput for one that another took in."""
    row = get_row(conn, town_code, record_id)
    if row.merged_into is not None:
        raise BadInput(
            f"この記録は、別の記録（{row.merged_into}）にまとめられています。"
            "分けるときは、まとめた先の記録で、まとめる前の版に戻してください。"
        )
    if revision is not None and row.revision != revision:
        raise Changed("この記録を、")
    return row


def given_up(record: KeptRecord) -> tuple[Imported, ...]:
    """Return the record's sources as ones whose lists no longer have it."""
    return tuple(gone(source) for source in record.sources)


def check_town(conn: Connection, town_code: str) -> None:
    """Raise NotFound for a town that is not registered."""
    if find_town(conn, town_code) is None:
        raise NotFound(
            f"団体コード「{town_code}」の自治体は登録されていません。先に `tsunagi town add` で登録してください。"
        )
