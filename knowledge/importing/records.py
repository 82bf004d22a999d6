"""A record as it is kept: its values now, and what each published row said when last read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from pydantic import ValidationError

from knowledge.importing.drafts import Draft, Origin
from knowledge.models import FactDefinition, Resource
from knowledge.parse import parse_conditions, parse_opening

# vanished: no published list has it any more.  closed: the keeper closed it.
State = Literal["active", "vanished", "closed"]
_PLAIN = ("name", "kind", "description", "for_whom", "organization", "district", "cost", "first_step", "verified_on", "verified_by", "source")  # fmt: skip
_CONTACT = ("window", "phone", "hours", "address", "url")
_NO_KIND = "施設・団体"


@dataclass(frozen=True, slots=True)
class Imported:
    """What one row of one data set said when it was last read.

    ``gone``: its list no longer has it, which retires nothing any more; should the row come
    back, it is still known whose it is.
    """

    origin: Origin
    fields: Mapping[str, str]
    original: Mapping[str, str]
    file: str
    sheet: str
    row: int
    imported_on: date
    gone: bool = False


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record with its history of import; ``fields`` hold the desk's own edits.

    ``unconfirmed`` are fields the import proposed and nobody has confirmed yet.
    """

    id: str
    fields: Mapping[str, str]
    sources: tuple[Imported, ...] = ()
    state: State = "active"
    unconfirmed: frozenset[str] = field(default_factory=frozenset)


def imported(draft: Draft, today: date) -> Imported:
    """Return what is remembered of a draft's row."""
    place = draft.place
    return Imported(
        draft.origin, draft.fields, draft.original, place.file, place.sheet, place.row, today
    )


def gone(source: Imported) -> Imported:
    """Return the source as one that its list no longer has."""
    return source if source.gone else replace(source, gone=True)


def resource_of(record: KeptRecord, facts: Mapping[str, FactDefinition]) -> Resource | None:
    """Return the record as the desk uses it; None while it lacks a category or a date.

    Values the resource has no place for (fax, mail, map point …) stay with the record.
    """
    values = record.fields
    data: dict[str, Any] = {name: values[name] for name in _PLAIN if values.get(name)}
    data |= {
        "id": record.id,
        "kind": values.get("kind") or _NO_KIND,
        "description": values.get("description") or values.get("kind") or values.get("name", ""),
        "categories": _split(values.get("categories", "")),
        "bring": _split(values.get("bring", "")),
        "contact": {name: values.get(name, "") for name in _CONTACT},
        "capacity": {
            "places": values.get("places") or None,
            "status": values.get("status") or "open",
            "note": values.get("status_note", ""),
        },
        "is_window": values.get("is_window") == "1",
    }
    try:
        data["opening"] = parse_opening(values.get("opening", ""))
        data["eligibility"] = parse_conditions(values.get("eligibility", ""), dict(facts))
        return Resource.model_validate(data)
    except (ValidationError, ValueError):
        return None


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]
