"""Who can use it: fits, does not fit, cannot tell yet — never a guess."""

from __future__ import annotations

from knowledge.models import Condition
from service.triage.eligibility import check_eligibility
from service.triage.models import Fact, Person, Span

_NOWHERE = Span("", 0, 0)


def _person(role: str, age: int | None) -> Person:
    text = f"{age}歳" if age is not None else ""
    return Person(role, age, age, text, "unknown", _NOWHERE)


def _age(low: int | None, high: int | None, required: bool = True) -> Condition:
    return Condition(kind="age", text="年齢", fact="age", min=low, max=high, required=required)


def _fact(code: str, value: bool) -> Fact:
    return Fact(code, value, _NOWHERE)


def test_an_age_condition_is_met_by_anybody_in_the_household() -> None:
    people = (_person("長男", 52), _person("母", 84))
    verdict = check_eligibility([_age(65, None)], people, [])
    assert verdict.verdict == "fits"
    assert "母（84歳）" in verdict.text[0]


def test_a_required_age_that_nobody_has_excludes() -> None:
    verdict = check_eligibility([_age(15, 49)], (_person("本人", 72),), [])
    assert (verdict.verdict, verdict.deciding_facts) == ("does_not_fit", ("age",))


def test_an_unknown_age_is_asked_and_never_taken_as_a_no() -> None:
    verdict = check_eligibility([_age(15, 49)], (_person("本人", None),), [])
    assert (verdict.verdict, verdict.deciding_facts) == ("unknown", ("age",))


def test_one_person_of_unknown_age_leaves_the_question_open() -> None:
    people = (_person("母", 84), _person("孫", None))
    assert check_eligibility([_age(None, 17)], people, []).verdict == "unknown"


def test_a_range_that_straddles_the_limit_cannot_be_told() -> None:
    sixties = Person("本人", 60, 69, "60代", "male", _NOWHERE)
    assert check_eligibility([_age(65, None)], (sixties,), []).verdict == "unknown"


def test_a_rule_of_thumb_does_not_exclude() -> None:
    verdict = check_eligibility([_age(65, None, required=False)], (_person("夫", 58),), [])
    assert verdict.verdict == "unknown"
    assert "目安" in verdict.text[0]


def test_a_fact_that_is_known_decides() -> None:
    alone = Condition(
        kind="household", text="ひとり暮らし", fact="lives_alone", equals=True, required=True
    )
    assert check_eligibility([alone], (), [_fact("lives_alone", True)]).verdict == "fits"
    assert check_eligibility([alone], (), [_fact("lives_alone", False)]).verdict == "does_not_fit"
    assert check_eligibility([alone], (), []).verdict == "unknown"


def test_plain_text_conditions_are_shown_and_decide_nothing() -> None:
    text = Condition(kind="situation", text="送迎は町内のみ", required=True)
    verdict = check_eligibility([text], (), [])
    assert (verdict.verdict, verdict.text) == ("unknown", ("送迎は町内のみ",))


def test_a_record_without_conditions_claims_nothing() -> None:
    assert check_eligibility([], (), []).verdict == "unknown"
