"""What comes back from the desk: refusals, and how often a record was shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from service.errors import BadInput, NotFound
from service.records.codec import audit_id
from service.records.kept import REASONS, Reason, Report
from service.records.layers import owners_of
from service.records.read import get_row, is_storable, report_of_row
from service.store import audit, profiles
from service.store import reports as rows
from service.store.engine import writing
from service.store.reports import ReportRow

__all__ = ["REASONS", "Reason", "Report", "note_shown", "report_refusal", "settle_report"]


def report_refusal(
    engine: Engine, town_code: str, record_id: str, reason: str, actor: str, now: datetime
) -> Report:
    """Note that a suggestion came to nothing: of the town's record, or of its prefecture's.

    The report stands with the record (with the one that took it in, if one did), so a
    prefecture's is seen by all its towns.  Raises
    NotFound, or BadInput for a reason that is not in REASONS.
    """
    if reason not in REASONS:
        raise BadInput("断られた理由を、一覧から選んでください。")
    with writing(engine) as conn:
        known = owners_of(conn, town_code, (record_id,)) if is_storable(record_id) else {}
        owner = known.get(record_id)
        if owner is None:
            raise NotFound("この記録はありません。窓口の画面を開き直してください。")
        standing = _standing(conn, owner, record_id)
        row = ReportRow(str(uuid4()), owner, standing, now, actor, reason)
        rows.add_report(conn, row)
        _tell(conn, "record.report", row, town_code, actor, now)
    return report_of_row(row)


def settle_report(
    engine: Engine, town_code: str, report_id: str, actor: str, now: datetime
) -> None:
    """Close a report on the town's own record; closed already is fine.  Raises NotFound."""
    with writing(engine) as conn:
        row = rows.find_report(conn, town_code, report_id) if is_storable(report_id) else None
        if row is None:
            raise NotFound("この知らせはありません。記録を開き直してください。")
        if row.settled_at is not None:
            return
        rows.settle(conn, report_id, actor, now)
        _tell(conn, "record.settle", row, town_code, actor, now)


def note_shown(conn: Connection, town_code: str, record_ids: Iterable[str], day: date) -> None:
    """Count a card for each record, inside the caller's writing transaction.

    Ids that the store does not have (national services, a desk served from a folder) are
    passed over.  The town's revision stays: nothing of what the desk knows has changed.
    """
    by_owner: dict[str, list[str]] = {}
    for record_id, owner in owners_of(conn, town_code, tuple(record_ids)).items():
        by_owner.setdefault(owner, []).append(record_id)
    for owner, ids in by_owner.items():
        rows.count_shown(conn, owner, ids, day.isoformat())


def _standing(conn: Connection, owner: str, record_id: str) -> str:
    """Return the record that took this one in, else itself: a desk may still show the old card."""
    seen: set[str] = set()
    while record_id not in seen:
        seen.add(record_id)
        record_id = get_row(conn, owner, record_id).merged_into or record_id
    return record_id


def _tell(
    conn: Connection, action: str, row: ReportRow, town_code: str, actor: str, now: datetime
) -> None:
    subject = ("record", audit_id(row.record_id))
    event = audit.Event(actor, action, subject, town_code, detail={"reason": row.reason})
    audit.append(conn, event, now)
    profiles.move_on(conn, row.town_code, actor, now)
