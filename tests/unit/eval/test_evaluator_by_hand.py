"""Six cases small enough to score on paper: every metric of the contract, by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import Case, Prediction
from eval.metrics import METRICS, case_values, summarise, wilson

# id, primary, acceptable, red flags, denied | ranked, flags shown, route
ROWS = (
    ("1", "a b", "c", "", "", "a x b c", "", "refer"),
    ("2", "a", "", "dv", "", "x y z a", "dv", "refer"),
    ("3", "a b c", "", "dv suicide", "", "a x1 x2 x3 x4 b x5 x6 c", "dv", "refer"),
    ("4", "b", "a", "", "児童虐待", "a b", "child_abuse", "refer"),
    ("5", "none.other_dept", "", "", "", "none.other_dept", "", "other_department"),
    ("6", "none.insufficient", "", "", "", "a b", "", "refer"),
)
CASES = tuple(
    Case(
        id=row[0], note="相談。", primary=row[1].split(), acceptable=row[2].split(),
        red_flags=row[3].split(), negated=row[4].split(),
    )
    for row in ROWS
)  # fmt: skip
ANSWERS = {
    row[0]: Prediction.model_validate(
        {"id": row[0], "ranked": row[5].split(), "red_flags": row[6].split(), "route": row[7]}
    )
    for row in ROWS
}


def _log(*places: int) -> float:
    """The sum of the discounts at some places."""
    return sum(1 / math.log2(place + 1) for place in places)


# Over the cases 1 to 6, in this order.
BY_HAND = {
    # 1: both; 2: the 4th; 3: a alone; 4: the 2nd; 5: the way itself; 6: nothing
    "recall_primary@5": (1 + 1 + 1 / 3 + 1 + 1 + 0) / 6,
    # 3 finds b at 6 and c at 9 as well
    "recall_primary@10": (1 + 1 + 1 + 1 + 1 + 0) / 6,
    # 2 has it at 4
    "hit_primary@3": (1 + 0 + 1 + 1 + 1 + 0) / 6,
    # 3 has c at 9
    "all_primary@8": (1 + 1 + 0 + 1 + 1 + 0) / 6,
    # 1: 3 at 1 and 3, 1 at 4, ideal 3 3 1; 2: 3 at 4; 3: 3 at 1, 6, 9; 4: 1 at 1, 3 at 2
    "ndcg@10": (
        (3 * _log(1, 3) + _log(4)) / (3 * _log(1, 2) + _log(3))
        + _log(4)
        + _log(1, 6, 9) / _log(1, 2, 3)
        + (1 + 3 * _log(2)) / (3 + _log(2))
        + 1
        + 0
    )
    / 6,
    # 1: a b c of four; 2: a of four; 3: a of five; 4: both; 5: the one; 6: none of two
    "useful@5": (3 / 4 + 1 / 4 + 1 / 5 + 1 + 1 + 0) / 6,
    # dv, dv found; suicide missed
    "red_flag_recall": 2 / 3,
    # dv, dv right; child_abuse wrong
    "red_flag_precision": 2 / 3,
    # 1, 5, 6 stay calm of 1, 4, 5, 6
    "red_flag_specificity": 3 / 4,
    # 4 denies 児童虐待 and is shown child_abuse
    "negation_false_alarms": 1.0,
    # 5 right, 6 referred
    "route_accuracy": 1 / 2,
    # 1 to 4 are all referred
    "wrongly_turned_away": 0.0,
}


def totals(cases: tuple[Case, ...]) -> dict[str, float]:
    """The means of all metrics."""
    rows = {case.id: case_values(case, ANSWERS[case.id]) for case in cases}
    return {name: value.mean for name, value in summarise(cases, ANSWERS, rows).items()}


def test_every_metric_has_been_worked_out_by_hand() -> None:
    assert set(BY_HAND) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_of_the_six_cases_is_what_the_hand_says(metric: str) -> None:
    assert totals(CASES)[metric] == pytest.approx(BY_HAND[metric], abs=1e-12)


@given(st.permutations(CASES))
def test_the_order_of_the_cases_changes_no_total(shuffled: list[Case]) -> None:
    assert totals(tuple(shuffled)) == pytest.approx(totals(CASES), abs=1e-12)


@given(st.integers(1, 400), st.data())
def test_a_wilson_interval_holds_its_share_and_stays_between_zero_and_one(
    total: int, data: st.DataObject
) -> None:
    right = data.draw(st.integers(0, total))
    found = wilson(right, total)
    assert found is not None
    assert 0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1


@given(st.integers(1, 100), st.integers(2, 5))
def test_more_cases_with_the_same_share_make_a_wilson_interval_narrower(
    right: int, times: int
) -> None:
    few, many = wilson(right, right + 3), wilson(right * times, (right + 3) * times)
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low
