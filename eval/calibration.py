"""Does a shown probability mean one, and what does silence buy: reliability and coverage.

Both need the scores of a prediction; a run without them (a baseline, an outside engine)
has no such section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.cases import Case, Prediction

_BINS = 10
_COVERAGES = tuple(round(0.05 * step, 2) for step in range(4, 21))


@dataclass(frozen=True, slots=True)
class Bin:
    """Suggestions whose chance lies in one tenth: the mean chance and the share that is right."""

    low: float
    chance: float
    right: float
    count: int


@dataclass(frozen=True, slots=True)
class Covered:
    """The surest ``coverage`` of all cases: from which chance they are, and how good they are."""

    coverage: float
    threshold: float
    hit_primary_at_3: float
    route_accuracy: float
    count: int


def reliability(
    cases: Sequence[Case], predictions: Mapping[str, Prediction]
) -> tuple[list[Bin], float]:
    """Return the reliability bins and the expected calibration error (ECE, Naeini et al. 2015).

    Every suggestion of a labelled case counts; right is primary or acceptable.
    """
    chances: list[float] = []
    right: list[bool] = []
    for case, answer in _scored(cases, predictions):
        good = {*(case.primary or ()), *case.acceptable}
        chances += answer.scores or ()
        right += [code in good for code in answer.ranked]
    if not chances:
        return [], 0.0
    x, y = np.asarray(chances), np.asarray(right, float)
    numbers = np.minimum((x * _BINS).astype(int), _BINS - 1)
    bins = [
        Bin(n / _BINS, float(x[at].mean()), float(y[at].mean()), int(at.sum()))
        for n in range(_BINS)
        if (at := numbers == n).any()
    ]
    error = sum(b.count * abs(b.chance - b.right) for b in bins) / len(x)
    return bins, float(error)


def coverage_curve(cases: Sequence[Case], predictions: Mapping[str, Prediction]) -> list[Covered]:
    """Return, for the surest shares of the cases, how good the answers are (El-Yaniv 2010).

    How sure an answer is: the chance of its first suggestion.  ``route_accuracy`` is the
    share whose route is right: refer for welfare, the other two for the ``none.*`` cases.
    """
    scored = _scored(cases, predictions)
    scored.sort(key=lambda pair: -(pair[1].scores[0] if pair[1].scores else 0.0))
    curve = []
    for coverage in _COVERAGES:
        part = scored[: max(1, round(coverage * len(scored)))]
        if not scored:
            break
        hits = [bool({*(c.primary or ())} & {*p.ranked[:3]}) for c, p in part]
        routes = [p.route == wanted_route(c) for c, p in part]
        last = part[-1][1].scores
        curve.append(
            Covered(
                coverage,
                float(last[0]) if last else 0.0,
                float(np.mean(hits)),
                float(np.mean(routes)),
                len(part),
            )
        )
    return curve


def wanted_route(case: Case) -> str:
    """Return the route that the labels of a case call for."""
    codes = set(case.primary or ())
    if codes == {"none.other_dept"}:
        return "other_department"
    return "insufficient" if codes == {"none.insufficient"} else "refer"


def _scored(
    cases: Sequence[Case], predictions: Mapping[str, Prediction]
) -> list[tuple[Case, Prediction]]:
    pairs = [(case, predictions[case.id]) for case in cases if case.primary]
    return [(c, p) for c, p in pairs if p.scores is not None]
