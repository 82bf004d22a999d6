"""Readable rules over the reading: regular expressions with scope, company and people.

A rule is data (YAML).  It fires where one of ``any`` matches inside a sentence, provided
that

* none of ``none`` matches in that sentence, none of ``unless`` within two sentences
  on either side (an explanation that settles it: 「蒙古斑と小児科で確認」) and none of
  ``none_note`` anywhere in the note,
* every group of ``with`` has a match in that sentence, or within ``near`` sentences
  on either side (``near: note`` means anywhere in the note),
* ``person`` (an age range and/or roles) fits somebody in the note, or nobody's age is
  known and ``unknown_ok`` is true; ``also_person`` asks for somebody else as well.

A pattern may use the spellings of ``words.yaml``: 〈家賃〉 stands for 家賃, 家ちん, やちん …

A match may not begin in kana inside another word: 訪|ねる, ど|なた, か|けられ.

What the words around the match say (denied, past, supposed, somebody else's) is the
match's scope; which scopes count is decided by whoever asks.

A pass over hundreds of rules must take milliseconds: the pairs of letters of which every
match of a pattern contains one are worked out once, and patterns without any of them in
the note are never run.
"""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from index.text import Token
from service.triage.models import Reading, Scope, Span
from service.triage.rule_people import PersonTest, person_fits
from service.triage.scope import scope_of

# The standard library's own parser of regular expressions.
_PARSER: Any = importlib.import_module("re._parser")
_WORD = re.compile("〈([^〉]+)〉")

_SETTLED_WITHIN = 2  # sentences
_WHOLE_WORDS = frozenset(("動詞", "形容詞", "代名詞", "副詞", "連体詞", "接続詞", "助詞", "助動詞"))


class Rule(BaseModel):
    """One rule; see the module's docstring for what the fields mean."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    any: tuple[str, ...] = Field(min_length=1)
    none: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    none_note: tuple[str, ...] = ()
    with_: tuple[tuple[str, ...], ...] = Field(default=(), alias="with")
    near: int | Literal["note"] = 0
    person: PersonTest | None = None
    also_person: PersonTest | None = None
    scopes: tuple[Scope, ...] = ("affirmed", "supposed")
    why: str = ""

    @field_validator("any", "none", "unless", "none_note")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return _spelt_out(patterns)

    @field_validator("with_")
    @classmethod
    def _groups_compile(cls, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        return tuple(_spelt_out(group) for group in groups)

    @cached_property
    def seekers(self) -> tuple[tuple[frozenset[str], re.Pattern[str]], ...]:
        """The patterns of ``any``, each with the pairs of letters it cannot do without."""
        return tuple((_needles(p), _compiled((p,))) for p in self.any)

    def prepare(self) -> None:
        """Compile every pattern now, so that the first note is read as fast as the next."""
        for group in (self.none, self.unless, self.none_note, *self.with_):
            if group:
                _compiled(group)
        _ = self.needles

    @cached_property
    def needles(self) -> frozenset[str]:
        """One of these stands in every note that the rule can match; empty: none is certain."""
        each = [needles for needles, _ in self.seekers]
        return frozenset().union(*each) if all(each) else frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule fired: offsets into the normalised text, the sentence's number, the scope."""

    start: int
    end: int
    sentence: int
    scope: Scope


@lru_cache(maxsize=8192)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    except re.error as error:
        raise ValueError(f"正規表現が読めません: {' / '.join(patterns)}（{error}）") from error


def find_matches(rule: Rule, reading: Reading) -> tuple[Match, ...]:
    """Return every place where ``rule`` fires, in the order of the note, whatever the scope."""
    text = reading.normalised.text
    pairs = _pairs(text)
    if rule.needles and rule.needles.isdisjoint(pairs):
        return ()
    live = [
        pattern
        for needles, pattern in rule.seekers
        if not (needles and needles.isdisjoint(pairs)) and pattern.search(text)
    ]
    if not live or not _may_fire(rule, reading):
        return ()
    matches: list[Match] = []
    for number, (start, end) in enumerate(reading.ranges):
        sentence = text[start:end]
        found = _places(live, sentence)
        if not found or (rule.none and _compiled(rule.none).search(sentence)):
            continue
        if not _has_company(rule, reading, number) or _settled(rule, reading, number):
            continue
        for a, b in found:
            if _inside_a_word(reading, start + a):
                continue
            scope = scope_of(text, start + a, start + b, (start, end))
            matches.append(Match(start + a, start + b, number, scope))
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


