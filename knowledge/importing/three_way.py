"""Holding a new edition against the last one and the desk's own edits: edits win, nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.importing.drafts import Draft
from knowledge.importing.records import Imported, KeptRecord

# Said by the import itself, not by the row: no reason to call a record changed.
PROVENANCE = frozenset(("verified_on", "source", "license"))


def same_words(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """True when two editions of a row say the same, whatever their date."""
    if first == second:
        return True
    names = first.keys() | second.keys()
    return all(first.get(name) == second.get(name) for name in names - PROVENANCE)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value the new edition changes."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that both the desk and the new edition changed; the desk's is kept."""

    field: str
    last_import: str
    local: str
    new_import: str


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """The outcome for one record."""

    fields: Mapping[str, str]
    changes: tuple[FieldChange, ...]
    conflicts: tuple[Conflict, ...]


def hold_against(record: KeptRecord, last: Imported, draft: Draft) -> ThreeWay:
    """Return the record's values after the new edition.

    A field the new edition leaves as it was is not touched; one only it changed is
    taken; one changed on both sides keeps the desk's value and is listed.
    """
    values = dict(record.fields)
    changes: list[FieldChange] = []
    conflicts: list[Conflict] = []
    same = last.fields == draft.fields
    said = frozenset() if same else last.fields.keys() | draft.fields.keys()
    for name in sorted(said - PROVENANCE):
        was, now = last.fields.get(name, ""), draft.fields.get(name, "")
        local = record.fields.get(name, "")
        if now in (was, local):
            continue
        # A category the keeper has confirmed is the desk's own, even where it is the proposed one.
        confirmed = name == "categories" and "categories" not in record.unconfirmed
        if local == was and not confirmed:
            changes.append(FieldChange(name, was, now))
            values[name] = now
        else:
            conflicts.append(Conflict(name, was, local, now))
    _carry_provenance(values, draft.fields)
    kept = {name: value for name, value in values.items() if value}
    return ThreeWay(kept, tuple(changes), tuple(conflicts))


def _carry_provenance(values: dict[str, str], new: Mapping[str, str]) -> None:
    """Move the date and the source on, never back: the desk's later verification stays."""
    if new.get("verified_on", "") > values.get("verified_on", ""):
        values["verified_on"] = new["verified_on"]
        if new.get("source"):
            values["source"] = new["source"]
        # Who verified it belongs to the date: the earlier person did not see this edition.
        values.pop("verified_by", None)
        if new.get("verified_by"):
            values["verified_by"] = new["verified_by"]
