"""Step 2c, red flags (緊急・通報): dangers and legal duties, by explicit rules alone.

``red_flags.yaml`` holds, for each flag, the words that raise it and the law, force,
recipient and phone that are shown.  Nothing that ranks can lower or hide one.

The file has two parts: ``words``, named lists of ways to say one thing, and ``flags``,
whose patterns may use a list by its name: 「子を〈殴る〉」, as they may those of ``words.yaml``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from knowledge.models import RedFlagCode
from service.triage.models import Duty, Reading, RedFlag, Span
from service.triage.rules import Rule, find_matches, load_yaml, span_of

_NAMED = re.compile("〈([^〉]+)〉")


class LegalAnswer(BaseModel):
    """What to do about a flag: force of the duty, article, recipient, phone, what to ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    duty: Duty
    article: str
    recipient: str
    phone: str
    ask: str = ""


class FlagRule(BaseModel):
    """One flag: its legal answer, the rules that raise it, the categories it leads to."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    answer: LegalAnswer
    categories: dict[str, float]
    rules: tuple[Rule, ...]


class _RuleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    words: dict[str, tuple[str, ...]]
    flags: tuple[dict[str, object], ...]


@lru_cache(maxsize=1)
def flag_rules() -> tuple[FlagRule, ...]:
    """Return the shipped rules, read once."""
    data = _RuleFile.model_validate(load_yaml(Path(__file__).with_name("red_flags.yaml")))
    words: dict[str, str] = {}
    for name, patterns in data.words.items():  # a list may use the ones above it
        words[name] = "|".join(_spell_out(pattern, words) for pattern in patterns)
    flags = tuple(FlagRule.model_validate(_spell_out_all(flag, words)) for flag in data.flags)
    for flag in flags:
        for rule in flag.rules:
            rule.prepare()
    return flags


def _spell_out(pattern: str, words: dict[str, str]) -> str:
    """Put this file's words in; any other 〈…〉 is left for ``words.yaml`` (rules.py)."""

    def listed(name: re.Match[str]) -> str:
        return f"(?:{words[name[1]]})" if name[1] in words else name[0]

    return _NAMED.sub(listed, pattern)


def _spell_out_all(value: object, words: dict[str, str]) -> object:
    if isinstance(value, str):
        return _spell_out(value, words)
    if isinstance(value, list):
        return [_spell_out_all(item, words) for item in value]
    if isinstance(value, dict):
        return {key: _spell_out_all(item, words) for key, item in value.items()}
    return value


def find_red_flags(
    reading: Reading, rules: tuple[FlagRule, ...], codes: tuple[RedFlagCode, ...]
) -> tuple[RedFlag, ...]:
    """Return the flags raised, in the order of the code list, each with its evidence."""
    by_code = {rule.code: rule for rule in rules}
    flags = []
    for code in codes:
        rule = by_code[code.code]
        holding = [
            match
            for r in rule.rules
            for match in find_matches(r, reading)
            if match.scope in r.scopes
        ]
        if holding:
            ranges = sorted({(m.start, m.end) for m in holding})
            evidence = tuple(span_of(reading, *r) for r in ranges[:5])
            flags.append(make_flag(code, rule.answer, evidence, "rule"))
    return tuple(flags)


def make_flag(
    code: RedFlagCode,
    answer: LegalAnswer,
    evidence: tuple[Span, ...],
    source: Literal["rule", "model"],
) -> RedFlag:
    """Return the flag of ``code`` with its legal answer and the words that it rests on."""
    return RedFlag(
        code=code.code,
        label=code.label_ja,
        first_response=code.first_response_ja,
        duty=answer.duty,
        article=answer.article,
        recipient=answer.recipient,
        phone=answer.phone,
        ask=answer.ask,
        evidence=evidence,
        source=source,
    )
