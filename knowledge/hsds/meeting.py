"""Which kept records the services of a file are: known by the id HSDS gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from knowledge.hsds.rows import FORM, HsdsRow
from knowledge.hsds.write import FOREIGN_PREFIX, uuid_in
from knowledge.importing.drafts import Draft
from knowledge.importing.matching import Known
from knowledge.importing.records import Imported, KeptRecord, resource_of
from knowledge.models import FactDefinition, Resource

# HSDS has no column for them: other software that drops our attributes says nothing about them.
_ONLY_ATTRIBUTES = ("kind", "categories", "places", "verified_by", "source", "is_window")
_CAPACITY = {"places": "places", "status": "status", "status_note": "note"}
# The file of a source that only stands in for a former edition: no real one has a line break.
STAND_IN = "\n"
_NUMBERS = ("latitude", "longitude")
# Without these a record cannot be compared as a resource.
_NEEDED = ("categories", "verified_on")


@dataclass(frozen=True, slots=True)
class Meeting:
    """Rows and records as :func:`~knowledge.importing.plan.plan_import` is to see them."""

    drafts: tuple[Draft, ...]
    existing: tuple[KeptRecord, ...]


@dataclass(slots=True)
class _Records:
    """What is kept, by what a service may be known by."""

    by_key: dict[str, Known]
    by_uuid: dict[str, KeptRecord]
    ids: set[str]


def meet(
    rows: Sequence[HsdsRow],
    existing: Sequence[KeptRecord],
    town_code: str,
    facts: Mapping[str, FactDefinition],
    today: date,
) -> Meeting:
    """Return the rows and records with what the plan needs to know them again.

    A record that the town itself exported comes back under the id of that export: it is
    known, though it was never imported.  Nothing tells what the export said then, so where
    the two differ the desk's own value stays and the difference is shown.
    """
    records = _records(existing, {row.draft.origin.key for row in rows}, town_code)
    known: dict[str, KeptRecord] = {record.id: record for record in existing}
    drafts: list[Draft] = []
    for row in rows:
        draft, key = row.draft, row.draft.origin.key
        if key in records.by_key:
            match = records.by_key[key]
            draft = _again(row, match, facts)
            if _moved(draft, match.source):
                _remember(known, match.record.id, draft, match.source.fields, today)
        elif key in records.by_uuid:
            record = records.by_uuid[key]
            draft = _in_words_of(record.fields, draft, facts)
            _remember(known, record.id, draft, {}, today)
        elif draft.fields.get("id", "") in records.ids:
            # Another town's record that happens to have the same id.
            draft = _with_id(draft, "")
        records.ids.add(draft.fields.get("id", ""))
        drafts.append(draft)
    return Meeting(tuple(drafts), tuple(known.values()))


def _records(existing: Sequence[KeptRecord], keys: set[str], town_code: str) -> _Records:
    by_key: dict[str, Known] = {}
    for record in existing:
        for source in record.sources:
            if source.origin.form == FORM:
                by_key.setdefault(source.origin.key, Known(record, source))
    by_uuid: dict[str, KeptRecord] = {}
    if town_code and not keys <= by_key.keys():
        by_uuid = {uuid_in(town_code, record.id): record for record in existing}
    return _Records(by_key, by_uuid, {record.id for record in existing})


def _again(row: HsdsRow, match: Known, facts: Mapping[str, FactDefinition]) -> Draft:
    """Return a row that was imported before, under the id and in the words it had then."""
    last = match.source.fields
    if not (row.ours or last.get("id", "").startswith(FOREIGN_PREFIX)):
        kept = {name: last[name] for name in _ONLY_ATTRIBUTES if last.get(name)}
        row = replace(row, draft=_with(row.draft, kept))
    return _in_words_of(last, row.draft, facts)


def _with(draft: Draft, kept: Mapping[str, str]) -> Draft:
    proposals = () if "categories" in kept else draft.proposals
    return replace(draft, fields={**draft.fields, **kept}, proposals=proposals)


def _moved(draft: Draft, last: Imported) -> bool:
    """True for a service that is now in another list, under another name or address."""
    now, was = draft.origin, last.origin
    return now.dataset != was.dataset and (now.name, now.address) != (was.name, was.address)


def _remember(
    known: dict[str, KeptRecord],
    record_id: str,
    draft: Draft,
    said: Mapping[str, str],
    today: date,
) -> None:
    """Let the record have this row as a source that said ``said`` when last read."""
    record = known[record_id]
    source = Imported(draft.origin, said, {}, STAND_IN, "", 0, today)
    known[record_id] = replace(record, sources=(*record.sources, source))


def _with_id(draft: Draft, record_id: str) -> Draft:
    fields = {name: value for name, value in draft.fields.items() if name != "id"}
    return replace(draft, fields={"id": record_id, **fields} if record_id else fields)


def _in_words_of(
    words: Mapping[str, str], draft: Draft, facts: Mapping[str, FactDefinition]
) -> Draft:
    """Return the row in the notation of ``words`` wherever both mean the same."""
    draft = _with_id(draft, words.get("id", ""))
    if draft.fields == words:
        return draft
    ours = resource_of(KeptRecord(draft.origin.key, words), facts)
    lent = {name: words.get(name, "") for name in _NEEDED}
    theirs = resource_of(KeptRecord(draft.origin.key, {**lent, **draft.fields}), facts)
    fields = dict(draft.fields)
    for name in fields.keys() | words.keys():
        local = words.get(name, "")
        same = ours and theirs and _meaning(ours, name) == _meaning(theirs, name) is not None
        if same or (name in _NUMBERS and _number(fields.get(name)) == _number(local) is not None):
            fields[name] = local
    kept = {name: value for name, value in fields.items() if value}
    if draft.proposals and kept.get("categories") == words.get("categories"):
        draft = replace(draft, proposals=())
    return replace(draft, fields=kept)


def _meaning(resource: Resource, name: str) -> Any:
    """Return what a field of a kept record says, as a value that can be compared."""
    if name in _CAPACITY:
        return (getattr(resource.capacity, _CAPACITY[name]),)
    return getattr(resource, name, None)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
