"""Readable rules over the reading: regular expressions with scope, company and people.

A rule is data (YAML).  It fires where one of ``any`` matches inside a sentence, provided
that

* none of ``none`` matches in that sentence,
* every group of ``with`` has a match in that sentence, or within ``near`` sentences
  on either side (``near: note`` means anywhere in the note),
* ``person`` (an age range and/or roles) fits somebody in the note, or nobody's age is
  known and ``unknown_ok`` is true.

What the words around the match say (denied, past, supposed, somebody else's) is the
match's scope; which scopes count is decided by whoever asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.triage.models import Person, Reading, Scope, Span
from service.triage.scope import scope_of


class PersonTest(BaseModel):
    """Somebody in the note must have an age in [age_min, age_max] or one of the roles."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    age_min: int | None = None
    age_max: int | None = None
    roles: tuple[str, ...] = ()
    unknown_ok: bool = True


class Rule(BaseModel):
    """One rule; see the module's docstring for what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    any: tuple[str, ...] = Field(min_length=1)
    none: tuple[str, ...] = ()
    with_: tuple[tuple[str, ...], ...] = Field(default=(), alias="with")
    near: int | Literal["note"] = 0
    person: PersonTest | None = None
    scopes: tuple[Scope, ...] = ("affirmed", "supposed")
    why: str = ""

    @field_validator("any", "none")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            _compiled((pattern,))
        return patterns

    @field_validator("with_")
    @classmethod
    def _groups_compile(cls, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        for group in groups:
            _compiled(group)
        return groups


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule fired: offsets into the normalised text, the sentence's number, the scope."""

    start: int
    end: int
    sentence: int
    scope: Scope


@lru_cache(maxsize=4096)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    except re.error as error:
        raise ValueError(f"正規表現が読めません: {' / '.join(patterns)}（{error}）") from error


def find_matches(rule: Rule, reading: Reading) -> tuple[Match, ...]:
    """Return every place where ``rule`` fires, in the order of the note, whatever the scope."""
    text = reading.normalised.text
    wanted = _compiled(rule.any)
    if not wanted.search(text) or not _person_fits(rule.person, reading.people):
        return ()
    matches: list[Match] = []
    for number, (start, end) in enumerate(reading.ranges):
        sentence = text[start:end]
        if rule.none and _compiled(rule.none).search(sentence):
            continue
        found = list(wanted.finditer(sentence))
        if not found or not _has_company(rule, reading, number):
            continue
        for match in found:
            a, b = start + match.start(), start + match.end()
            scope = scope_of(text, a, b, (start, end))
            matches.append(Match(a, b, number, scope))
    return tuple(matches)


def span_of(reading: Reading, start: int, end: int) -> Span:
    """Return the piece of the original note behind a range of the normalised text."""
    a, b = reading.normalised.to_original(start, end)
    return Span(reading.note[a:b], a, b)


def sentence_span(reading: Reading, number: int) -> Span:
    """Return sentence ``number`` as it stands in the original note."""
    return span_of(reading, *reading.ranges[number])


def load_yaml(path: Path) -> object:
    """Parse a YAML data file of this room."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader


def _has_company(rule: Rule, reading: Reading, number: int) -> bool:
    if not rule.with_:
        return True
    text = reading.normalised.text
    if rule.near == "note":
        around = text
    else:
        first = max(0, number - rule.near)
        last = min(len(reading.ranges) - 1, number + rule.near)
        around = text[reading.ranges[first][0] : reading.ranges[last][1]]
    return all(_compiled(group).search(around) for group in rule.with_)


def _person_fits(test: PersonTest | None, people: tuple[Person, ...]) -> bool:
    if test is None:
        return True
    if any(person.role in test.roles for person in people):
        return True
    if test.age_min is None and test.age_max is None:
        return False
    low, high = test.age_min or 0, 200 if test.age_max is None else test.age_max
    known = [p for p in people if p.age_min is not None and p.age_max is not None]
    if any((p.age_max or 0) >= low and (p.age_min or 0) <= high for p in known):
        return True
    return test.unknown_ok and not known
