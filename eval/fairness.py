"""Is somebody served worse: the gap between the best and the worst group of each slice.

A gap is never negative, so that small groups alone make one.  Beside each gap stands what
chance would give if every case could have been in any group: only a gap above that says
anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case
from eval.metrics import Values
from eval.slices import SLICES

LEAST_CASES = 20
_METRIC = "recall_primary@5"
_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """Best minus worst group mean of recall_primary@5 in one slice.

    ``low``–``high`` is the 95% bootstrap interval over cases; ``by_chance`` is the gap that
    shuffled groups of the same sizes exceed once in twenty times.
    """

    slice: str
    groups: int
    best: str
    worst: str
    gap: float
    low: float
    high: float
    by_chance: float


def fairness_gaps(
    cases: Sequence[Case], rows: Mapping[str, Values], least: int = LEAST_CASES
) -> list[Gap]:
    """Return the gap of each slice that has two groups of at least ``least`` scored cases."""
    scored = [(case, value) for case in cases if (value := rows[case.id][_METRIC]) is not None]
    values = np.array([value for _, value in scored])
    gaps = []
    for name, keys in SLICES.items():
        groups: dict[str, list[int]] = {}
        for number, (case, _) in enumerate(scored):
            for key in keys(case):
                groups.setdefault(key, []).append(number)
        large = {key: at for key, at in sorted(groups.items()) if len(at) >= least}
        if len(large) > 1:
            gaps.append(_gap(name, large, values))
    return gaps


def _gap(name: str, groups: Mapping[str, Sequence[int]], values: NDArray[np.float64]) -> Gap:
    member = np.zeros((len(groups), len(values)))
    for row, at in enumerate(groups.values()):
        member[row, list(at)] = 1.0
    means = member @ values / member.sum(axis=1)
    labels = list(groups)
    draw = np.random.default_rng(0)
    count = len(values)
    drawn = np.stack(
        [np.bincount(draw.integers(0, count, count), minlength=count) for _ in range(_DRAWS)]
    )
    seen = drawn @ member.T
    # A small group may be left out of a draw altogether: it has no mean there.
    resampled = np.where(seen > 0, drawn @ (member * values).T / np.maximum(seen, 1), np.nan)
    low, high = np.percentile(_width(resampled), [2.5, 97.5])
    shuffled = np.stack([draw.permutation(values) for _ in range(_DRAWS)])
    chance = np.percentile(_width(shuffled @ member.T / member.sum(axis=1)), 95)
    return Gap(
        name,
        len(groups),
        labels[int(means.argmax())],
        labels[int(means.argmin())],
        float(means.max() - means.min()),
        float(low),
        float(high),
        float(chance),
    )


def _width(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of the best and the worst group in each draw, shape (draws,)."""
    return np.asarray(np.nanmax(means, axis=1) - np.nanmin(means, axis=1))
