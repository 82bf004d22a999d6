"""One HSDS draft as a row of an import: its fields, its place, its words as they came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.hsds import terms
from knowledge.hsds.draft import Draft
from knowledge.hsds.notation import fields_of
from knowledge.importing import drafts as importing
from knowledge.importing.categories import CategoryProposal, propose_categories
from knowledge.importing.dates import date_in_name
from knowledge.importing.findings import Finding, Place
from knowledge.importing.phones import read_phones
from knowledge.importing.records import KeptRecord, resource_of
from knowledge.importing.run import ImportContext
from knowledge.importing.text import fold_name
from knowledge.models import Resource, Town

FORM = "hsds"
_ID = re.compile(r"(?!\.+$)[^\s/\\?#%\x00-\x1f\x7f]{1,100}")
_OURS = frozenset((terms.CATEGORY, terms.ELIGIBILITY, terms.FIELD))
_NO_CATEGORY = "支援分野がありません。決めるまで窓口の候補に出ません"
_NO_DAY = "確かめた日（assured_date）がありません。確かめるまで窓口の候補に出ません"
_UNKNOWN = "つなぎにない支援分野コードです。つづりを確かめてください"


@dataclass(frozen=True, slots=True)
class RowContext:
    """What is known besides the service: its file and list, the import, the town in the file."""

    file: str
    dataset: str
    importing: ImportContext
    town: Town | None


@dataclass(frozen=True, slots=True)
class HsdsRow:
    """A row, and whether it still carries what only our attributes can."""

    draft: importing.Draft
    ours: bool


def row_of(draft: Draft, number: int, context: RowContext) -> HsdsRow:
    """Return the row of the ``number``-th service of the document."""
    place = _place(draft, number, context.file)
    findings = [*_category_findings(draft, place, context.importing)]
    fields = {**fields_of(draft.values), **draft.more}
    if not _ID.fullmatch(fields["id"]):
        # It would be no address of a page; the record gets an id made from the service's.
        del fields["id"]
    if not draft.ours:
        findings += _tidy_phones(fields, draft, place, context.importing)
    findings += _changed_by_notation(draft, fields, place, context.importing)
    _date_and_source(fields, draft, context)
    proposals = () if fields.get("categories") else _proposals(draft, fields)
    if proposals:
        fields["categories"] = ";".join(proposal.category for proposal in proposals)
    findings += _lacks(draft, fields, place)
    header, cells = _original(draft.original)
    name, address = fold_name(draft.name), fold_name(fields.get("address", ""))
    row = importing.Draft(
        place=place,
        origin=importing.Origin(FORM, context.dataset, draft.hsds_id, name, address),
        fields={key: value for key, value in fields.items() if value},
        header=header,
        cells=cells,
        proposals=proposals,
        findings=tuple(findings),
    )
    return HsdsRow(row, draft.ours)


def _place(draft: Draft, number: int, file: str) -> Place:
    if draft.place.row is not None:
        return Place(file, draft.place.file, draft.place.row)
    return Place(file, "service", number)


def _category_findings(draft: Draft, place: Place, context: ImportContext) -> Iterator[Finding]:
    known = context.category_codes
    for code in draft.values["categories"]:
        if known and code not in known:
            yield Finding(place, draft.place.column("attributes"), code, _UNKNOWN, "error")


def _tidy_phones(
    fields: dict[str, str], draft: Draft, place: Place, context: ImportContext
) -> Iterator[Finding]:
    """Write the numbers of others as the desk writes them; what is no number stays."""
    for name in ("phone", "fax"):
        number = fields.get(name, "")
        reading = read_phones(number, context.area_codes) if number else None
        if reading is None or not reading.phones:
            continue
        # A foreign number, or one with more words: as it came, and for a person to look at.
        if not reading.doubts:
            fields[name] = reading.text()
        for said in reading.doubts:
            yield Finding(place, draft.place.column("phones"), number, said, "check")


def _changed_by_notation(
    draft: Draft, fields: Mapping[str, str], place: Place, context: ImportContext
) -> Iterator[Finding]:
    """Tell what our notation says otherwise than the service (a condition in other words …)."""
    if not isinstance(draft.record, Resource) or not context.facts:
        return
    kept = resource_of(KeptRecord(draft.record.id, fields), context.facts)
    for name in Resource.model_fields:
        given, now = getattr(draft.record, name), getattr(kept, name, None)
        if given != now and name != "contact":
            said = "つなぎの書き方では、まったく同じには書けません。取り込んだ後の記録を確かめてください"
            yield Finding(place, draft.place.column(name), fields.get(name, ""), said, "check")


def _date_and_source(fields: dict[str, str], draft: Draft, context: RowContext) -> None:
    """Fill in where a service of others was read and as of when: never a day nobody stated."""
    importing_context = context.importing
    day = importing_context.as_of or date_in_name(context.file)
    if not fields.get("verified_on") and day:
        fields["verified_on"] = day.isoformat()
    if not draft.ours and importing_context.source:
        fields["source"] = importing_context.source


def _proposals(draft: Draft, fields: Mapping[str, str]) -> tuple[CategoryProposal, ...]:
    named = " ".join(term.name for term in draft.terms)
    text = " ".join((fields.get("description", ""), fields.get("for_whom", ""), named))
    return propose_categories(fields.get("kind", ""), draft.name, text)


def _lacks(draft: Draft, fields: Mapping[str, str], place: Place) -> Iterator[Finding]:
    if draft.terms:
        listed = "、".join(dict.fromkeys(t.name or t.code for t in draft.terms))
        said = "相手の分類です。支援分野を決めるときに見てください"
        yield Finding(place, draft.place.column("attributes"), listed, said, "note")
    if not fields.get("categories"):
        yield Finding(place, draft.place.column("attributes"), "", _NO_CATEGORY, "check")
    if not fields.get("verified_on"):
        yield Finding(place, draft.place.column("assured_date"), "", _NO_DAY, "check")


def _original(service: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of the service as they came, each under its path."""
    pairs = [("id", str(service.get("id", ""))), *_pairs(service, "")]
    return tuple(path for path, _ in pairs), tuple(value for _, value in pairs)


def _pairs(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, text); without our own vocabulary, which is in the fields already."""
    if isinstance(value, Mapping):
        if _is_our_term(value):
            return
        for key, item in value.items():
            if _is_told(path, key, item):
                yield from _pairs(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _pairs(item, f"{path}[{number}]")
    else:
        yield path, str(value)


def _is_told(path: str, key: str, item: Any) -> bool:
    """False for links, for the name and address of a person, and for what an organization has."""
    if key == "id" or key.endswith("_id"):
        return False
    if "contacts[" in path.rpartition(".")[2] and key in ("name", "email"):
        return False
    return not (path == "organization" and isinstance(item, list | Mapping))


def _is_our_term(value: Mapping[str, Any]) -> bool:
    term = value.get("taxonomy_term")
    return isinstance(term, Mapping) and term.get("taxonomy") in _OURS
