"""Agreement of two labellers, by hand."""

from __future__ import annotations

import pytest

from eval.agreement import agreement, flag_agreement, kappa
from eval.cases import Case


def test_kappa_by_hand() -> None:
    # Alike in 3 of 4; by chance 0.5*0.25 + 0.5*0.75 = 0.5; (0.75 - 0.5) / 0.5 = 0.5
    assert kappa([True, True, False, False], [True, False, False, False]) == pytest.approx(0.5)


def test_two_labellers_who_say_the_same_agree_wholly() -> None:
    same = [Case(id="1", note="母", primary=("a",), red_flags=("x",)), Case(id="2", note="父", primary=("b",))]  # fmt: skip
    found = agreement(same, same, ["a", "b", "c"])
    assert (found.kappa_primary, found.kappa_red_flags, found.recall_at_5) == (1.0, 1.0, 1.0)


def test_what_the_second_calls_acceptable_is_half_an_agreement() -> None:
    first = [Case(id="1", note="母", primary=("a", "b"))]
    second = [Case(id="1", note="母", primary=("a",), acceptable=("c",))]
    found = agreement(first, second, ["a", "b", "c"])
    assert (found.recall_at_5, found.primary_is_acceptable) == (0.5, 0.5)


def test_a_second_reader_is_scored_on_the_first_one_s_flags() -> None:
    first = [
        Case(id="1", note="母", red_flags=("x", "y")),
        Case(id="2", note="父", red_flags=("x",)),
        Case(id="3", note="兄"),
        Case(id="4", note="姉"),
    ]
    second = [
        Case(id="1", note="母", red_flags=("x",)),
        Case(id="2", note="父", red_flags=("x",)),
        Case(id="3", note="兄", red_flags=("y",)),
        Case(id="4", note="姉"),
    ]
    found = flag_agreement(first, second)
    assert found.recall
    assert found.specificity
    assert (found.notes, found.recall.mean, found.specificity.mean) == (4, pytest.approx(2 / 3), 0.5)  # fmt: skip
    # Alike in 6 of 8 judgements, 3 yeses each: by chance (9 + 25) / 64.
    assert found.kappa == pytest.approx((6 / 8 - 34 / 64) / (1 - 34 / 64))
