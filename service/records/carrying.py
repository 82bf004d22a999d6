"""Writing the outcome of a plan: new records added, changed ones with their history."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from knowledge.importing.findings import Finding, ImportRefused, Place
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from service.records.codec import row_of_record
from service.records.national import national_parts
from service.records.own_form import is_stand_in
from service.records.write import former, successor
from service.store.record_history import add_versions
from service.store.records import (
    BATCH_ROWS,
    RecordRow,
    add_rows,
    next_position,
    replace_rows,
    rows_by_id,
)

ACTION = "records.import"
# What can stand in the address of a page: no blanks, control characters, slashes.
_ID = re.compile(r"[^\s\x00-\x20\x7f-\xa0/\\?#%]{1,120}")
# Addresses of other pages below /records, and what every browser takes for a folder.
_OTHER_PAGES = frozenset(("categories", "due", "duplicates", "hsds", "hsds.json", "hsds.zip", "import", "new", ".", ".."))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """How many records were added and changed."""

    added: int
    changed: int


def check_ids(plan: ImportPlan, after: Sequence[KeptRecord]) -> None:
    """Raise ImportRefused for new records with ids that a national service or no page can have."""
    services = {service.id for service in national_parts().services}
    found: list[Finding] = []
    for record in after:
        if record.id in plan.existing:
            continue
        if record.id in services:
            found.append(_fault(plan, record.id, "この id は全国の制度で使われています"))
        elif not _ID.fullmatch(record.id) or record.id in _OTHER_PAGES:
            said = "id に使えない文字か語があるか、長すぎます"
            found.append(_fault(plan, record.id, said))
    if found:
        raise ImportRefused(tuple(found))


def _fault(plan: ImportPlan, record_id: str, said: str) -> Finding:
    place = next((row.place for row in plan.rows if row.record_id == record_id), Place(plan.file))
    return Finding(place, "id", record_id, f"{said}。別の id にしてください", "error")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be written, made ready while others may still write."""

    new: tuple[RecordRow, ...]
    changed: tuple[KeptRecord, ...]


def prepare_records(
    conn: Connection,
    town_code: str,
    plan: ImportPlan,
    after: Sequence[KeptRecord],
    actor: str,
    now: datetime,
) -> Prepared:
    """Return what differs from what was planned on; it holds while the town's revision stays.

    Untouched records are the same objects, so looking at 300,000 of them costs nothing.  The
    new ones are encoded here, so that the write lock is held for the writing alone.
    """
    first = next_position(conn, town_code)
    new = [record for record in after if record.id not in plan.existing]
    rows = tuple(
        row_of_record(town_code, _own(record), first + number, 1, ACTION, actor, now)
        for number, record in enumerate(new)
    )
    changed = tuple(r for r in after if r.id in plan.existing and plan.existing[r.id] is not r)
    return Prepared(rows, changed)


def write_records(
    conn: Connection, town_code: str, prepared: Prepared, actor: str, now: datetime
) -> Written:
    """Write what was prepared, in the caller's transaction."""
    added = add_rows(conn, prepared.new)
    for start in range(0, len(prepared.changed), BATCH_ROWS):
        _replace(conn, town_code, prepared.changed[start : start + BATCH_ROWS], actor, now)
    return Written(added, len(prepared.changed))


def _replace(
    conn: Connection,
    town_code: str,
    records: Sequence[KeptRecord],
    actor: str,
    now: datetime,
) -> None:
    old = rows_by_id(conn, town_code, [record.id for record in records])
    add_versions(conn, map(former, old.values()))
    replace_rows(conn, _next_rows(records, old, actor, now))


def _next_rows(
    records: Sequence[KeptRecord], old: Mapping[str, RecordRow], actor: str, now: datetime
) -> Iterator[RecordRow]:
    for record in records:
        row = old[record.id]
        new = successor(row, _own(record), ACTION, actor, now)
        # Whom it took in and who took it in stays as it is.
        yield replace(new, merged=row.merged, merged_into=row.merged_into)


def _own(record: KeptRecord) -> KeptRecord:
    """Return the record without what only stood in for a former edition."""
    sources = tuple(source for source in record.sources if not is_stand_in(source))
    return record if len(sources) == len(record.sources) else replace(record, sources=sources)
