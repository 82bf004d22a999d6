"""Proposing service categories (支援分野) for a row, each with its reason; the keeper confirms."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from knowledge.importing.form import CategoryRule
from knowledge.importing.text import fold

_RULES = Path(__file__).parent / "words" / "kinds.csv"
_READ_CHARS = 2_000
_SHORT_CHARS = 30
Field = Literal["kind", "name", "text"]


@dataclass(frozen=True, slots=True)
class CategoryProposal:
    """A category for a row; ``sure`` when the kind itself says so, not only a neighbour."""

    category: str
    reason: str
    sure: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    exact: bool
    proposals: tuple[CategoryProposal, ...]


def propose_categories(kind: str, name: str, text: str) -> tuple[CategoryProposal, ...]:
    """Return the categories the kind stands for; else those of the name; else of the text.

    A row's kind is the publisher's own word and decides alone (also that a row is no
    place of support: AED, 公衆トイレ).  Words in a name or text that stand for a kind
    only ever make an unsure proposal.
    """
    of_kind = _by_field("kind", fold(kind))
    if of_kind is not None:
        return of_kind
    folded = fold(name)
    named = _by_name(folded) or _by_kind_in(folded, "名前から")
    # A remark of a word or two (備考: 公民館) is the kind in another column.
    short = _by_kind_in(fold(text), "説明から") if len(text) <= _SHORT_CHARS else ()
    return named or short or _by_text(text)


def rules_of_form(
    rules: Iterable[CategoryRule], cells: Mapping[str, str]
) -> tuple[CategoryProposal, ...]:
    """Return what the keeper's own rules of a mapping say about a row (header → cell)."""
    return tuple(
        CategoryProposal(rule.category, _said(rule), sure=True)
        for rule in rules
        if not rule.column or rule.contains in cells.get(rule.column, "")
    )


def _said(rule: CategoryRule) -> str:
    if not rule.column:
        return "列の対応表で、すべての行に決めてある"
    return f"列の対応表: 「{rule.column}」に「{rule.contains}」がある"


@lru_cache(maxsize=16_384)
def _by_field(field: Field, text: str) -> tuple[CategoryProposal, ...] | None:
    if not text:
        return None
    for rule in _rules(field):
        if text == rule.pattern if rule.exact else rule.pattern in text:
            return rule.proposals
    return None


def _by_name(name: str) -> tuple[CategoryProposal, ...]:
    return (_any_of("name").search(name) and _by_field("name", name)) or ()


def _by_kind_in(text: str, where: str) -> tuple[CategoryProposal, ...]:
    found = (_any_of("kind").search(text) and _by_field("kind", text)) or ()
    return tuple(CategoryProposal(p.category, f"{where}: {p.reason}", sure=False) for p in found)


def _by_text(text: str) -> tuple[CategoryProposal, ...]:
    """Return the categories of at most three words found in the text, in the order of the rules."""
    folded = fold(text[:_READ_CHARS])
    words = set(_any_of("text").findall(folded))
    found = [p for rule in _rules("text") if rule.pattern in words for p in rule.proposals]
    once = {proposal.category: proposal for proposal in reversed(found)}
    return tuple(proposal for proposal in reversed(once.values()))[:3]


@cache
def _any_of(field: Field) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(rule.pattern) for rule in _rules(field)))


@cache
def _rules(field: Field) -> tuple[_Rule, ...]:
    """Return the shipped rules of one field: longer words first, so that the narrower one wins."""
    with _RULES.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["field"] == field]
    rules = [_rule(row) for row in rows]
    # In a text every word counts, in the order of the file.
    return tuple(rules if field == "text" else sorted(rules, key=lambda r: -len(r.pattern)))


def _rule(row: Mapping[str, str]) -> _Rule:
    proposals = tuple(
        CategoryProposal(category, row["reason"], row["sure"] == "yes")
        for category in row["categories"].split(";")
        if category
    )
    return _Rule(fold(row["pattern"]), row["match"] == "exact", proposals)


def known_rule_categories() -> frozenset[str]:
    """Return every category the shipped rules can propose (a test holds them to the catalogue)."""
    fields: tuple[Field, ...] = ("kind", "name", "text")
    return frozenset(p.category for f in fields for r in _rules(f) for p in r.proposals)
