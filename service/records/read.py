"""From rows to records with what came back on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import cast

from sqlalchemy import Connection

from service.errors import NotFound
from service.records.codec import record_of_row
from service.records.kept import Kept, Reason, Report
from service.store import reports
from service.store.records import RecordRow, find_row
from service.store.reports import ReportRow


def kept_rows(conn: Connection, town_code: str, rows: Sequence[RecordRow]) -> tuple[Kept, ...]:
    """Return rows of one town as records, in the same order."""
    ids = [row.id for row in rows]
    opened = reports.open_reports(conn, town_code, ids)
    shown = reports.shown_of(conn, town_code, ids)
    return tuple(_kept(row, opened.get(row.id, ()), shown.get(row.id)) for row in rows)


def kept(conn: Connection, row: RecordRow) -> Kept:
    """Return one row as a record."""
    return kept_rows(conn, row.town_code, [row])[0]


def is_storable(text: str) -> bool:
    """Tell whether an id sent by anybody can be in a database: no NUL, no half a character."""
    return not any("\ud800" <= char <= "\udfff" or char == "\x00" for char in text)


def get_row(conn: Connection, town_code: str, record_id: str) -> RecordRow:
    """Return a town's record.  Raises :class:`NotFound`."""
    # No database is asked for what PostgreSQL cannot even be asked.
    row = find_row(conn, town_code, record_id) if is_storable(record_id) else None
    if row is None:
        raise NotFound("この記録はありません。一覧から選び直してください。")
    return row


def report_of_row(row: ReportRow) -> Report:
    """Return a refusal as pages have it."""
    reason = cast(Reason, row.reason)
    return Report(
        row.id,
        row.town_code,
        row.record_id,
        row.at,
        row.by,
        reason,
        row.settled_at,
        row.settled_by,
    )


def _kept(row: RecordRow, opened: Sequence[ReportRow], shown: reports.Shown | None) -> Kept:
    return Kept(
        town_code=row.town_code,
        record=record_of_row(row),
        revision=row.revision,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        shown=shown.times if shown else 0,
        last_shown=date.fromisoformat(shown.last_day) if shown else None,
        reports=tuple(map(report_of_row, opened)),
        action=row.action,
        position=row.position,
        merged=tuple(json.loads(row.merged)),
        merged_into=row.merged_into,
    )
