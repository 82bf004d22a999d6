"""Agreement of two labellers, by hand."""

from __future__ import annotations

import pytest

from eval.agreement import agreement, kappa
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
