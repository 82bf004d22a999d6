"""Step 7a, what an answer would change: eligibility and order again, with the answer given.

Only what the answer touches is done again: the services whose conditions name the fact,
then the ranking.  Nothing is searched or embedded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from knowledge.models import FactDefinition, Service
from service.triage.eligibility import check_eligibility
from service.triage.models import Eligibility, Fact, Person, Span

# The bands that age conditions of the catalogue divide people into, as a desk would ask.
_AGE_BANDS = (
    ("18歳未満", 0, 17),
    ("18〜39歳", 18, 39),
    ("40〜64歳", 40, 64),
    ("65歳以上", 65, 120),
)
SELF = "本人"
# An answer has no place in the note.
SAID_BY_NOBODY = Span("", 0, 0)

Order = Callable[[Mapping[str, Eligibility]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One possible answer to the question about a fact, and the list that it would give.

    Answers are told by the fact (「生活費が足りない」), not as はい: a question may be put the other
    way round (「生活費は足りていますか」).
    """

    answer: str
    order: tuple[str, ...]
    verdicts: dict[str, Eligibility]


def outcomes_of(
    fact: FactDefinition,
    services: Mapping[str, Service],
    verdicts: Mapping[str, Eligibility],
    people: Sequence[Person],
    facts: Sequence[Fact],
    order: Order,
) -> tuple[Outcome, ...]:
    """Return what each answer to ``fact`` would lead to.

    ``services`` and ``verdicts`` are by category; ``order`` ranks the categories under
    given verdicts.  A number other than an age is not asked this way.
    """
    touched = [
        code for code, s in services.items() if any(c.fact == fact.code for c in s.eligibility)
    ]
    found = []
    for answer, new_people, new_facts in _answers(fact, people, facts):
        changed = dict(verdicts) | {
            code: check_eligibility(services[code].eligibility, new_people, new_facts)
            for code in touched
        }
        found.append(Outcome(answer, order(changed), changed))
    return tuple(found)


def _answers(
    fact: FactDefinition, people: Sequence[Person], facts: Sequence[Fact]
) -> list[tuple[str, Sequence[Person], Sequence[Fact]]]:
    if fact.code == "age":
        return [(name, with_age(people, low, high), facts) for name, low, high in _AGE_BANDS]
    if fact.kind != "bool":
        return []
    return [
        (name, people, (*facts, Fact(fact.code, value, SAID_BY_NOBODY)))
        for name, value in ((fact.label, True), ("そうでない", False))
    ]


def with_age(people: Sequence[Person], low: int, high: int, words: str = "") -> list[Person]:
    """Give the age to the person consulted about; others of unknown age are left out."""
    known = [p for p in people if p.age_min is not None and p.role != SELF]
    return [Person(SELF, low, high, words, "unknown", SAID_BY_NOBODY), *known]
