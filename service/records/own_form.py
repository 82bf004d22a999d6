"""Tables in our own form, where the id says which record a row is.

A list that the desk gave out (``records_csv``) comes back with changes.  The records in it may
come from anywhere, so the import finds no former edition to hold the rows against.  Here the
record itself stands in for it, read in the same way as the file is: what the rows change is
then a change, and what they leave is the same.  A row that says what the record once said was
given out before somebody changed that: the desk's own value then stays until a keeper decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from knowledge.importing.drafts import Draft
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.run import ImportContext, plan_file
from knowledge.importing.three_way import PROVENANCE
from service.records.listing import csv_of
from service.store.engine import reading
from service.store.record_history import versions_of

Former = Callable[[str], Sequence[Mapping[str, str]]]
OWN_FORM = "template"
# The file of a stand-in; no real one has a line break in its name.
_STAND_IN = "\n"


def is_stand_in(source: Imported) -> bool:
    """True for a source that only stands in for a former edition."""
    return source.file == _STAND_IN


def plan_by_own_ids(
    plan: ImportPlan, source: bytes | Path, name: str, context: ImportContext, former: Former
) -> ImportPlan:
    """Return the plan again with the records of the file's own ids recognised, if there are any.

    ``former`` gives the values of a record's earlier versions.
    """
    named = {
        row.draft.fields.get("id", ""): row.draft
        for row in plan.rows
        if row.draft.origin.form == OWN_FORM and row.last is None
    }
    known = [record for record in context.existing if record.id in named]
    if not known:
        return plan
    again = _as_read(known, context)
    existing = tuple(
        _standing_in(record, again[record.id], named[record.id], context.today, former)
        if record.id in again
        else record
        for record in context.existing
    )
    return plan_file(source, name, replace(context, existing=existing))


def former_values(engine: Engine, town_code: str, record_id: str) -> tuple[Mapping[str, str], ...]:
    """Return the values of the record's earlier versions, newest first."""
    with reading(engine) as conn:
        versions = versions_of(conn, town_code, record_id)
    return tuple(json.loads(version.snapshot)["fields"] for version in versions)


def _base(own: str, row: str) -> str:
    """Return what was last said, so that the desk's value is kept: asked about if both say one."""
    return "" if own and row else row


def _as_read(records: Iterable[KeptRecord], context: ImportContext) -> dict[str, Draft]:
    """Return what the records would be read as if they were given out and came back."""
    data = csv_of(iter(records)).encode("utf-8-sig", errors="replace")
    alone = replace(context, existing=(), only="all", companions=())
    rows = plan_file(data, "records.csv", alone).rows
    return {row.draft.fields["id"]: row.draft for row in rows if row.draft.fields.get("id")}


def _standing_in(
    record: KeptRecord, read: Draft, row: Draft, today: date, former: Former
) -> KeptRecord:
    """Return the record with a former edition for the row: itself, as it would be read.

    Where reading changes how a value is written, and the row changes the value, the record
    takes the value as read, so that the row's is not held for a second hand's edit.
    """
    given = {name: text for name, text in row.fields.items() if name in PROVENANCE}
    was = {name: text for name, text in read.fields.items() if name not in PROVENANCE}
    names = (was.keys() | row.fields.keys()) - PROVENANCE
    moved = {name for name in names if was.get(name, "") != row.fields.get(name, "")}
    once = former(record.id) if moved else ()
    old = {
        name
        for name in moved
        if any(row.fields.get(name, "") == values.get(name, "") for values in once)
    }
    moved -= old
    said = was | {name: _base(was.get(name, ""), row.fields.get(name, "")) for name in old}
    stand_in = Imported(row.origin, {**said, **given}, row.original, _STAND_IN, "", 0, today)
    fields = {**record.fields, **{name: was[name] for name in moved if name in was}}
    unconfirmed = record.unconfirmed | (moved & {"categories"})
    sources = (*record.sources, stand_in)
    return replace(record, fields=fields, sources=sources, unconfirmed=unconfirmed)
