"""What a record's page tells of it: its values in words, where they are from, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from service.present import STATUSES
from service.records.keep import history_of
from service.records.kept import FieldChange, Kept, Version
from service.store.audit_words import ACTIONS
from service.web.record_look import catalogue, codes_in, people_names
from service.web.record_originals import Said
from service.web.record_town import Shelf
from service.web.record_words import FIELDS, GROUPS, STATES, STEPS, label_of

# Shown on the page in other ways than as a line of text.
_ELSEWHERE = frozenset(("name", "categories", "is_window"))
_LONGEST_CHARS = 300


@dataclass(frozen=True, slots=True)
class Value:
    """A field as it is read: its label, its words, and the published ones where they differ."""

    name: str
    label: str
    text: str
    originals: tuple[Said, ...]
    proposed: bool


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """Values under one heading."""

    title: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class SourceShown:
    """One published row behind the record."""

    file: str
    sheet: str
    row: int
    imported_on: date
    as_of: str
    license: str
    source: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """One value before and after, in words; ``field`` is '' for what the form has no field for."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the record's history."""

    revision: int
    at: datetime
    who: str
    what: str
    changes: tuple[ChangeShown, ...]
    is_present: bool


@dataclass(frozen=True, slots=True)
class ReportShown:
    """A refusal that is still open."""

    id: str
    at: datetime
    who: str
    reason: str


def values_of(kept: Kept, originals: Mapping[str, tuple[Said, ...]]) -> tuple[ValueGroup, ...]:
    """Return the filled fields in their groups; a group without any is left out."""
    fields, unconfirmed = kept.record.fields, kept.record.unconfirmed
    groups = (
        ValueGroup(
            group.title,
            tuple(
                Value(
                    words.name,
                    words.label,
                    in_words(words.name, fields.get(words.name, "")),
                    originals.get(words.name, ()),
                    words.name in unconfirmed,
                )
                for words in group.fields
                if words.name not in _ELSEWHERE
                and (fields.get(words.name) or words.name in originals)
            ),
        )
        for group in GROUPS
    )
    return tuple(group for group in groups if group.values)


def in_words(name: str, value: str) -> str:
    """Return a field's value as a person reads it: names for codes."""
    if name == "categories":
        labels = {category.code: category.label_ja for category in catalogue()}
        return "、".join(labels.get(code, code) for code in codes_in(value))
    if name == "status":
        return STATUSES.get(value or "open", value)
    if name == "state":
        return STATES.get(value, value)
    if name == "is_window":
        return "はい" if value == "1" else "いいえ"
    if name == "unconfirmed":
        return "、".join(label_of(part) for part in codes_in(value))
    return value


def sources_of(kept: Kept) -> tuple[SourceShown, ...]:
    """Return the published rows behind the record, the latest import first."""
    shown = (
        SourceShown(
            file=source.file,
            sheet=source.sheet,
            row=source.row,
            imported_on=source.imported_on,
            as_of=source.fields.get("verified_on", ""),
            license=source.fields.get("license", ""),
            source=source.fields.get("source", ""),
            cells=tuple(source.original.items()),
        )
        for source in kept.record.sources
    )
    return tuple(sorted(shown, key=lambda source: source.imported_on, reverse=True))


def events_of(shelf: Shelf, kept: Kept) -> tuple[Event, ...]:
    """Return the record's history in words, the present first."""
    versions = history_of(shelf.engine, kept.town_code, kept.id)
    names = people_names(shelf.engine, (version.by for version in versions))
    return tuple(_event(version, names, kept.revision) for version in versions)


def reports_of(shelf: Shelf, kept: Kept, is_own: bool) -> tuple[ReportShown, ...]:
    """Return the open refusals, newest first; whose they are is for the record's owner alone."""
    names = people_names(shelf.engine, (report.by for report in kept.reports)) if is_own else {}
    newest = sorted(kept.reports, key=lambda report: report.at, reverse=True)
    return tuple(
        ReportShown(
            report.id, report.at.astimezone(), names.get(report.by, ""), report.reason_words
        )
        for report in newest
    )


def _event(version: Version, names: Mapping[str, str], present: int) -> Event:
    return Event(
        revision=version.revision,
        at=version.at.astimezone(),
        who=names[version.by],
        what=STEPS.get(version.action) or ACTIONS.get(version.action, version.action),
        changes=tuple(_change(change) for change in version.changes),
        is_present=version.revision == present,
    )


def _change(change: FieldChange) -> ChangeShown:
    before, after = (
        _short(in_words(change.field, value)) for value in (change.before, change.after)
    )
    in_form = change.field if change.field in FIELDS else ""
    return ChangeShown(in_form, label_of(change.field), before, after)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_CHARS else text[:_LONGEST_CHARS] + "…"