@lru_cache(maxsize=1)
def spellings() -> dict[str, str]:
    """Return the spellings of ``words.yaml``, each word as one group; later words may use earlier."""
    data = load_yaml(Path(__file__).with_name("words.yaml"))
    if not isinstance(data, dict):
        raise TypeError("words.yaml は「語: [書き方, …]」の形で書いてください")
    words: dict[str, str] = {}
    for name, ways in data.items():
        words[str(name)] = f"(?:{'|'.join(_spell_out(str(way), words) for way in ways)})"
    return words


def _spell_out(pattern: str, words: dict[str, str]) -> str:
    def group(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise ValueError(f"words.yaml にない語です: 〈{match[1]}〉（{pattern}）")
        return words[match[1]]

    return _WORD.sub(group, pattern)


def _spelt_out(patterns: Iterable[str]) -> tuple[str, ...]:
    spelt = tuple(_spell_out(pattern, spellings()) for pattern in patterns)
    for pattern in spelt:
        _compiled((pattern,))
    return spelt


def _places(patterns: list[re.Pattern[str]], sentence: str) -> list[tuple[int, int]]:
    """Return where the patterns match, from left to right, the longer first, without overlaps."""
    found = sorted({m.span() for p in patterns for m in p.finditer(sentence)}, key=_longest_first)
    places: list[tuple[int, int]] = []
    for a, b in found:
        if a < b and (not places or a >= places[-1][1]):
            places.append((a, b))
    return places


def _inside_a_word(reading: Reading, position: int) -> bool:
    """True when ``position`` is kana in the middle of a verb, a pronoun … (not of a noun: 青|あざ)."""
    if not "ぁ" <= reading.normalised.text[position] <= "ん":
        return False
    before = bisect_right(reading.tokens, position, key=_start) - 1
    if before < 0:
        return False
    token = reading.tokens[before]
    return token.start < position < token.end and token.pos[0] in _WHOLE_WORDS


def _start(token: Token) -> int:
    return token.start


def _longest_first(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], -span[1]


@lru_cache(maxsize=8)
def _pairs(text: str) -> frozenset[str]:
    """Return the letters of ``text`` and its pairs of neighbouring letters."""
    return frozenset(text).union(text[i : i + 2] for i in range(len(text) - 1))


def _needles(pattern: str) -> frozenset[str]:
    return _needles_of(_PARSER.parse(pattern))


def _needles_of(items: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """Return letters or pairs, one of which every match contains; empty when none is certain."""
    candidates: list[frozenset[str]] = []
    run = ""
    for op, arg in [*items, (None, None)]:
        if str(op) == "LITERAL":
            run += chr(arg)
            continue
        if run:
            candidates.append(frozenset({run[:2]}))
            run = ""
        candidates.append(_needles_of_item(str(op), arg))
    certain = [candidate for candidate in candidates if candidate]
    if not certain:
        return frozenset()
    return max(certain, key=lambda needles: (min(map(len, needles)), -len(needles)))


def _needles_of_item(op: str, arg: Any) -> frozenset[str]:
    if op == "BRANCH":
        branches = [_needles_of(branch) for branch in arg[1]]
        return frozenset().union(*branches) if all(branches) else frozenset()
    if op == "SUBPATTERN":
        return _needles_of(arg[3])
    if op in ("MAX_REPEAT", "MIN_REPEAT"):
        return _needles_of(arg[2]) if arg[0] else frozenset()
    if op == "IN" and all(str(kind) == "LITERAL" for kind, _ in arg):
        return frozenset(chr(code) for _, code in arg)
    return frozenset()


def _may_fire(rule: Rule, reading: Reading) -> bool:
    if rule.none_note and _compiled(rule.none_note).search(reading.normalised.text):
        return False
    people = reading.people
    return person_fits(rule.person, people) and person_fits(rule.also_person, people)


def _has_company(rule: Rule, reading: Reading, number: int) -> bool:
    if not rule.with_:
        return True
    around = reading.normalised.text if rule.near == "note" else _around(reading, number, rule.near)
    return all(_compiled(group).search(around) for group in rule.with_)


def _settled(rule: Rule, reading: Reading, number: int) -> bool:
    if not rule.unless:
        return False
    return _compiled(rule.unless).search(_around(reading, number, _SETTLED_WITHIN)) is not None


def _around(reading: Reading, number: int, reach: int) -> str:
    """Return sentence ``number`` with ``reach`` sentences on either side."""
    first, last = max(0, number - reach), min(len(reading.ranges) - 1, number + reach)
    return reading.normalised.text[reading.ranges[first][0] : reading.ranges[last][1]]
