"""Carrying out a plan, whole or not at all, on records in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from knowledge.importing.collector import collector_paused
from knowledge.importing.findings import Finding, ImportRefused, Place
from knowledge.importing.plan import ImportPlan, PlannedRow, Retirement
from knowledge.importing.records import Imported, KeptRecord, gone, imported
from knowledge.importing.three_way import hold_against


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the keeper decided on the preview.

    ``leave_out``: rows not to import.  ``merge``: a new row's place → the record it
    belongs to.  ``take_new``: (record id, field) of conflicts where the new edition is right.
    ``accept_vanished``: yes, that many records are really gone.
    """

    leave_out: frozenset[Place] = frozenset()
    merge: Mapping[Place, str] = field(default_factory=dict)
    take_new: frozenset[tuple[str, str]] = frozenset()
    accept_vanished: bool = False


NO_DECISIONS = Decisions()


def apply(plan: ImportPlan, decisions: Decisions = NO_DECISIONS) -> tuple[KeptRecord, ...]:
    """Return all records as they are after the import; untouched ones are the same objects.

    Raises :class:`ImportRefused`, and changes nothing, while a row that is not left out
    has an error, or the file itself has.
    """
    _refuse_errors(plan, decisions)
    with collector_paused():
        return _apply(plan, decisions)


def _apply(plan: ImportPlan, decisions: Decisions) -> tuple[KeptRecord, ...]:
    records = dict(plan.existing)
    written: set[str] = set()
    for row in plan.rows:
        if row.fate in ("error", "outside", "duplicate"):
            continue
        target = row.record_id
        if decisions.leave_out or decisions.merge:
            if row.place in decisions.leave_out:
                continue
            target = _resolve(plan, decisions.merge.get(row.place, target), written, row)
        records[target] = _after(row, records.get(target), target, plan, decisions)
        written.add(target)
    for retirement in plan.retired:
        record = records[retirement.record_id]
        records[record.id] = _without_vanished(record, retirement)
    return tuple(records.values())


def _refuse_errors(plan: ImportPlan, decisions: Decisions) -> None:
    rows = [
        finding
        for row in plan.rows
        if row.findings and row.place not in decisions.leave_out
        for finding in row.findings
        if finding.level == "error"
    ]
    held = () if decisions.accept_vanished else plan.vanishing
    own = [finding for finding in plan.findings if finding.level == "error"]
    if held or own or rows:
        raise ImportRefused((*held, *own, *rows))


def _resolve(plan: ImportPlan, target: str, written: Collection[str], row: PlannedRow) -> str:
    """Return the record to write to; only a new row can be merged, into a record that is there."""
    if target == row.record_id:
        return target
    if row.fate == "new" and (target in plan.existing or target in written):
        return target
    said = f"まとめる先の記録（{target}）がないか、新しい行ではありません。一覧を開き直してください"
    raise ImportRefused((Finding(row.place, "", target, said, "error"),))


def _after(
    row: PlannedRow, record: KeptRecord | None, target: str, plan: ImportPlan, decisions: Decisions
) -> KeptRecord:
    source = imported(row.draft, plan.today)
    if record is None:
        unconfirmed = frozenset(("categories",)) if row.draft.proposals else frozenset()
        return KeptRecord(target, row.draft.fields, (source,), "active", unconfirmed)
    if record.id != row.record_id or row.last is None:
        return _merged(record, source)
    return _updated(row, row.last, record, source, decisions)


def _merged(record: KeptRecord, source: Imported) -> KeptRecord:
    """Add a row to a record: it fills what the record leaves empty, and is remembered."""
    filled = {**source.fields, **{name: value for name, value in record.fields.items() if value}}
    filled.pop("id", None)
    return replace(record, fields=filled, sources=(*record.sources, source))


def _updated(
    row: PlannedRow, last: Imported, record: KeptRecord, source: Imported, decisions: Decisions
) -> KeptRecord:
    outcome = hold_against(record, last, row.draft)
    values = dict(outcome.fields)
    for conflict in outcome.conflicts:
        if (record.id, conflict.field) in decisions.take_new:
            values[conflict.field] = conflict.new_import
    sources = tuple(source if old is last else old for old in record.sources)
    said_again = source.fields == last.fields and source.original == last.original
    filled = {name: value for name, value in record.fields.items() if value}
    if said_again and values == filled and record.state != "vanished" and not last.gone:
        return record
    unconfirmed = record.unconfirmed
    if any(change.field == "categories" for change in outcome.changes):
        unconfirmed |= {"categories"}
    state = "active" if record.state == "vanished" else record.state
    kept = {name: value for name, value in values.items() if value}
    return replace(record, fields=kept, sources=sources, state=state, unconfirmed=unconfirmed)


def _without_vanished(record: KeptRecord, retirement: Retirement) -> KeptRecord:
    """Retire a record, or only note that one of its lists dropped it when another still has it."""
    if not retirement.elsewhere:
        return replace(record, state="vanished")
    sources = (gone(s) if s.origin in retirement.gone else s for s in record.sources)
    return replace(record, sources=tuple(sources))
