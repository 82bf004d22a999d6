"""Step 2c, red flags (緊急・通報): dangers and legal duties, by explicit rules alone.

``red_flags.yaml`` holds, for each flag, the words that raise it and the law, force,
recipient and phone that are shown.  Nothing that ranks can lower or hide one.

The file has two parts: ``words``, named lists of ways to say one thing, and ``flags``,
whose patterns may use a list by its name: 「子を〈殴る〉」, as they may those of ``words.yaml``.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from knowledge.models import RedFlagCode
from service.triage.models import Duty, Reading, RedFlag, Span
from service.triage.rule_people import only_by_a_grandchild
from service.triage.rules import Match, Rule, find_matches, load_yaml, span_of

_NAMED = re.compile("〈([^〉]+)〉")
_REACH = 200  # characters after a danger in which the note may clear it up


class LegalAnswer(BaseModel):
    """What to do about a flag: force of the duty, article, recipient, phone, what to ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    duty: Duty
    article: str
    recipient: str
    phone: str
    ask: str = ""


class FlagRule(BaseModel):
    """One flag: its legal answer, the rules that raise it, the categories it leads to.

    No rule fires in a note that ``not_in`` fits (a 母 with a baby is no elder).
    ``cleared`` says in many ways that somebody looked into it and found nothing (「録画で確認、
    虐待の事実なし」): what the note told before does not count, what it tells after does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    answer: LegalAnswer
    categories: dict[str, float]
    rules: tuple[Rule, ...]
    not_in: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    @cached_property
    def clearings(self) -> tuple[re.Pattern[str], ...]:
        """The patterns of ``cleared``."""
        return tuple(re.compile(pattern) for pattern in self.cleared)

    @cached_property
    def strangers(self) -> tuple[re.Pattern[str], ...]:
        """The patterns of ``not_in``."""
        return tuple(re.compile(pattern) for pattern in self.not_in)

    def is_about(self, text: str) -> bool:
        """False when the note speaks only of people whom this flag does not protect."""
        return not any(pattern.search(text) for pattern in self.strangers)

    def is_cleared(self, text: str, start: int) -> bool:
        """True when the note says after ``start`` that nothing was found."""
        return any(pattern.search(text, start, start + _REACH) for pattern in self.clearings)


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
        _ = flag.clearings, flag.strangers
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
        if not rule.is_about(reading.normalised.text):
            continue
        ranges = sorted({(m.start, m.end) for r in rule.rules for m in _holding(rule, r, reading)})
        if ranges:
            evidence = tuple(span_of(reading, *r) for r in ranges[:5])
            flags.append(make_flag(code, rule.answer, evidence, "rule"))
    return tuple(flags)


def _holding(flag: FlagRule, rule: Rule, reading: Reading) -> tuple[Match, ...]:
    """Return where ``rule`` fires and the note neither clears it up nor means somebody else."""
    text = reading.normalised.text
    beside = "孫" if only_by_a_grandchild(rule.person, reading.people) else ""
    return tuple(
        match
        for match in find_matches(rule, reading)
        if match.scope in rule.scopes
        and beside in text[slice(*reading.ranges[match.sentence])]
        and not flag.is_cleared(text, match.end)
    )


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
