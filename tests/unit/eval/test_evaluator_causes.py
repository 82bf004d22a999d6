"""Why something was missed, on the real desk: each step is blamed when its truth would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from eval import causes
from eval.cases import Case, Prediction
from eval.causes import Cause, causes_of
from eval.remembered import LastNote, remembering
from eval.systems import make_system
from service.triage.features import FEATURES
from service.triage.models import Eligibility
from service.triage.triage import Desk, Examined, examine
from tests.fixtures.counting_embedder import CountingEmbedder

TODAY = date(2026, 6, 1)
NOTE = "母84が同じ話をくり返し、鍋を焦がした。"
RIGHT = "elderly.dementia_early"


def case(*primary: str, note: str = NOTE, flags: tuple[str, ...] = ()) -> Case:
    """A case with these right answers."""
    return Case(id="A", note=note, primary=primary, red_flags=flags)


def nothing() -> Prediction:
    """An answer that lacks everything."""
    return Prediction(id="A", ranked=())


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the note be examined with some columns of the right category set to a value."""

    def spoil(columns: dict[str, float], verdict: str = "", misread: bool = False) -> None:
        def examined(desk: Desk, note: str, today: date) -> Examined:
            found = examine(desk, note, today)
            features = found.features.copy()
            row = desk.codes.index(RIGHT)
            for name, value in columns.items():
                features[row, FEATURES.index(name)] = value
            verdicts = dict(found.verdicts)
            if verdict:
                verdicts[RIGHT] = Eligibility(
                    "does_not_fit", ("age",), ("65歳以上 を満たしません",)
                )
            assessment = replace(found.assessment, problems=()) if misread else found.assessment
            return replace(found, features=features, verdicts=verdicts, assessment=assessment)

        monkeypatch.setattr(causes, "examine", examined)

    return spoil


def only(desk: Desk, wanted: Case) -> Cause:
    """The one cause."""
    (found,) = causes_of(desk, wanted, nothing(), TODAY)
    return found


def test_what_is_shown_has_no_cause(desk: Desk) -> None:
    answer = Prediction(id="A", ranked=(RIGHT,))
    assert causes_of(desk, case(RIGHT), answer, TODAY) == ()


def test_a_trouble_that_was_not_read_is_the_reading(
    desk: Desk, spoiled: Callable[..., None]
) -> None:
    """With the trouble read, the category would be among the first five."""
    low = dict.fromkeys(FEATURES[:10], -4.0) | {"problem_best": 0.0, "problem_sum": 0.0}
    spoiled(low, misread=True)
    found = only(desk, case(RIGHT))
    assert (found.code, found.step) == (RIGHT, "reading")
    assert "読めていれば" in found.why
    assert found.place is not None
    assert found.place > 5


def test_a_household_that_was_shut_out_is_the_eligibility(
    desk: Desk, spoiled: Callable[..., None]
) -> None:
    spoiled({"eligibility": -30.0}, verdict="does_not_fit")
    found = only(desk, case(RIGHT))
    assert found.step == "eligibility"
    assert "65歳以上 を満たしません" in found.why


def test_a_category_that_a_signal_had_and_the_sum_lost_is_the_rank(
    desk: Desk, spoiled: Callable[..., None]
) -> None:
    spoiled({"denied": 12.0, "problem_best": 1.0})
    found = only(desk, case(RIGHT))
    assert found.step == "rank"
    assert "位だったが" in found.why


def test_a_category_that_no_signal_had_is_the_search(
    desk: Desk, spoiled: Callable[..., None]
) -> None:
    spoiled(dict.fromkeys(FEATURES[:11], -9.0) | {"problem_best": 1.0})
    assert only(desk, case(RIGHT)).step == "search"


def test_a_note_taken_for_another_section_is_the_route(desk: Desk) -> None:
    found = only(desk, case("none.insufficient"))
    assert found.step == "route"
    assert "情報不足" in found.why


def test_a_category_that_the_town_does_not_know_is_the_search(desk: Desk) -> None:
    assert only(desk, case("elsewhere.x")).why == "この町の目録にない分類"


def test_a_note_that_cannot_be_read_is_the_reading(desk: Desk) -> None:
    assert only(desk, case("poverty.food", note=" ")).step == "reading"


def test_an_unseen_flag_says_what_rules_and_model_made_of_it(desk: Desk) -> None:
    wanted = case(RIGHT, flags=("suicide",))
    (found,) = causes_of(desk, wanted, Prediction(id="A", ranked=(RIGHT,)), TODAY)
    assert (found.code, found.step, found.place) == ("suicide", "flag", None)
    assert "確からしさ 0." in found.why


def test_the_same_case_has_the_same_causes(desk: Desk) -> None:
    wanted = case("health.medical", "rights.kouken", "pref.backup")
    assert causes_of(desk, wanted, nothing(), TODAY) == causes_of(desk, wanted, nothing(), TODAY)
    assert np.isfinite(examine(desk, NOTE, TODAY).features).all()


def test_a_note_is_encoded_once_for_its_answer_and_its_causes() -> None:
    inner = CountingEmbedder()
    last = LastNote(inner)
    one = last.encode_note("母が泣く。", ((0, 5),))
    assert last.encode_note("母が泣く。", ((0, 5),)) is one
    last.encode_note("父が泣く。", ((0, 5),))
    last.encode_note("母が泣く。", ((0, 5),))
    assert inner.asked == ["母が泣く。", "父が泣く。", "母が泣く。"]


def test_a_desk_that_remembers_answers_as_the_desk_does(desk: Desk) -> None:
    system, remembered = (
        make_system("tsunagi", a_desk, TODAY) for a_desk in (desk, remembering(desk))
    )
    wanted = case(RIGHT)
    assert system(wanted) == remembered(wanted) == remembered(wanted)
