"""Answers that the desk gave to the questions: they stand beside what the note says.

An answer speaks of a fact of the catalogue and only touches eligibility, so nothing is
searched or embedded again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from knowledge.models import FactDefinition
from service.triage.models import Eligibility, Fact, Person, Said
from service.triage.note import NoteProblem
from service.triage.questions import kind_of
from service.triage.what_if import SAID_BY_NOBODY, SELF, with_age

# Fact code → yes/no, a number, or None for "asked, and nobody knows".
Answers = Mapping[str, bool | int | None]
NONE: Answers = MappingProxyType({})
MAX_AGE = 120
_MAX_NUMBER = 1_000_000_000
# A change further down is nothing that a desk would look for.
_LOOKED_AT = 8
_MOST_LINES = 6
_NOW = {
    "fits": "の対象に合うと分かりました",
    "does_not_fit": "は対象外のおそれがあると分かりました",
    "unknown": "は、対象かどうかがまだ分からなくなりました",
}


class AnswerProblem(NoteProblem):
    """An answer that cannot be used; the message (Japanese) says what to do."""


def check_answers(answers: Answers, facts: Sequence[FactDefinition]) -> None:
    """Raise :class:`AnswerProblem` for a fact that is not in the catalogue or a value out of it."""
    known = {fact.code: fact for fact in facts}
    for code, value in answers.items():
        if code not in known:
            raise AnswerProblem(
                f"「{code[:80]}」という事柄はありません。画面を開き直してください。"
            )
        if not fits_kind(value, known[code]):
            raise AnswerProblem(f"「{known[code].label}」の答えは、{value_wanted(known[code])}。")


def fits_kind(value: bool | int | None, fact: FactDefinition) -> bool:
    """Tell whether the value is one that the fact may have; None always is."""
    if value is None:
        return True
    if fact.kind == "bool":
        return isinstance(value, bool)
    most = MAX_AGE if fact.code == "age" else _MAX_NUMBER
    return not isinstance(value, bool) and 0 <= value <= most


def value_wanted(fact: FactDefinition) -> str:
    """Return how the fact is to be answered, as the end of a sentence."""
    if fact.kind == "bool":
        return "はい・いいえ・分からない のどれかにしてください"
    limit = f"0〜{MAX_AGE}の" if fact.code == "age" else "0以上の"
    return f"{limit}数字で入れてください"


def people_with(answers: Answers, people: Sequence[Person]) -> tuple[Person, ...]:
    """Return the people whose ages decide, after the answers; see :func:`with_age`."""
    age = answers.get("age")
    if age is None:
        return tuple(people)
    return tuple(with_age(people, int(age), int(age), f"{int(age)}歳"))


def shown_people(answers: Answers, people: Sequence[Person]) -> tuple[Person, ...]:
    """Return everybody the note speaks of, the person consulted about with the age answered."""
    age = answers.get("age")
    if age is None:
        return tuple(people)
    known = {"age_min": int(age), "age_max": int(age), "age_text": f"{int(age)}歳"}
    if any(p.role == SELF for p in people):
        return tuple(replace(p, **known) if p.role == SELF else p for p in people)  # type: ignore[arg-type]  # one mapping of two types
    return (*people_with(answers, ())[:1], *people)


def facts_with(answers: Answers, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts of the note and the answers; of one fact in both, the answer."""
    given = [
        Fact(code, value, SAID_BY_NOBODY)
        for code, value in answers.items()
        if value is not None and code != "age"
    ]
    return (*(f for f in facts if answers.get(f.code) is None), *given)


def said(answers: Answers, facts: Sequence[FactDefinition]) -> tuple[Said, ...]:
    """Return the answers in words, in the order of the catalogue."""
    return tuple(
        Said(
            f.code,
            f.question,
            f.label,
            kind_of(f),
            answers[f.code],
            value_words(answers[f.code], f),
        )
        for f in facts
        if f.code in answers
    )


def value_words(value: bool | int | None, fact: FactDefinition) -> str:
    """Return はい / いいえ / 分からない to the fact's label, or the number."""
    if value is None:
        return "分からない"
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    return f"{value}歳" if fact.code == "age" else str(value)


def changes_between(
    before: Sequence[str],
    verdicts_before: Mapping[str, Eligibility],
    after: Sequence[str],
    verdicts: Mapping[str, Eligibility],
    names: Mapping[str, str],
    shown: Collection[str],
) -> tuple[str, ...]:
    """Say what the answers made of the list, in plain lines, what matters most first.

    ``before`` and ``after`` are all categories in order, ``shown`` those on the screen now.
    """
    near = [code for code in after if code in {*before[:_LOOKED_AT], *after[:_LOOKED_AT]}]
    settled = [
        f"「{names[code]}」{_NOW[verdicts[code].verdict]}"
        for code in near
        if code in verdicts and verdicts[code].verdict != verdicts_before[code].verdict
    ]
    moved = sorted(
        (code for code in near if before.index(code) != after.index(code)),
        key=lambda code: -abs(1 / (before.index(code) + 1) - 1 / (after.index(code) + 1)),
    )
    lines = settled + [_move(code, before, after, names, shown) for code in moved]
    return tuple(lines[:_MOST_LINES])


def _move(
    code: str,
    before: Sequence[str],
    after: Sequence[str],
    names: Mapping[str, str],
    shown: Collection[str],
) -> str:
    old, new = before.index(code) + 1, after.index(code) + 1
    if code not in shown:
        return f"「{names[code]}」が候補から外れました"
    return f"「{names[code]}」が{old}番目から{new}番目に{'上' if new < old else '下'}がりました"
