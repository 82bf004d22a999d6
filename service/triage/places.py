"""What kind of place a local resource is, and whether a note asks for that kind.

A published list says 「デイサービスセンター」, not whom it suits.  The shipped table
(places.yaml) says for the kinds that every town has whom they are for and when they are needed,
so that a nursery is not shown for a couple in their eighties, nor a gynaecologist to a man.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from knowledge.importing.text import fold
from knowledge.models import Resource
from service.triage.models import Person, Reading
from service.triage.rule_people import PersonTest, person_fits

_FILE = Path(__file__).with_name("places.yaml")
_PARENTS = frozenset(("母", "父"))
_YOUNG = 30
# asked: several words of the note ask for such a place.  own: it is the category's own window.
# needed: one word of the note asks for it.  plain: nothing is said about this kind.  spare: it suits the people, but the note does not ask for it.
# unfit: for other people or other troubles.
Suits = Literal["asked", "own", "needed", "plain", "spare", "unfit"]
_BEST_FIRST: tuple[Suits, ...] = ("asked", "own", "needed", "plain", "spare")


@dataclass(frozen=True, slots=True)
class _Kind:
    words: re.Pattern[str]
    unless: re.Pattern[str] | None
    within: str
    people: PersonTest | None
    or_note: re.Pattern[str] | None
    needs: re.Pattern[str] | None
    own: frozenset[str]
    never: frozenset[str]
    only_if_needed: bool


Memo = dict[tuple[int, str], Suits]


def suits(resource: Resource, category: str, reading: Reading, memo: Memo | None = None) -> Suits:
    """Say whether the note asks for a place like this one under ``category``.

    A place of several kinds suits as well as the kind that suits best.  With a ``memo``, one
    for each note, the note is read once for each kind and not once for each place.
    """
    memo = {} if memo is None else memo
    sector = category.partition(".")[0]
    kinds = [k for k in _kinds_of(resource.kind, resource.name) if k.within in ("", sector)]
    people, text = _counted(reading.people), reading.normalised.text
    for_sector = _sectors().get(sector)
    if for_sector and _remembered(memo, for_sector, category, people, text) == "unfit":
        return "unfit"
    if not kinds:
        return "plain"
    if any(category in kind.never for kind in kinds):
        return "unfit"
    found = {_remembered(memo, kind, category, people, text) for kind in kinds}
    return next((answer for answer in _BEST_FIRST if answer in found), "unfit")


def _remembered(
    memo: Memo, kind: _Kind, category: str, people: tuple[Person, ...], text: str
) -> Suits:
    # The kinds are read once and stay, so their ids do.
    key = (id(kind), category)
    if key not in memo:
        memo[key] = _suits(kind, category, people, text)
    return memo[key]


def _suits(kind: _Kind, category: str, people: tuple[Person, ...], text: str) -> Suits:
    spoken_of = kind.or_note is not None and kind.or_note.search(text) is not None
    if not spoken_of and not person_fits(kind.people, people):
        return "unfit"
    words = set(kind.needs.findall(text)) if kind.needs else set()
    if len(words) > 1:
        return "asked"
    if category in kind.own:
        return "own"
    if kind.needs is None:
        return "plain"
    if words:
        return "needed"
    return "unfit" if kind.only_if_needed else "spare"


def _counted(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Leave out parents without an age beside somebody young: they are not old."""
    if not any(p.age_max is not None and p.age_max < _YOUNG for p in people):
        return people
    return tuple(p for p in people if p.age_min is not None or p.role not in _PARENTS)


@lru_cache(maxsize=65_536)
def _kinds_of(kind: str, name: str) -> tuple[_Kind, ...]:
    words = fold(f"{kind} {name}")
    return tuple(
        each
        for each in _table()
        if each.words.search(words) and not (each.unless and each.unless.search(words))
    )


@cache
def _sectors() -> dict[str, _Kind]:
    return {name: _kind({"words": "", **row}) for name, row in _read()["sectors"].items()}


@cache
def _read() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return data


@cache
def _table() -> tuple[_Kind, ...]:
    return tuple(_kind(row) for row in _read()["places"])


def _kind(row: dict[str, Any]) -> _Kind:
    return _Kind(
        words=re.compile(fold(row["words"])),
        unless=_pattern(row.get("unless")),
        within=row.get("within", ""),
        people=PersonTest.model_validate(row["people"]) if "people" in row else None,
        or_note=_pattern(row.get("or_note")),
        needs=_pattern(row.get("needs")),
        own=frozenset(row.get("own", ())),
        never=frozenset(row.get("never", ())),
        only_if_needed=row.get("only_if_needed", False),
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text else None


def known_place_categories() -> frozenset[str]:
    """Return every category the table names (a test holds them to the catalogue)."""
    return frozenset(code for kind in _table() for code in kind.own | kind.never)
