"""The one way a case changes: the old version kept, the new one written, all told to the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from service.cases.codec import case_of, former, next_version, row_of_case
from service.cases.models import Case
from service.cases.returning import bring_back
from service.errors import NotFound
from service.records.errors import Changed
from service.records.read import is_storable
from service.store import audit
from service.store.audit_words import Value
from service.store.cases import CaseRow, add_version, find_row, replace_row

# What a version says of itself, not of the case.
_OWN_TO_A_VERSION = {"revision", "updated_at", "updated_by"}


def get_row(conn: Connection, town_code: str, case_id: str) -> CaseRow:
    """Return a town's case.  Raises :class:`NotFound`."""
    # No database is asked for what PostgreSQL cannot even be asked.
    row = find_row(conn, town_code, case_id) if is_storable(case_id) else None
    if row is None:
        raise NotFound("この相談の記録はありません。相談の一覧から選び直してください。")
    return row


def row_to_change(conn: Connection, town_code: str, case_id: str, revision: int | None) -> CaseRow:
    """Return the row; raise NotFound, or Changed when ``revision`` is not the present one."""
    row = get_row(conn, town_code, case_id)
    if revision is not None and row.revision != revision:
        raise Changed("この相談を、")
    return row


def write_next(
    conn: Connection, row: CaseRow, after: Case, action: str, actor: str, now: datetime
) -> Case:
    """Put ``after`` in place of the row, with all that follows from it; return it as kept.

    Nothing new: nothing is written.
    """
    before = case_of(row.document)
    fields = fields_changed(before, after)
    if not fields:
        return before
    kept = next_version(after, actor, now)
    add_version(conn, former(row))
    replace_row(conn, row_of_case(kept, action))
    bring_back(conn, before, kept, actor, now)
    detail: dict[str, Value] = {"revision": kept.revision, "field": "+".join(fields)[:80]}
    tell(conn, action, kept.town_code, kept.id, actor, now, detail)
    return kept


def fields_changed(before: Case, after: Case) -> tuple[str, ...]:
    """Return the names of what differs between two versions."""
    names = (name for name in Case.model_fields if name not in _OWN_TO_A_VERSION)
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def tell(
    conn: Connection,
    action: str,
    town_code: str,
    case_id: str,
    actor: str,
    now: datetime,
    detail: Mapping[str, Value],
) -> None:
    """Record in the audit what was done to a case."""
    event = audit.Event(actor, action, ("case", case_id), town_code, detail=detail)
    audit.append(conn, event, now)
