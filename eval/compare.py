"""Is one run better than another: paired randomisation tests on the same cases.

Every metric is a ratio of sums over cases (a plain mean has the case count below the
line; red flags are counted one by one).  Under the null hypothesis the two answers to a case
could have come from either system, so that each pair is swapped or not at random (Fisher
1935; Smucker et al. 2007).  All swaps are tried where there are few pairs that differ.
p-values are adjusted for the number of tests made (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, CaseProblem
from eval.metrics import METRICS, case_values, weights
from eval.run import Run

DRAWS = 10_000
_EXACT_UP_TO = 13  # 2**13 swaps are fewer than the draws
_CHUNK = 1000
_EPSILON = 1e-12
Pairs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of two runs on the same cases; ``difference`` is other minus base.

    ``low``–``high``: 95% bootstrap interval of the difference; ``p`` two-sided, ``p_holm``
    adjusted over all tests of the comparison.
    """

    other: str
    metric: str
    base_value: float
    other_value: float
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    count: int


@dataclass(frozen=True, slots=True)
class Changed:
    """One case that was answered differently: categories and flags gained and lost."""

    other: str
    id: str
    note: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    wrong_flags_more: tuple[str, ...]
    wrong_flags_less: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs held against the first one."""

    base: str
    cases: int
    left_out: int
    differences: tuple[Difference, ...]
    changed: tuple[Changed, ...]


def compare_runs(runs: Sequence[tuple[str, Run]], seed: int = 0) -> Comparison:
    """Compare each run with the first, on the labelled cases that all of them have.

    ``runs`` are names with runs, two or more.  Raises :class:`CaseProblem` (Japanese) when
    they share no labelled case.
    """
    shared, left_out = _shared([run for _, run in runs])
    (base_name, base), *others = runs
    found: list[Difference] = []
    for name, other in others:
        for metric in METRICS:
            pairs = _pairs(shared, base, other, metric)
            if pairs[:, 1].sum() and pairs[:, 3].sum():
                found.append(_difference(name, metric, pairs, seed))
    adjusted = holm([d.p for d in found])
    return Comparison(
        base_name,
        len(shared),
        left_out,
        tuple(_with_holm(d, p) for d, p in zip(found, adjusted, strict=True)),
        tuple(c for name, other in others for c in _changes(name, shared, base, other)),
    )


def randomisation_p(pairs: Pairs, seed: int = 0, draws: int = DRAWS) -> float:
    """Return the two-sided p-value of the difference of two ratios of sums.

    ``pairs`` has a row per case: numerator and denominator of the base, then of the other.
    """
    swing = pairs[(pairs[:, :2] != pairs[:, 2:]).any(axis=1)]
    if not len(swing):
        return 1.0
    observed = abs(_gap(pairs.sum(axis=0)[None])[0])
    still = pairs.sum(axis=0) - swing.sum(axis=0)
    if len(swing) <= _EXACT_UP_TO:
        numbers = np.arange(2 ** len(swing))[:, None]
        swapped = (numbers >> np.arange(len(swing)) & 1).astype(bool)
        return float(np.mean(_swapped_gaps(swing, still, swapped) >= observed - _EPSILON))
    draw = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        swapped = draw.random((size, len(swing))) < 0.5
        gaps = _swapped_gaps(swing, still, swapped)
        extreme += int((gaps >= observed - _EPSILON).sum())
    return (1 + extreme) / (draws + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that any false alarm among all has 5% (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda n: ps[n])
    adjusted, worst = [0.0] * len(ps), 0.0
    for place, number in enumerate(order):
        worst = max(worst, min(1.0, (len(ps) - place) * ps[number]))
        adjusted[number] = worst
    return adjusted


def _swapped_gaps(swing: Pairs, still: Pairs, swapped: NDArray[np.bool_]) -> Pairs:
    """Return the absolute difference of the ratios under each row of swaps."""
    turned = swing[:, [2, 3, 0, 1]] - swing
    return np.abs(_gap(still + swing.sum(axis=0) + swapped @ turned))


def _gap(sums: Pairs) -> Pairs:
    """Return other minus base from rows of four sums; an empty denominator counts as zero."""
    base = sums[:, 0] / np.where(sums[:, 1] == 0, 1, sums[:, 1])
    other = sums[:, 2] / np.where(sums[:, 3] == 0, 1, sums[:, 3])
    return np.asarray(other - base)


def _difference(name: str, metric: str, pairs: Pairs, seed: int) -> Difference:
    sums = pairs.sum(axis=0)
    gap = float(_gap(sums[None])[0])
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, len(pairs), (1000, len(pairs)))
    low, high = np.percentile(_gap(pairs[rows].sum(axis=1)), [2.5, 97.5])
    return Difference(
        name,
        metric,
        float(sums[0] / sums[1]),
        float(sums[2] / sums[3]),
        gap,
        float(low),
        float(high),
        randomisation_p(pairs, seed),
        1.0,
        len(pairs),
    )


def _with_holm(found: Difference, p: float) -> Difference:
    return Difference(
        found.other, found.metric, found.base_value, found.other_value, found.difference,
        found.low, found.high, found.p, p, found.count,
    )  # fmt: skip


def _pairs(cases: Sequence[Case], base: Run, other: Run, metric: str) -> Pairs:
    rows = []
    for case in cases:
        both = (*_parts(case, base, metric), *_parts(case, other, metric))
        if both[1] or both[3]:
            rows.append(both)
    return np.array(rows, float).reshape(-1, 4)


def _parts(case: Case, run: Run, metric: str) -> tuple[float, float]:
    """Return what a case adds above and below the line of a metric; zeros where not scored."""
    prediction = run.predictions[case.id]
    value = case_values(case, prediction)[metric]
    if value is None:
        return 0.0, 0.0
    weight = weights(case, prediction, metric)
    return value * weight, weight


def _shared(runs: Sequence[Run]) -> tuple[list[Case], int]:
    """Return the labelled cases that all runs have alike, and how many others there are."""
    tables = [{case.id: case for case in run.cases if case.is_labelled} for run in runs]
    shared = [
        case
        for case in tables[0].values()
        if all(_same(case, table.get(case.id)) for table in tables)
    ]
    if not shared:
        raise CaseProblem(
            "同じ事例で測った結果ではないので、比べられません（id・相談・正解が同じ事例が1件もありません）"
        )
    return shared, len({key for table in tables for key in table}) - len(shared)


def _same(one: Case, other: Case | None) -> bool:
    return other is not None and (
        (one.note, one.primary, one.acceptable, one.red_flags)
        == (other.note, other.primary, other.acceptable, other.red_flags)
    )


def _changes(name: str, cases: Sequence[Case], base: Run, other: Run) -> list[Changed]:
    found = []
    for case in cases:
        before, after = _right(case, base), _right(case, other)
        wrong_before, wrong_after = _wrong(case, base), _wrong(case, other)
        change = Changed(
            name,
            case.id,
            case.note,
            tuple(sorted(after - before)),
            tuple(sorted(before - after)),
            tuple(sorted(wrong_after - wrong_before)),
            tuple(sorted(wrong_before - wrong_after)),
        )
        if before != after or wrong_before != wrong_after:
            found.append(change)
    return found


def _right(case: Case, run: Run) -> set[str]:
    """Return the primaries in the first five and the red flags that were seen."""
    answer = run.predictions[case.id]
    return {*(case.primary or ())} & {*answer.ranked[:5]} | {*case.red_flags} & {*answer.red_flags}


def _wrong(case: Case, run: Run) -> set[str]:
    return {*run.predictions[case.id].red_flags} - {*case.red_flags}
