"""The form of one record: what was typed, what is wrong with it, and what others changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field

from service.records.kept import Kept, Version
from service.web.record_look import codes_in
from service.web.record_originals import Said
from service.web.record_story import in_words
from service.web.record_words import FIELDS, GROUPS, FieldWords

# What stands in a field that nobody has filled in, and means the same.
_SAME_AS_EMPTY = {"status": "open", "is_window": "0"}


class RecordForm(BaseModel):
    """What a browser sends: every field of the form, and the revision it was filled in on."""

    revision: int = 0
    name: str = ""
    kind: str = ""
    categories: list[str] = Field(default_factory=list)
    description: str = ""
    organization: str = ""
    is_window: str = ""
    for_whom: str = ""
    eligibility: str = ""
    window: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""
    address: str = ""
    district: str = ""
    url: str = ""
    hours: str = ""
    opening: str = ""
    places: str = ""
    status: str = ""
    status_note: str = ""
    cost: str = ""
    first_step: str = ""
    bring: str = ""
    verified_on: str = ""
    verified_by: str = ""
    source: str = ""
    license: str = ""
    kana: str = ""
    postal_code: str = ""
    prefecture: str = ""
    city: str = ""
    municipality_code: str = ""
    latitude: str = ""
    longitude: str = ""
    corporate_number: str = ""
    starts_on: str = ""
    ends_on: str = ""
    started_on: str = ""

    def values(self) -> dict[str, str]:
        """Return the fields as a record keeps them: browsers end lines with CR LF."""
        typed: dict[str, str] = {
            name: value.replace("\r\n", "\n").strip()
            for name, value in self.model_dump(exclude={"revision", "categories"}).items()
        }
        codes = (code.strip() for code in self.categories)
        return typed | {"categories": ";".join(dict.fromkeys(code for code in codes if code))}


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of the form; ``theirs`` is what somebody else made of it (None: nobody did)."""

    words: FieldWords
    value: str
    fault: str = ""
    theirs: str | None = None
    taken_over: bool = False
    originals: tuple[Said, ...] = ()

    @property
    def describers(self) -> str:
        """The ids of what is read out with the field."""
        parts = {
            "hint": bool(self.words.hint),
            "published": bool(self.originals),
            "theirs": self.theirs is not None,
            "fault": bool(self.fault),
        }
        return " ".join(f"{self.words.name}-{part}" for part, there in parts.items() if there)


@dataclass(frozen=True, slots=True)
class GroupShown:
    """Fields under their heading."""

    title: str
    fields: tuple[FieldShown, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """Typed values held against what others saved meanwhile.

    ``theirs``: field → the value now in the store, for each that others changed to something
    else than what was typed; ``taken_over`` are those the typist had left alone, where the
    others' value now stands in the form.
    """

    values: Mapping[str, str]
    theirs: Mapping[str, str]
    taken_over: frozenset[str]


def changes_in(typed: Mapping[str, str], kept: Kept) -> dict[str, str]:
    """Return the fields that were typed otherwise than they are kept."""
    fields = kept.record.fields
    changed = {
        name: value
        for name, value in typed.items()
        if name in FIELDS and not _same(name, value, fields.get(name, ""))
    }
    if "categories" in changed:
        changed["categories"] = _in_old_order(changed["categories"], fields.get("categories", ""))
    return changed


def merge_typed(
    typed: Mapping[str, str], kept: Kept, versions: Iterable[Version], revision: int
) -> Merged:
    """Hold what was typed on ``revision`` against the record as it is now."""
    now = {name: kept.record.fields.get(name, "") for name in FIELDS}
    base = _values_at(now, versions, revision)
    values: dict[str, str] = {}
    theirs: dict[str, str] = {}
    taken_over: set[str] = set()
    for name in FIELDS:
        mine = typed.get(name, "")
        values[name] = mine
        if _same(name, base[name], now[name]) or _same(name, mine, now[name]):
            continue
        theirs[name] = now[name]
        if _same(name, mine, base[name]):
            values[name] = now[name]
            taken_over.add(name)
    return Merged(values, theirs, frozenset(taken_over))


def groups_shown(
    values: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    merged: Merged | None = None,
    originals: Mapping[str, tuple[Said, ...]] | None = None,
) -> tuple[GroupShown, ...]:
    """Return the form's groups, each field with all that is said about it."""
    return tuple(
        GroupShown(
            group.title,
            tuple(
                FieldShown(
                    words,
                    values.get(words.name, ""),
                    (faults or {}).get(words.name, ""),
                    _theirs(words.name, merged),
                    merged is not None and words.name in merged.taken_over,
                    (originals or {}).get(words.name, ()),
                )
                for words in group.fields
            ),
        )
        for group in GROUPS
    )


def _theirs(name: str, merged: Merged | None) -> str | None:
    if merged is None or name not in merged.theirs:
        return None
    return in_words(name, merged.theirs[name])


def _values_at(
    now: Mapping[str, str], versions: Iterable[Version], revision: int
) -> dict[str, str]:
    """Return the values as they were at ``revision``, by taking the later changes back."""
    values = dict(now)
    for version in sorted(versions, key=lambda v: -v.revision):
        if version.revision > revision:
            values |= {c.field: c.before for c in version.changes if c.field in values}
    return values


def _same(name: str, first: str, second: str) -> bool:
    if name == "categories":
        return set(codes_in(first)) == set(codes_in(second))
    if FIELDS[name].kind != "lines":
        # A one-line field of a browser leaves out the line breaks of what it is filled with.
        first, second = first.replace("\n", ""), second.replace("\n", "")
    empty = _SAME_AS_EMPTY.get(name, "")
    return (first.strip() or empty) == (second.strip() or empty)


def _in_old_order(codes: str, old: str) -> str:
    """Return the ticked codes with those that stay in their place: the first is the main one."""
    ticked = codes_in(codes)
    stay = [code for code in codes_in(old) if code in ticked]
    return ";".join((*stay, *(code for code in ticked if code not in stay)))
