"""Step 4, qualify: does somebody in this household meet the conditions (対象要件)?

Three answers only: fits, does not fit, cannot tell yet.  What the note does not say is
never taken as a no.
"""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.models import Condition
from service.triage.models import Eligibility, Fact, Person

_Answer = bool | None


def check_eligibility(
    conditions: Sequence[Condition], people: Sequence[Person], facts: Sequence[Fact]
) -> Eligibility:
    """Return the verdict over all ``conditions``.

    A required condition that nobody meets gives ``does_not_fit``; a condition that the
    note leaves open, or that is only a rule of thumb and not met, gives ``unknown``; plain
    text conditions are shown and decide nothing.
    """
    if not any(c.fact for c in conditions):
        # Nothing a machine can check: say what is written, claim nothing.
        return Eligibility("unknown", (), tuple(c.text for c in conditions))
    answers = [(c, _answer(c, people, facts)) for c in conditions if c.fact is not None]
    excluded = [c for c, answer in answers if answer is False and c.required]
    open_ones = [c for c, answer in answers if answer is None]
    off_guide = [c for c, answer in answers if answer is False and not c.required]
    if excluded:
        return Eligibility(
            "does_not_fit", _codes(excluded), tuple(f"{c.text} を満たしません" for c in excluded)
        )
    if open_ones or off_guide:
        words = [f"{c.text} かどうか未確認" for c in open_ones]
        words += [f"目安（{c.text}）から外れます。窓口に確認" for c in off_guide]
        return Eligibility("unknown", _codes(open_ones + off_guide), tuple(words))
    words = [f"{c.text}{_who(c, people)}" for c, _ in answers]
    return Eligibility("fits", _codes([c for c, _ in answers]), tuple(words))


def _codes(conditions: list[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.fact for c in conditions if c.fact is not None))


def _answer(condition: Condition, people: Sequence[Person], facts: Sequence[Fact]) -> _Answer:
    if condition.fact == "age":
        return _age_answer(condition, people)
    value = next((fact.value for fact in facts if fact.code == condition.fact), None)
    if value is None:
        return None
    if condition.equals is not None:
        return bool(value) == condition.equals
    return (condition.min or 0) <= int(value) <= (10**9 if condition.max is None else condition.max)


def _age_answer(condition: Condition, people: Sequence[Person]) -> _Answer:
    """True when somebody's whole age range lies inside, False when everybody's lies outside."""
    known = [p for p in people if p.age_min is not None and p.age_max is not None]
    if any(_inside(condition, person) for person in known):
        return True
    if not known or len(known) < len(people):
        return None
    low, high = _limits(condition)
    if any((p.age_max or 0) >= low and (p.age_min or 0) <= high for p in known):
        return None
    return False


def _limits(condition: Condition) -> tuple[int, int]:
    return condition.min or 0, 200 if condition.max is None else condition.max


def _inside(condition: Condition, person: Person) -> bool:
    low, high = _limits(condition)
    return (
        person.age_min is not None
        and person.age_max is not None
        and (low <= person.age_min and person.age_max <= high)
    )


def _who(condition: Condition, people: Sequence[Person]) -> str:
    """Name the first person whose age meets an age condition: '（母（84歳））'."""
    if condition.fact != "age":
        return ""
    return next((f"（{p.label}）" for p in people if _inside(condition, p)), "")
