"""Step 2a, problems (課題): which troubles the note tells of, each with its words.

The rules are data in ``problem_rules/*.yaml``; each names the categories it calls for.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from service.triage.models import Denied, Problem, Reading
from service.triage.rules import Match, Rule, find_matches, load_yaml, span_of


class ProblemRule(BaseModel):
    """A trouble with its rules and the categories it calls for (weight 0–1 each)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    label: str
    categories: dict[str, float]
    rules: tuple[Rule, ...]


@lru_cache(maxsize=1)
def problem_rules() -> tuple[ProblemRule, ...]:
    """Return the shipped rules, read once, in the order of the files."""
    read = TypeAdapter(list[ProblemRule]).validate_python
    paths = sorted(Path(__file__).with_name("problem_rules").glob("*.yaml"))
    return tuple(rule for path in paths for rule in read(load_yaml(path)))


def find_problems(
    reading: Reading, rules: tuple[ProblemRule, ...]
) -> tuple[tuple[Problem, ...], tuple[Denied, ...]]:
    """Return the troubles that hold now, and those the note denies, tells as past or as others'.

    A trouble that is affirmed anywhere in the note is not listed as denied.
    """
    problems: list[Problem] = []
    denied: list[Denied] = []
    for rule in rules:
        matches = [(m, r) for r in rule.rules for m in find_matches(r, reading)]
        holding = [m for m, r in matches if m.scope in r.scopes]
        if holding:
            problems.append(_problem(rule, reading, holding))
        elif matches:
            match = matches[0][0]
            span = span_of(reading, match.start, match.end)
            denied.append(Denied(rule.code, rule.label, match.scope, tuple(rule.categories), span))
    problems.sort(key=lambda p: (p.evidence[0].start, p.code))
    return tuple(problems), tuple(denied)


def _problem(rule: ProblemRule, reading: Reading, matches: list[Match]) -> Problem:
    ranges = sorted({(m.start, m.end) for m in matches})
    evidence = tuple(span_of(reading, *r) for r in ranges[:3])
    sure = any(m.scope == "affirmed" for m in matches)
    return Problem(
        code=rule.code,
        label=rule.label,
        person=_whose(reading, min(matches, key=lambda m: m.start)),
        categories=tuple(rule.categories),
        weight=1.0 if sure else 0.6,
        evidence=evidence,
    )


def _whose(reading: Reading, match: Match) -> str:
    """Return the label of the person named last before the trouble in its sentence, else ''."""
    start, _ = reading.ranges[match.sentence]
    before = reading.normalised.text[start : match.start]
    named = [(before.rfind(person.role), person) for person in reading.people]
    place, person = max(named, key=lambda n: n[0], default=(-1, None))
    return person.label if person is not None and place >= 0 else ""
