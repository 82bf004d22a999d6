"""The words as published, beside the value the import made of them, where the two differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from knowledge.importing.form import Form, load_forms
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.text import fold_header

# field → the roles of the columns it is made from, in the order they are read in.
_MADE_FROM: Mapping[str, tuple[str, ...]] = {
    "name": ("name",),
    "kind": ("kind",),
    "organization": ("organization",),
    "window": ("window", "contact"),
    "phone": ("phone", "phone_more", "phone_note", "extension", "contact"),
    "fax": ("fax",),
    "email": ("email",),
    "url": ("url",),
    "address": ("prefecture", "city", "prefecture_city", "address", "building"),
    "district": ("district",),
    "hours": (
        "days", "opens", "closes", "hours", "hours_weekday", "hours_saturday", "hours_sunday",
        "hours_holiday", "hours_note", "closed_days", "frequency",
    ),
    "for_whom": ("for_whom",),
    "eligibility": ("eligibility", "condition"),
    "places": ("places",),
    "cost": ("cost", "cost_part"),
    "first_step": ("first_step",),
    "bring": ("bring",),
    "description": ("description",),
    "verified_on": ("verified_on", "as_of"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A cell as it was published: its header and its words, untouched."""

    header: str
    text: str
    file: str


def originals_of(record: KeptRecord, own_forms: Iterable[Form] = ()) -> dict[str, tuple[Said, ...]]:
    """Return for each field the published cells behind it, unless they say just the same."""
    forms = {form.id: form for form in (*load_forms(), *own_forms)}
    found: dict[str, tuple[Said, ...]] = {}
    for source in record.sources:
        cells = _cells_by_role(source, forms.get(source.origin.form))
        for field, roles in _MADE_FROM.items():
            said = tuple(cell for role in roles for cell in cells.get(role, ()))
            if _is_news(said, record.fields.get(field, "")):
                # Two editions of one list say a thing once.
                found[field] = tuple(dict.fromkeys((*found.get(field, ()), *said)))
    return found


def _cells_by_role(source: Imported, form: Form | None) -> dict[str, list[Said]]:
    if form is None:
        return {}
    role_of = form.by_header()
    cells: dict[str, list[Said]] = {}
    for header, text in source.original.items():
        role = role_of.get(fold_header(header))
        if role:
            cells.setdefault(role, []).append(Said(header, text.strip(), source.file))
    return cells


def _is_news(said: tuple[Said, ...], value: str) -> bool:
    """Tell whether the published cells say it otherwise than the value does."""
    words = [cell.text for cell in said]
    return bool(words) and value not in ("".join(words), " ".join(words))
