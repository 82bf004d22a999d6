"""Where a note goes, and what is asked next."""

from __future__ import annotations

from datetime import date

import numpy as np

from knowledge.models import FactDefinition
from service.triage.models import (
    Assessment,
    ContactCard,
    Eligibility,
    Problem,
    Span,
    Suggestion,
)
from service.triage.questions import MOST, questions_to_ask
from service.triage.rank import order_categories
from service.triage.reading import read
from service.triage.route import decide_route

_SPAN = Span("", 0, 0)


def _card(rank: int, service_id: str, verdict: Eligibility) -> Suggestion:
    return Suggestion(
        rank, "x.y", "", service_id, "", "service", "municipal", 0.5, "", "", (), verdict,
        ContactCard("", "", "", "", ""), "", (), "", "", "open", "", date(2026, 1, 1), False,
    )  # fmt: skip


def _fact(code: str) -> FactDefinition:
    return FactDefinition(code=code, label=code, kind="bool", question=f"{code}?")


def test_the_fact_that_decides_the_top_of_the_list_is_asked_first() -> None:
    cards = (
        _card(1, "a", Eligibility("unknown", ("age",))),
        _card(2, "b", Eligibility("unknown", ("renting",))),
        _card(3, "c", Eligibility("unknown", ("renting",))),
    )
    asked = questions_to_ask((), cards, (_fact("age"), _fact("renting")), "refer")
    assert [q.fact for q in asked] == ["age", "renting"]
    assert asked[1].decides == ("b", "c")


def test_settled_eligibility_asks_nothing() -> None:
    cards = (_card(1, "a", Eligibility("fits", ("age",))),)
    assert questions_to_ask((), cards, (_fact("age"),), "refer") == ()


def test_too_thin_a_note_gets_the_opening_questions() -> None:
    asked = questions_to_ask((), (), (), "insufficient")
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


def test_categories_come_best_first_and_the_no_help_ones_last() -> None:
    ordered = [s.code for s in order_categories(_CODES, _SCORES, "refer", _nothing(), frozenset())]
    assert ordered[:12] == list(_CODES[:12])
    assert set(ordered[12:]) == {"none.other_dept", "none.insufficient"}


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
