"""Two runs on the same cases: the test, its correction, and which cases changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from eval.cases import Case, CaseProblem, Prediction
from eval.compare import compare_runs, holm, randomisation_p
from eval.run import Run


def a_run(name: str, ranked: list[str], flags: str = "", notes: str = "相談") -> Run:
    """A run over as many cases as there are answers; a is right in each."""
    cases = tuple(
        Case(id=str(n), note=notes, primary=["a"], red_flags=[]) for n in range(len(ranked))
    )
    answers = {
        case.id: Prediction(id=case.id, ranked=words.split(), red_flags=flags.split())
        for case, words in zip(cases, ranked, strict=True)
    }
    return Run(name, cases, answers, {})


def pairs_of(base: list[float], other: list[float]) -> np.ndarray:
    """Rows of plain means: each case counts once."""
    ones = np.ones(len(base))
    return np.stack([np.array(base), ones, np.array(other), ones], axis=1)


def test_three_wins_of_three_have_a_p_of_a_quarter_by_hand() -> None:
    """Of the 8 ways to swap, two are as extreme: none and all."""
    assert randomisation_p(pairs_of([0, 0, 0, 1], [1, 1, 1, 1])) == 2 / 8


def test_few_pairs_are_tried_in_every_way_as_scipy_does() -> None:
    draw = np.random.default_rng(4)
    base, other = draw.random(10), draw.random(10)
    theirs = permutation_test(
        (other, base), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=np.inf,
    )  # fmt: skip
    assert randomisation_p(pairs_of(list(base), list(other))) == pytest.approx(theirs.pvalue)


def test_many_pairs_are_drawn_and_agree_with_scipy() -> None:
    draw = np.random.default_rng(5)
    base = draw.random(120)
    other = np.clip(base + draw.normal(0.03, 0.2, 120), 0, 1)
    theirs = permutation_test(
        (other, base), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples",
        vectorized=True, n_resamples=20_000, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert randomisation_p(pairs_of(list(base), list(other))) == pytest.approx(
        theirs.pvalue, abs=0.02
    )


def test_the_holm_correction_of_a_known_example() -> None:
    """0.01 x 4, 0.02 x 3, 0.03 x 2 (not below the one before), 0.04 x 1."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_corrected_p_is_never_smaller_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= q <= 1 for p, q in zip(ps, adjusted, strict=True))
    order = sorted(range(len(ps)), key=lambda n: ps[n])
    assert [adjusted[n] for n in order] == sorted(adjusted)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9), st.randoms())
def test_neither_the_order_of_cases_nor_of_systems_changes_p(
    values: list[tuple[float, float]], draw: object
) -> None:
    base, other = [v[0] for v in values], [v[1] for v in values]
    p = randomisation_p(pairs_of(base, other))
    assert 0 < p <= 1
    assert randomisation_p(pairs_of(other, base)) == pytest.approx(p)
    draw.shuffle(values)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert randomisation_p(
        pairs_of([v[0] for v in values], [v[1] for v in values])
    ) == pytest.approx(p)


def test_a_run_against_itself_differs_in_nothing() -> None:
    one = a_run("one", ["a", "x a", "x"])
    found = compare_runs([("one", one), ("again", one)])
    assert {d.difference for d in found.differences} == {0}
    assert {d.p_holm for d in found.differences} == {1}
    assert found.changed == ()


def test_the_changed_cases_are_named_with_what_they_gained_and_lost() -> None:
    base = a_run("base", ["a", "x", "a"])
    other = a_run("other", ["a", "a", "x"], flags="dv")
    found = compare_runs([("base", base), ("other", other)])
    assert [(c.id, c.gained, c.lost, c.wrong_flags_more) for c in found.changed] == [
        ("0", (), (), ("dv",)),
        ("1", ("a",), (), ("dv",)),
        ("2", (), ("a",), ("dv",)),
    ]
    calm = next(d for d in found.differences if d.metric == "red_flag_specificity")
    assert (calm.base_value, calm.other_value, calm.difference) == (1, 0, -1)
    assert (calm.low, calm.high) == (-1, -1)


def test_only_cases_that_are_the_same_are_compared() -> None:
    base, other = a_run("base", ["a", "a"]), a_run("other", ["a", "x", "x"])
    found = compare_runs([("base", base), ("other", other)])
    assert (found.cases, found.left_out) == (2, 1)
    with pytest.raises(CaseProblem, match="比べられません"):
        compare_runs([("base", base), ("other", a_run("other", ["a"], notes="別の相談"))])
