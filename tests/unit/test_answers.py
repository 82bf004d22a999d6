"""Answers given at the desk: what they change, what they leave, and why a card is not higher."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.models import FactDefinition
from service.present import as_json
from service.triage.answers import (
    AnswerProblem,
    Answers,
    changes_between,
    check_answers,
    facts_with,
    people_with,
    shown_people,
)
from service.triage.models import Eligibility, Fact, Person, Span, Triage
from service.triage.triage import Desk, triage
from service.triage.why_not_higher import Standing, why_not_higher

TODAY = date(2026, 11, 24)
NOTE = "失業して家賃が払えない。電気も止まりそう。"
FACTS = (
    FactDefinition(code="age", label="年齢", kind="number", question="おいくつですか"),
    FactDefinition(code="renting", label="賃貸に住んでいる", kind="bool", question="賃貸ですか"),
)
_SPAN = Span("", 0, 0)
MOTHER = Person("母", 84, 84, "84歳", "female", _SPAN)
NEIGHBOUR = Person("近所の人", None, None, "", "unknown", _SPAN)
SELF = Person("本人", None, None, "", "male", _SPAN)
OPEN, FITS = Eligibility("unknown", ("renting",)), Eligibility("fits", ("renting",))
CLOSED = Eligibility("does_not_fit", ("renting",), ("賃貸の人 を満たしません",))


def ask(desk: Desk, answers: Answers) -> Triage:
    """The answer to the note, with these answers given at the desk."""
    return triage(desk, NOTE, TODAY, answers=answers)


def everything_but_time(answer: Triage) -> dict[str, object]:
    """The JSON of an answer, without how long it took."""
    return as_json(answer) | {"elapsed_ms": 0}


def test_without_answers_nothing_is_different(desk: Desk) -> None:
    plain = triage(desk, NOTE, TODAY)
    assert everything_but_time(ask(desk, {})) == everything_but_time(plain)
    assert (plain.answered, plain.changes) == ((), ())


def test_every_answerable_question_settles_what_it_said_it_would(desk: Desk) -> None:
    """Yes to each question in turn: its services are not 'cannot tell' because of it any more."""
    asked = [q for q in ask(desk, {}).questions if q.fact and q.kind == "bool"]
    assert asked
    for question in asked:
        answer = ask(desk, {question.fact: True})
        assert question.fact not in [q.fact for q in answer.questions]
        assert [said.fact for said in answer.answered] == [question.fact]
        assert answer.changes, question
        for card in answer.suggestions:
            if card.service_id in question.decides and card.eligibility.verdict == "unknown":
                assert question.fact not in card.eligibility.deciding_facts


def test_nobody_knows_is_an_answer_too_and_changes_nothing_but_the_questions(desk: Desk) -> None:
    before = ask(desk, {})
    fact = next(q.fact for q in before.questions if q.fact)
    after = ask(desk, {fact: None})
    assert after.suggestions == before.suggestions
    assert fact not in [q.fact for q in after.questions]
    assert [said.words for said in after.answered] == ["分からない"]
    assert after.changes == ()


def test_an_age_is_given_to_the_person_consulted_about(desk: Desk) -> None:
    answer = ask(desk, {"age": 38})
    assert [p.label for p in answer.people] == ["本人（38歳）"]
    assert answer.answered[0].words == "38歳"


def test_an_age_decides_without_those_whose_age_nobody_knows_but_shows_them() -> None:
    people = (MOTHER, SELF, NEIGHBOUR)
    assert [p.label for p in people_with({"age": 52}, people)] == ["本人（52歳）", "母（84歳）"]
    assert [p.label for p in shown_people({"age": 52}, people)] == [
        "母（84歳）", "本人（52歳）", "近所の人",
    ]  # fmt: skip


def test_of_the_note_and_an_answer_the_answer_counts_and_unknown_leaves_the_note() -> None:
    note = (Fact("renting", False, _SPAN), Fact("debt", True, _SPAN))
    assert [(f.code, f.value) for f in facts_with({"renting": True, "debt": None}, note)] == [
        ("debt", True), ("renting", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"nai": True}, "「nai」という事柄はありません"),
        ({"renting": 3}, "はい・いいえ・分からない"),
        ({"age": True}, "0〜120の数字"),
        ({"age": 121}, "0〜120の数字"),
        ({"age": -1}, "0〜120の数字"),
    ],
)
def test_what_cannot_be_an_answer_is_told_in_japanese(answers: Answers, words: str) -> None:
    with pytest.raises(AnswerProblem, match=words):
        check_answers(answers, FACTS)


def test_changes_tell_verdicts_first_then_moves_and_what_left_the_list() -> None:
    lines = changes_between(
        ["a", "b", "c"], {"a": OPEN, "b": OPEN, "c": OPEN},
        ["b", "c", "a"], {"a": CLOSED, "b": FITS, "c": OPEN},
        {"a": "あ", "b": "い", "c": "う"}, ["b", "c"],
    )  # fmt: skip
    assert lines == (
        "「い」の対象に合うと分かりました",
        "「あ」は対象外のおそれがあると分かりました",
        "「あ」が候補から外れました",
        "「い」が2番目から1番目に上がりました",
        "「う」が3番目から2番目に上がりました",
    )


def standing(name: str, score: float, verdict: Eligibility = OPEN, **parts: float) -> Standing:
    """Where a service stands, with these parts of its score."""
    every = {"読み取った課題": 0.0, "対象の要件": 0.0, "言葉の一致": 0.0} | parts
    return Standing(name, score, verdict, every, parts.get("読み取った課題", 0) > 0)


@pytest.mark.parametrize(
    ("this", "above", "words"),
    [
        (standing("下", 0.2, CLOSED), standing("上", 0.6), "対象外のおそれがあるため"),
        (standing("下", 0.9), standing("上", 0.6), "ほかに応える支援のない課題のため"),
        (standing("下", 0.5), standing("上", 0.5), "ほとんどありません"),
        (standing("下", 0.5), standing("上", 0.6, 言葉の一致=1.0), "同じ言葉が多く"),
        (standing("下", 0.5), standing("上", 0.6, 読み取った課題=1.0), "直接つながる課題を"),
        (
            standing("下", 0.5, 読み取った課題=1.0),
            standing("上", 0.6, 読み取った課題=2.0),
            "課題に強く当たる",
        ),
        (
            standing("下", 0.5),
            standing("上", 0.6, FITS, 対象の要件=1.0),
            "こちらは「賃貸に住んでいる」がまだ分からない",
        ),
    ],
)
def test_why_not_higher_names_what_really_weighed_most(
    this: Standing, above: Standing, words: str
) -> None:
    assert words in why_not_higher(this, above, {"renting": "賃貸に住んでいる"})


def test_every_card_but_the_first_says_why_it_is_not_higher(desk: Desk) -> None:
    first, *others = ask(desk, {}).suggestions
    assert first.why_not_higher == ""
    of_the_first = {c.service_id for c in others if c.category == first.category}
    assert all(c.why_not_higher for c in others if c.service_id not in of_the_first)
