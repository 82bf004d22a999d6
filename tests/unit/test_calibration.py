"""Whether a shown probability means one, and what answering only when sure buys."""

from __future__ import annotations

import pytest

from eval.calibration import coverage_curve, reliability, wanted_route
from eval.cases import Case, Prediction
from eval.metrics import wilson


def _case(key: str, primary: str = "a", acceptable: str = "") -> Case:
    return Case(id=key, note="x", primary=tuple(primary.split()), acceptable=tuple(acceptable))


def _answer(key: str, ranked: str, scores: tuple[float, ...] | None) -> Prediction:
    return Prediction(id=key, ranked=tuple(ranked.split()), scores=scores)


def test_chances_that_come_true_as_often_as_they_say_have_no_error() -> None:
    """Four suggestions at 0.75, three of them right."""
    cases = [_case(str(n), "a", "bc" if n else "b") for n in range(2)]
    answers = {"0": _answer("0", "a x", (0.75, 0.75)), "1": _answer("1", "a b", (0.75, 0.75))}
    bins, error = reliability(cases, answers)
    assert [(b.count, b.chance, b.right) for b in bins] == [(4, 0.75, 0.75)]
    assert error == 0


def test_the_error_is_the_mean_gap_weighted_by_how_often_it_is_seen() -> None:
    cases = [_case("0")]
    bins, error = reliability(cases, {"0": _answer("0", "a x y z", (0.9, 0.9, 0.1, 0.1))})
    assert [(b.low, b.right) for b in bins] == [(0.1, 0.0), (0.9, 0.5)]
    assert error == pytest.approx((2 * 0.1 + 2 * 0.4) / 4)


def test_a_run_without_scores_has_no_calibration() -> None:
    answers = {"0": _answer("0", "a", None)}
    assert reliability([_case("0")], answers) == ([], 0.0)
    assert coverage_curve([_case("0")], answers) == []


def test_the_surest_cases_are_answered_first() -> None:
    """The sure half is right, the unsure half wrong."""
    cases = [_case(str(n)) for n in range(10)]
    answers = {
        str(n): _answer(str(n), "a" if n < 5 else "x", (0.9 if n < 5 else 0.3,)) for n in range(10)
    }
    curve = {point.coverage: point for point in coverage_curve(cases, answers)}
    assert (curve[0.5].hit_primary_at_3, curve[0.5].threshold, curve[0.5].count) == (1.0, 0.9, 5)
    assert (curve[1.0].hit_primary_at_3, curve[1.0].threshold) == (0.5, 0.3)


def test_the_route_wanted_follows_from_the_labels() -> None:
    assert wanted_route(_case("0", "none.other_dept")) == "other_department"
    assert wanted_route(_case("0", "none.insufficient")) == "insufficient"
    assert wanted_route(_case("0", "none.other_dept poverty.food")) == "refer"


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (95, 100, 0.888, 0.978)],
)
def test_wilson_intervals(right: int, total: int, low: float, high: float) -> None:
    """Against published values; at 0 and 1 the interval does not collapse."""
    found = wilson(right, total)
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)
    assert found.mean == right / total


def test_no_trial_no_share() -> None:
    assert wilson(0, 0) is None
