"""Where a note goes, and what is asked next."""

from __future__ import annotations

from datetime import date

import numpy as np

from knowledge.models import Condition, FactDefinition, Service
from service.triage.models import Assessment, Eligibility, Problem, Question, Route, Span
from service.triage.questions import MOST, open_facts_of, questions_to_ask
from service.triage.rank import order_categories
from service.triage.reading import read
from service.triage.route import decide_route
from service.triage.what_if import Outcome, outcomes_of

_SPAN = Span("", 0, 0)


def _fact(code: str) -> FactDefinition:
    return FactDefinition(code=code, label=code, kind="bool", question=f"{code}?")


_OPEN = Eligibility("unknown", ())
_FITS = Eligibility("fits", ())
_CLOSED = Eligibility("does_not_fit", ())
_NAMES = {code: (f"id.{code}", f"サービス{code}") for code in "abc"}


def _ask(outcomes: dict[str, tuple[Outcome, ...]], route: Route = "refer") -> tuple[Question, ...]:
    verdicts = dict.fromkeys("abc", _OPEN)
    facts = tuple(_fact(code) for code in outcomes)
    return questions_to_ask((), tuple("abc"), verdicts, outcomes, facts, _NAMES, route)


def _outcome(answer: str, order: str, **changed: Eligibility) -> Outcome:
    return Outcome(answer, tuple(order), dict.fromkeys("abc", _OPEN) | changed)


def test_the_fact_that_changes_the_top_of_the_list_is_asked_first() -> None:
    asked = _ask(
        {
            "low": (_outcome("はい", "abc", c=_FITS), _outcome("いいえ", "abc")),
            "high": (_outcome("はい", "abc", a=_FITS), _outcome("いいえ", "bca", a=_CLOSED)),
        }
    )
    assert [q.fact for q in asked] == ["high", "low"]
    assert asked[0].decides == ("id.a",)
    assert asked[0].effects == (
        "「はい」→ 「サービスa」の対象に合います",
        "「いいえ」→ 「サービスa」は対象外です",
    )


def test_an_answer_that_changes_nothing_is_not_asked_for() -> None:
    assert _ask({"idle": (_outcome("はい", "abc"), _outcome("いいえ", "abc"))}) == ()


def test_only_open_facts_of_services_near_the_top_are_tried() -> None:
    verdicts = {
        "a": Eligibility("fits", ("age",)),
        "b": Eligibility("unknown", ("renting", "age")),
        "z": Eligibility("unknown", ("debt",)),
    }
    order = ("a", "b", *(f"x{i}" for i in range(10)), "z")
    assert open_facts_of(order, verdicts) == ("renting", "age")


def test_every_answer_is_tried_on_the_services_it_touches() -> None:
    """A yes opens the service, a no closes it, the order follows; others stay as they are."""
    condition = Condition(
        kind="residence", text="賃貸の人", fact="renting", equals=True, required=True
    )
    services = {"a": _service("a", (condition,)), "b": _service("b", ())}
    verdicts = {"a": Eligibility("unknown", ("renting",)), "b": _OPEN}
    yes, no = outcomes_of(
        _fact("renting"), services, verdicts, (), (),
        lambda v: ("a", "b") if v["a"].verdict != "does_not_fit" else ("b", "a"),
    )  # fmt: skip
    assert (yes.answer, yes.verdicts["a"].verdict, yes.order) == ("renting", "fits", ("a", "b"))
    assert (no.answer, no.verdicts["a"].verdict, no.order) == (
        "そうでない",
        "does_not_fit",
        ("b", "a"),
    )
    assert yes.verdicts["b"] is _OPEN


def test_an_unknown_age_is_tried_in_the_bands_that_laws_divide_people_into() -> None:
    condition = Condition(kind="age", text="65歳以上", fact="age", min=65, required=True)
    age = FactDefinition(code="age", label="年齢", kind="number", question="?")
    found = outcomes_of(
        age, {"a": _service("a", (condition,))}, {"a": _OPEN}, (), (), lambda v: ("a",)
    )
    assert [(o.answer, o.verdicts["a"].verdict) for o in found] == [
        ("18歳未満", "does_not_fit"),
        ("18〜39歳", "does_not_fit"),
        ("40〜64歳", "does_not_fit"),
        ("65歳以上", "fits"),
    ]


def _service(category: str, conditions: tuple[Condition, ...]) -> Service:
    return Service.model_construct(id=category, category=category, eligibility=conditions)


def test_too_thin_a_note_gets_the_opening_questions() -> None:
    asked = _ask({}, "insufficient")
    assert 2 <= len(asked) <= MOST
    assert all(q.text for q in asked)


_THREE = ("s.a", "none.other_dept", "none.insufficient")


def _route(note: str, scores: tuple[float, float, float], *problems: Problem) -> str:
    reading = read(note, date(2026, 11, 24))
    return decide_route(reading, _nothing(*problems), _THREE, np.array(scores, np.float32))


def test_silence_where_nothing_fits() -> None:
    assert _route("海外で買った古時計を鑑定してほしい。", (0.05, 0.04, 0.01)) == "none"


def test_a_trouble_that_was_read_is_never_met_with_silence() -> None:
    problem = _problem("p", "s.a")
    assert _route("海外で買った古時計を鑑定してほしい。", (0.05, 0.01, 0.01), problem) == "refer"


def test_the_stronger_of_the_no_welfare_readings_says_the_way() -> None:
    assert _route("犬の登録を消したい。", (0.2, 0.6, 0.1)) == "other_department"
    assert _route("きのうの件でお願いします。", (0.2, 0.1, 0.6)) == "insufficient"
    assert _route("家賃が払えず犬の登録も消したい。", (0.8, 0.3, 0.1)) == "refer"


def _problem(code: str, *categories: str) -> Problem:
    return Problem(code, code, "", categories, 1.0, (_SPAN,))


def _nothing(*problems: Problem) -> Assessment:
    return Assessment(problems, (), (), ())


_CODES = (*(f"s.c{i:02}" for i in range(12)), "none.other_dept", "none.insufficient")
_SCORES = np.linspace(0.9, 0.1, len(_CODES)).astype(np.float32)


def test_categories_come_best_first_and_the_no_help_ones_below_their_score() -> None:
    """A close call between a help and an errand for another section shows both."""
    ordered = [s.code for s in order_categories(_CODES, _SCORES, "refer", _nothing(), frozenset())]
    assert [code for code in ordered if code in _CODES[:12]] == list(_CODES[:12])
    assert set(ordered[12:]) == {"none.other_dept", "none.insufficient"}
    close = _SCORES.copy()
    close[12] = 0.9
    close_order = order_categories(_CODES, close, "refer", _nothing(), frozenset())
    place = [s.code for s in close_order].index("none.other_dept")
    assert 0 < place < 10


def test_a_service_closed_to_the_household_sinks() -> None:
    ordered = order_categories(_CODES, _SCORES, "refer", _nothing(), frozenset({"s.c00"}))
    assert ordered[0].code == "s.c01"
    assert "s.c00" in [s.code for s in ordered]


def test_every_trouble_is_covered_within_the_first_eight() -> None:
    problems = _nothing(_problem("p", "s.c00"), _problem("q", "s.c11"))
    ordered = [s.code for s in order_categories(_CODES, _SCORES, "refer", problems, frozenset())]
    assert "s.c11" in ordered[:8]
    assert ordered[:7] == list(_CODES[:7])


def test_another_sections_errand_puts_that_section_first() -> None:
    ordered = order_categories(_CODES, _SCORES, "other_department", _nothing(), frozenset())
    assert ordered[0].code == "none.other_dept"
