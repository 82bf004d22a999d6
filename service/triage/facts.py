"""Step 2b, facts: what the note already says about age, household, income, certificates.

The rules are data in ``facts.yaml``; a fact the note does not mention stays unknown.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from service.triage.models import Fact, Reading
from service.triage.rules import Rule, find_matches, load_yaml, span_of


class FactRule(BaseModel):
    """How one yes/no fact is read: rules that say yes and rules that say no.

    A denied match of ``yes`` says no as well, when ``denied_means_no``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    fact: str
    yes: tuple[Rule, ...] = ()
    no: tuple[Rule, ...] = ()
    denied_means_no: bool = True


@lru_cache(maxsize=1)
def fact_rules() -> tuple[FactRule, ...]:
    """Return the shipped rules, read once."""
    data = load_yaml(Path(__file__).with_name("facts.yaml"))
    return tuple(TypeAdapter(list[FactRule]).validate_python(data))


def find_facts(reading: Reading, rules: tuple[FactRule, ...]) -> tuple[Fact, ...]:
    """Return the yes/no facts that the note settles, at most one per code; yes wins."""
    facts = []
    for rule in rules:
        fact = _settle(rule, reading)
        if fact is not None:
            facts.append(fact)
    return tuple(facts)


def _settle(rule: FactRule, reading: Reading) -> Fact | None:
    yes = [m for r in rule.yes for m in find_matches(r, reading)]
    no = [m for r in rule.no for m in find_matches(r, reading) if m.scope != "denied"]
    holding = [m for m in yes if m.scope == "affirmed"]
    if rule.denied_means_no:
        no += [m for m in yes if m.scope == "denied"]
    for matches, value in ((holding, True), (no, False)):
        if matches:
            return Fact(rule.fact, value, span_of(reading, matches[0].start, matches[0].end))
    return None
