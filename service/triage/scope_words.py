"""The patterns of scope.yaml, compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_WORDS_FILE = Path(__file__).with_name("scope.yaml")
_NAME = re.compile("〈([^〉]+)〉")


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """The patterns of scope.yaml."""

    contrast: re.Pattern[str]
    between: re.Pattern[str]
    listable: frozenset[str]
    deny: re.Pattern[str]
    verb_deny: re.Pattern[str]
    verb_stem: re.Pattern[str]
    trouble_stem: re.Pattern[str]
    complete: re.Pattern[str]
    denied_after: re.Pattern[str]
    ability: re.Pattern[str]
    event: re.Pattern[str]
    undone: re.Pattern[str]
    negation: re.Pattern[str]
    absence_is_trouble: frozenset[str]
    list_closer: re.Pattern[str]
    double_supposed: re.Pattern[str]
    double_affirmed: re.Pattern[str]
    said_by: re.Pattern[str]
    said_by_official: re.Pattern[str]
    past_strong: re.Pattern[str]
    past_weak: re.Pattern[str]
    ongoing: re.Pattern[str]
    lasting: re.Pattern[str]
    past_after: re.Pattern[str]
    past_next: re.Pattern[str]
    supposed_before: re.Pattern[str]
    supposed_after: re.Pattern[str]
    other_before: re.Pattern[str]
    other_after: re.Pattern[str]
    reporting: re.Pattern[str]
    own_subject: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ScopeShapes:
    """The sentence shapes of scope.yaml; those that begin with ^ start right after the trouble."""

    overturned_affirmed: re.Pattern[str]
    overturned_supposed: re.Pattern[str]
    asked: re.Pattern[str]
    answered_no: re.Pattern[str]
    answered_yes: re.Pattern[str]
    denied: re.Pattern[str]
    past: re.Pattern[str]
    past_then: re.Pattern[str]
    past_since: re.Pattern[str]
    hypothetical: re.Pattern[str]
    if_only: re.Pattern[str]
    reported: re.Pattern[str]
    relapse: re.Pattern[str]
    duty_undone: re.Pattern[str]
    told_in_past: re.Pattern[str]
    recent: re.Pattern[str]
    still: re.Pattern[str]
    past_marks: re.Pattern[str]
    past_labels: re.Pattern[str]
    supposed: re.Pattern[str]
    supposed_labels: re.Pattern[str]
    supposed_marks: re.Pattern[str]
    other: re.Pattern[str]
    other_marks: re.Pattern[str]
    contrast_own: re.Pattern[str]
    at_us: re.Pattern[str]
    not_other: re.Pattern[str]


@lru_cache(maxsize=1)
def scope_words() -> ScopeWords:
    """Read scope.yaml once."""
    data: dict[str, Any] = yaml.safe_load(_WORDS_FILE.read_text(encoding="utf-8"))
    between, unfinished = data["between"], data["unfinished"]
    tokens = [*between["particles"], *between["nouns"], *between["verbs"]]
    return ScopeWords(
        contrast=_any_of(data["contrast"]),
        between=_any_of(sorted(tokens, key=len, reverse=True)),
        listable=frozenset([*between["nouns"], *data["list_closers"], "と", "や", "とか"]),
        deny=_any_of(data["deny"]),
        verb_deny=_any_of(data["verb_deny"]["endings"]),
        verb_stem=re.compile(data["verb_deny"]["after_words"]),
        trouble_stem=re.compile(data["verb_deny"]["after_trouble"]),
        denied_after=_any_of(data["denied_after"]),
        ability=re.compile(unfinished["ability"]),
        event=re.compile(unfinished["event"]),
        undone=_any_of(unfinished["undone"]),
        negation=re.compile(unfinished["negation"]),
        absence_is_trouble=frozenset(data["absence_is_trouble"]),
        complete=re.compile(data["complete"]),
        list_closer=_any_of(sorted(data["list_closers"], key=len, reverse=True)),
        double_supposed=_any_of(data["double_negation"]["supposed"]),
        double_affirmed=_any_of(data["double_negation"]["affirmed"]),
        said_by=_any_of(data["said_by"]),
        said_by_official=re.compile(data["said_by_official"]),
        past_strong=_any_of(data["past_before"]["strong"]),
        past_weak=_any_of(data["past_before"]["weak"]),
        ongoing=re.compile(data["ongoing"]),
        lasting=re.compile(data["lasting"]),
        past_after=_any_of(data["past_after"]),
        past_next=re.compile(data["past_next"]),
        supposed_before=_any_of(data["supposed_before"]),
        supposed_after=_any_of(data["supposed_after"]),
        other_before=_any_of(data["other_before"]),
        other_after=_any_of(data["other_after"]),
        reporting=re.compile(data["reporting"]),
        own_subject=re.compile(data["own_subject"]),
    )


@lru_cache(maxsize=1)
def scope_shapes() -> ScopeShapes:
    """Read the sentence shapes of scope.yaml once, 〈names〉 filled in from its vocabulary."""
    data: dict[str, Any] = yaml.safe_load(_WORDS_FILE.read_text(encoding="utf-8"))
    vocabulary: dict[str, str] = data["vocabulary"]

    def shape(written: str | list[str]) -> re.Pattern[str]:
        patterns = [written] if isinstance(written, str) else written
        return _any_of(_NAME.sub(lambda name: vocabulary[name[1]], p) for p in patterns)

    return ScopeShapes(
        overturned_affirmed=shape(data["overturned"]["affirmed"]),
        overturned_supposed=shape(data["overturned"]["supposed"]),
        asked=shape(data["answers"]["asked"]),
        answered_no=shape(data["answers"]["negative"]),
        answered_yes=shape(data["answers"]["positive"]),
        denied=shape(data["denied_shapes"]),
        past=shape(data["past_shapes"]),
        past_then=shape(data["past_then"]),
        past_since=shape(data["past_since"]),
        hypothetical=shape(data["hypothetical"]),
        if_only=shape(data["if_only"]),
        reported=shape(data["reported"]),
        relapse=shape(data["relapse"]),
        duty_undone=shape(data["duty_undone"]),
        told_in_past=shape(data["told_in_past"]),
        recent=shape(data["recent"]),
        still=shape(vocabulary["still"]),
        past_marks=shape(data["past_marks"]),
        past_labels=shape(data["past_labels"]),
        supposed=shape(data["supposed_shapes"]),
        supposed_labels=shape(data["supposed_labels"]),
        supposed_marks=shape(data["supposed_marks"]),
        other=shape(data["other_shapes"]),
        other_marks=shape(data["other_marks"]),
        contrast_own=shape(data["contrast_own"]),
        at_us=shape(data["at_us"]),
        not_other=shape(data["not_other"]),
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))
