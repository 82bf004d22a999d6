"""The metrics of the contract, one value per case first and means afterwards.

A value is None where a metric does not apply to a case, and such cases are left out of
its mean: not scored is never 0.  nDCG uses linear gains (primary 3, acceptable 1) and
log2 discounts, as in ir_measures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.cases import Case, Prediction
from eval.denials import denied_codes

Values = dict[str, float | None]
GAIN_PRIMARY, GAIN_ACCEPTABLE = 3, 1
_ROUTES = {"none.other_dept": "other_department", "none.insufficient": "insufficient"}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95% interval over ``count`` cases: bootstrap, for red flags Wilson."""

    mean: float
    low: float
    high: float
    count: int


def case_values(case: Case, prediction: Prediction) -> Values:
    """Return every metric of one labelled case."""
    if not case.primary:
        return dict.fromkeys(METRICS) | _flag_values(case, prediction)
    primary = set(case.primary)
    acceptable = set(case.acceptable)
    ranked = prediction.ranked
    values: Values = {
        "recall_primary@5": recall(ranked, primary, 5),
        "recall_primary@10": recall(ranked, primary, 10),
        "hit_primary@3": float(bool(primary & set(ranked[:3]))),
        "all_primary@8": float(primary <= set(ranked[:8])),
        "ndcg@10": ndcg(ranked, primary, acceptable, 10),
        "useful@5": useful(ranked, primary | acceptable, 5),
        "negation_false_alarms": negation_false_alarm(case, prediction),
        "route_accuracy": None,
        "wrongly_turned_away": None,
    }
    if all(code.startswith("none.") for code in primary):
        values["route_accuracy"] = float(prediction.route in {_ROUTES.get(c) for c in primary})
    else:
        values["wrongly_turned_away"] = float(prediction.route != "refer")
    return values | _flag_values(case, prediction)


def recall(ranked: Sequence[str], wanted: set[str], k: int) -> float:
    """Return the share of ``wanted`` among the first ``k``."""
    return len(wanted & set(ranked[:k])) / len(wanted)


def ndcg(ranked: Sequence[str], primary: set[str], acceptable: set[str], k: int) -> float:
    """Return nDCG@k with linear gains."""
    gains = [_gain(code, primary, acceptable) for code in ranked[:k]]
    ideal = [GAIN_PRIMARY] * len(primary) + [GAIN_ACCEPTABLE] * len(acceptable - primary)
    return _dcg(gains) / _dcg(ideal[:k])


def _gain(code: str, primary: set[str], acceptable: set[str]) -> int:
    return GAIN_PRIMARY if code in primary else GAIN_ACCEPTABLE if code in acceptable else 0


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def useful(ranked: Sequence[str], good: set[str], k: int) -> float:
    """Return the share of the first ``k`` shown (fewer if fewer are shown) that is good."""
    shown = ranked[:k]
    return sum(code in good for code in shown) / len(shown) if shown else 0.0


def negation_false_alarm(case: Case, prediction: Prediction) -> float | None:
    """Return 1 when a concern that the note denies is raised all the same, None without one.

    Raised means: its red flag is shown though not labelled, or its category stands in the
    top 5 though neither primary nor acceptable (``negated.yaml`` says which are its).
    """
    if not case.negated:
        return None
    flags, categories = denied_codes(case)
    wrong = flags & set(prediction.red_flags) or categories & set(prediction.ranked[:5])
    return float(bool(wrong))


def _flag_values(case: Case, prediction: Prediction) -> Values:
    """Return the case's share in the micro-averaged flag metrics (None where it has none)."""
    wanted, shown = set(case.red_flags), set(prediction.red_flags)
    hit = len(wanted & shown)
    return {
        "red_flag_recall": hit / len(wanted) if wanted else None,
        "red_flag_precision": hit / len(shown) if shown else None,
        "red_flag_specificity": None if wanted else float(not shown),
    }


def weights(case: Case, prediction: Prediction, metric: str) -> float:
    """Return how much a case counts in a metric's mean: flags are counted one by one."""
    if metric == "red_flag_recall":
        return float(len(set(case.red_flags)))
    if metric == "red_flag_precision":
        return float(len(set(prediction.red_flags)))
    return 1.0


METRICS = (
    "recall_primary@5",
    "recall_primary@10",
    "hit_primary@3",
    "all_primary@8",
    "ndcg@10",
    "useful@5",
    "red_flag_recall",
    "red_flag_precision",
    "red_flag_specificity",
    "negation_false_alarms",
    "route_accuracy",
    "wrongly_turned_away",
)


def estimate(
    values: Sequence[float], counts: Sequence[float], seed: int = 0, draws: int = 1000
) -> Estimate | None:
    """Return the weighted mean with a percentile bootstrap interval over cases (Efron 1979)."""
    if not values:
        return None
    x, w = np.asarray(values), np.asarray(counts)
    rows = np.random.default_rng(seed).integers(0, len(x), (draws, len(x)))
    sums = w[rows].sum(axis=1)
    means = (x * w)[rows].sum(axis=1) / np.where(sums == 0, 1, sums)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float((x * w).sum() / w.sum()), float(low), float(high), len(x))


def wilson(right: float, total: float) -> Estimate | None:
    """Return the share ``right / total`` with its 95% score interval (Wilson 1927).

    Flags are counted one by one; near 0 and 1, where bootstrap intervals collapse, this
    one does not.
    """
    if not total:
        return None
    z = 1.959964
    share, square = right / total, z * z / total
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / total + square / total / 4) / (1 + square)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Estimate(share, low, high, round(total))


def summarise(
    cases: Sequence[Case], predictions: Mapping[str, Prediction], rows: Mapping[str, Values]
) -> dict[str, Estimate]:
    """Return the estimate of every metric that applies to at least one of ``cases``."""
    totals: dict[str, Estimate] = {}
    for metric in METRICS:
        scored = [(c, rows[c.id][metric]) for c in cases if rows[c.id][metric] is not None]
        values = [value for _, value in scored if value is not None]
        counts = [weights(case, predictions[case.id], metric) for case, _ in scored]
        if metric.startswith("red_flag_"):
            right = sum(v * n for v, n in zip(values, counts, strict=True))
            found = wilson(right, sum(counts))
        else:
            found = estimate(values, counts)
        if found is not None:
            totals[metric] = found
    return totals
