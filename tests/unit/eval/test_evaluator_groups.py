"""Slices held against each other, and red flags one by one."""

from __future__ import annotations

import pytest

from eval.cases import Case, Prediction
from eval.fairness import fairness_gaps
from eval.flag_table import flag_rows
from eval.metrics import Values, wilson


def graded(**shares: tuple[int, int]) -> tuple[list[Case], dict[str, Values]]:
    """Cases by voice: how many, and how many of them are found."""
    cases: list[Case] = []
    rows: dict[str, Values] = {}
    for voice, (count, found) in shares.items():
        for n in range(count):
            case = Case(id=f"{voice}{n}", note="", primary=["a.b"], voice=voice)
            cases.append(case)
            rows[case.id] = {"recall_primary@5": float(n < found)}
    return cases, rows


def test_the_gap_is_best_minus_worst_among_groups_of_twenty() -> None:
    """The small group, though worse, says nothing yet."""
    cases, rows = graded(phone=(40, 40), nurse=(20, 10), typo=(19, 0))
    gap = next(g for g in fairness_gaps(cases, rows) if g.slice == "voice")
    assert (gap.groups, gap.best, gap.worst, gap.gap) == (2, "phone", "nurse", 0.5)
    assert 0.2 < gap.low < 0.5 < gap.high < 0.8
    assert gap.gap > gap.by_chance


def test_equal_groups_show_a_gap_no_larger_than_chance_makes() -> None:
    cases, rows = graded(phone=(30, 20), nurse=(30, 21), typo=(30, 19))
    gap = next(g for g in fairness_gaps(cases, rows) if g.slice == "voice")
    assert gap.gap == pytest.approx(2 / 30)
    assert gap.gap <= gap.by_chance


def test_one_large_group_has_no_gap_and_the_order_of_cases_no_say() -> None:
    cases, rows = graded(phone=(40, 40), nurse=(5, 0))
    assert [g.slice for g in fairness_gaps(cases, rows)] == []
    cases, rows = graded(phone=(30, 25), nurse=(30, 20))
    gap = next(g for g in fairness_gaps(cases, rows) if g.slice == "voice")
    again = next(g for g in fairness_gaps(cases[::-1], rows) if g.slice == "voice")
    assert (gap.gap, gap.best, gap.worst) == pytest.approx((again.gap, again.best, again.worst))


def test_each_flag_has_its_four_counts_and_three_shares() -> None:
    """dv: found, missed, wrong, quiet, quiet."""
    table = (("dv", "dv"), ("dv", ""), ("", "dv"), ("", ""), ("suicide", "suicide"))
    cases = [Case(id=str(n), note="", red_flags=w.split()) for n, (w, _) in enumerate(table)]
    answers = {
        str(n): Prediction(id=str(n), ranked=(), red_flags=tuple(shown.split()))
        for n, (_, shown) in enumerate(table)
    }
    dv, suicide = flag_rows(cases, answers)
    assert (dv.code, dv.found, dv.missed, dv.wrong, dv.quiet) == ("dv", 1, 1, 1, 2)
    assert (dv.recall, dv.precision, dv.specificity) == (wilson(1, 2), wilson(1, 2), wilson(2, 3))
    assert (suicide.found, suicide.quiet, suicide.precision) == (1, 4, wilson(1, 1))
