"""One record: seeing, adding, editing, verifying, closing it and using it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from knowledge.importing.records import KeptRecord
from service.errors import BadInput
from service.records.codec import record_of_row, row_of_record
from service.records.errors import BadFields, Changed
from service.records.fields import check_fields
from service.records.kept import FieldChange, Kept, Report, Version
from service.records.merging import merge_records
from service.records.read import get_row, kept
from service.records.undoing import history_of, undo_record
from service.records.write import (
    check_town,
    given_up,
    row_to_change,
    successor,
    tell,
    write_next,
)
from service.store.check import one_line
from service.store.engine import reading, writing
from service.store.records import RecordRow, add_rows, next_position

__all__ = [
    "BadFields", "Changed", "FieldChange", "Kept", "Report", "Version", "add_record", "close_record",
    "edit_record", "get_record", "history_of", "merge_records", "reopen_record", "undo_record",
    "verify_record",
]  # fmt: skip


def get_record(engine: Engine, town_code: str, record_id: str) -> Kept:
    """Return the town's own record.  Raises :class:`NotFound`."""
    with reading(engine) as conn:
        return kept(conn, get_row(conn, town_code, record_id))


def edit_record(
    engine: Engine,
    town_code: str,
    record_id: str,
    changes: Mapping[str, str],
    revision: int,
    actor: str,
    now: datetime,
) -> Kept:
    """Change the given fields; an empty text empties one.  Nothing new: nothing is written.

    A proposed value that is changed counts as confirmed.  Raises :class:`BadFields`
    (``.faults``), :class:`Changed` when ``revision`` is not the present one, NotFound, and
    BadInput for a record that another took in; nothing is written then.
    """
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, record_id, revision)
        record = record_of_row(row)
        checked = check_fields(changes, record.fields, now.astimezone().date())
        if checked.faults:
            raise BadFields(checked.faults)
        fields = {name: text for name, text in {**record.fields, **checked.values}.items() if text}
        if fields == dict(record.fields):
            return kept(conn, row)
        unconfirmed = record.unconfirmed - checked.values.keys()
        after = replace(record, fields=fields, unconfirmed=unconfirmed)
        return _write(conn, row, after, "record.change", actor, now)


def add_record(
    engine: Engine, town_code: str, fields: Mapping[str, str], actor: str, now: datetime
) -> Kept:
    """Add a record and return it with its new id.  Raises :class:`BadFields` or NotFound (town)."""
    checked = check_fields(fields, {}, now.astimezone().date())
    if checked.faults:
        raise BadFields(checked.faults)
    values = {name: text for name, text in checked.values.items() if text}
    record = KeptRecord(f"desk.{uuid4().hex[:12]}", values)
    with writing(engine) as conn:
        check_town(conn, town_code)
        position = next_position(conn, town_code)
        row = row_of_record(town_code, record, position, 1, "record.add", actor, now)
        add_rows(conn, [row])
        tell(conn, "record.add", town_code, record.id, 1, actor, now)
        return kept(conn, row)


def verify_record(
    engine: Engine,
    town_code: str,
    record_id: str,
    by_name: str,
    actor: str,
    now: datetime,
    today: date,
    revision: int | None = None,
) -> Kept:
    """Note that somebody made sure today, and confirm what the import proposed.

    ``by_name`` is a post, not a person (福祉課 地域福祉係).  Raises NotFound, BadInput, and
    :class:`Changed` when a revision is given that is not the present one.
    """
    named = one_line(by_name, "確かめた人の役職")
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, record_id, revision)
        record = record_of_row(row)
        fields = {**record.fields, "verified_on": today.isoformat(), "verified_by": named}
        after = replace(record, fields=fields, unconfirmed=frozenset())
        return _write(conn, row, after, "record.verify", actor, now)


def close_record(
    engine: Engine, town_code: str, record_id: str, revision: int, actor: str, now: datetime
) -> Kept:
    """Retire the record: the desk no longer shows it, imports no longer bring it back.

    Raises NotFound, :class:`Changed`.
    """
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, record_id, revision)
        if row.state == "closed":
            return kept(conn, row)
        after = replace(record_of_row(row), state="closed")
        return _write(conn, row, after, "record.close", actor, now)


def reopen_record(
    engine: Engine, town_code: str, record_id: str, revision: int, actor: str, now: datetime
) -> Kept:
    """Use a closed or vanished record again.  Raises NotFound, :class:`Changed`.

    A vanished one is the desk's own from now on: the list it came from, which no longer has
    it, cannot retire it again, unless it has it again first.
    """
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, record_id, revision)
        if row.state == "active":
            return kept(conn, row)
        record = record_of_row(row)
        sources = given_up(record) if row.state == "vanished" else record.sources
        after = replace(record, state="active", sources=sources)
        return _write(conn, row, after, "record.reopen", actor, now)


def _write(
    conn: Connection, row: RecordRow, after: KeptRecord, action: str, actor: str, now: datetime
) -> Kept:
    if not after.fields.get("name"):
        raise BadInput("名前のない記録は保存できません。名前を入力してください。")
    merged = kept(conn, row).merged
    new = successor(row, after, action, actor, now, merged)
    write_next(conn, row, new)
    tell(conn, action, row.town_code, row.id, new.revision, actor, now)
    return kept(conn, new)
