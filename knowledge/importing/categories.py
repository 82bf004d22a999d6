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
# kind: the row's kind.  not: words of a text whose row is no place of support.  name, text.
# broad: words of a text that count when nothing narrower is said (育児 beside 療育).
# office: names that say which office, not what it does.  list: words for the whole list.
Field = Literal["kind", "not", "name", "text", "broad", "office", "list"]
_FIELDS: tuple[Field, ...] = ("kind", "not", "name", "text", "broad", "office", "list")


@dataclass(frozen=True, slots=True)
class CategoryProposal:
    """A category for a row; ``sure`` when the kind itself says so, not only a neighbour."""

    category: str
    reason: str
    sure: bool


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    # A word that must stand in the row's text as well (グループホーム of the disabled, of the old).
    beside: str
    exact: bool
    proposals: tuple[CategoryProposal, ...]


_Proposals = tuple[CategoryProposal, ...]


def propose_categories(kind: str, name: str, *texts: str) -> _Proposals:
    """Return the categories the kind stands for; else those of the name; else of the text.

    A row's kind is the publisher's own word and decides alone (also that a row is no
    place of support: AED, 公衆トイレ, 避難所).  Words in a name or text that stand for a
    kind only ever make an unsure proposal, and the name of an office (市役所) counts
    only when the text does not say what the office does.
    """
    of_kind = _by_field("kind", kind, texts)
    if of_kind is not None:
        return of_kind
    text = fold(" ".join(texts)[:_READ_CHARS])
    if _any_of("not").search(text):
        return ()
    folded = fold(name)
    named = _by_name("name", folded, text) or _by_kind_in(folded, "名前から", text)
    # A remark of a word or two (備考: 公民館) is the kind in another column.
    short = _by_kind_in(text, "説明から", text) if len(text) <= _SHORT_CHARS else ()
    said = named or short or _by_text("text", text) or _by_text("broad", text)
    return said or _by_name("office", folded, text) or _by_text("list", text)


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


def _by_field(field: Field, words: str, texts: Iterable[str]) -> _Proposals | None:
    """Return what the narrowest fitting rule says; None when no rule fits."""
    for rule in _fitting(field, words):
        if not rule.beside or any(rule.beside in fold(text) for text in texts):
            return rule.proposals
    return None


@lru_cache(maxsize=16_384)
def _fitting(field: Field, words: str) -> tuple[_Rule, ...]:
    """Return the rules whose pattern the words hold, narrower ones first."""
    text = fold(words)
    return tuple(
        rule
        for rule in _rules(field)
        if (text == rule.pattern if rule.exact else rule.pattern in text)
    )


def _by_name(field: Field, name: str, text: str) -> _Proposals:
    return (_any_of(field).search(name) and _by_field(field, name, (text,))) or ()


def _by_kind_in(words: str, where: str, text: str) -> _Proposals:
    found = (_any_of("kind").search(words) and _by_field("kind", words, (text,))) or ()
    return tuple(CategoryProposal(p.category, f"{where}: {p.reason}", sure=False) for p in found)


def _by_text(field: Field, text: str) -> _Proposals:
    """Return the categories of at most three words found in the text, in the order of the rules."""
    words = set(_any_of(field).findall(text))
    found = [p for rule in _rules(field) if rule.pattern in words for p in rule.proposals]
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
    if field == "text":
        return tuple(rules)
    return tuple(sorted(rules, key=lambda rule: (-len(rule.pattern), not rule.beside)))


def _rule(row: Mapping[str, str]) -> _Rule:
    proposals = tuple(
        CategoryProposal(category, row["reason"], row["sure"] == "yes")
        for category in row["categories"].split(";")
        if category
    )
    pattern, _, beside = fold(row["pattern"]).partition("&")
    return _Rule(pattern, beside, row["match"] == "exact", proposals)


def known_rule_categories() -> frozenset[str]:
    """Return every category the shipped rules can propose (a test holds them to the catalogue)."""
    return frozenset(p.category for f in _FIELDS for r in _rules(f) for p in r.proposals)
