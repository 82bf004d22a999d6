"""Step 2c, red flags (緊急・通報): dangers and legal duties, by explicit rules alone.

``red_flags.yaml`` holds, for each flag, the words that raise it and the law, force,
recipient and phone that are shown.  Nothing that ranks can lower or hide one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from knowledge.models import RedFlagCode
from service.triage.models import Duty, Reading, RedFlag
from service.triage.rules import Match, Rule, find_matches, load_yaml, span_of


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


@lru_cache(maxsize=1)
def flag_rules() -> tuple[FlagRule, ...]:
    """Return the shipped rules, read once."""
    data = load_yaml(Path(__file__).with_name("red_flags.yaml"))
    return tuple(TypeAdapter(list[FlagRule]).validate_python(data))


def find_red_flags(
    reading: Reading, rules: tuple[FlagRule, ...], codes: tuple[RedFlagCode, ...]
) -> tuple[RedFlag, ...]:
    """Return the flags raised, in the order of the code list, each with its evidence."""
    by_code = {rule.code: rule for rule in rules}
    flags = []
    for code in codes:
        rule = by_code[code.code]
        holding = [
            match for r in rule.rules for match in find_matches(r, reading) if match.scope in r.scopes
        ]
        if holding:
            flags.append(_flag(code, rule, reading, holding))
    return tuple(flags)


def _flag(code: RedFlagCode, rule: FlagRule, reading: Reading, matches: list[Match]) -> RedFlag:
    ranges = sorted({(m.start, m.end) for m in matches})
    answer = rule.answer
    return RedFlag(
        code=code.code,
        label=code.label_ja,
        first_response=code.first_response_ja,
        duty=answer.duty,
        article=answer.article,
        recipient=answer.recipient,
        phone=answer.phone,
        ask=answer.ask,
        evidence=tuple(span_of(reading, *r) for r in ranges[:5]),
    )
