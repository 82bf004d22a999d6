"""Fitting the ranker: a logistic model over the explicit features, on notes of held-out writers.

The notes must not be those the encoder was trained on: its head would look better than
it is and the ranker would trust it too much.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case
from service.triage.features import FEATURES
from service.triage.note import NoteProblem
from service.triage.triage import DEFAULT_TOP, Desk, examine

Array = NDArray[np.float32]
# An acceptable category is worth a third of a primary one, as in nDCG's gains.
ACCEPTABLE = 1 / 3
# Set, not fitted: a trouble that the note denies is often near a real one, so the fit would
# lift its category.  On the development cases -2 took false alarms from 0.17 to 0.13 of the
# notes with a denial and cost 0.007 of recall_primary@5; -3 gained nothing more.
DENIED_WEIGHT = -2.0


@dataclass(frozen=True, slots=True)
class Table:
    """Features of every (note, category) pair: (notes, categories, features), and the labels."""

    features: Array
    primary: NDArray[np.bool_]
    acceptable: NDArray[np.bool_]


def feature_table(
    desk: Desk, cases: Sequence[Case], today: date, on_progress: Callable[[int], None]
) -> Table:
    """Examine every case with the desk; cases that cannot be read are left out."""
    rows, primary, acceptable = [], [], []
    for case in cases:
        on_progress(1)
        try:
            rows.append(examine(desk, case.note, today).features)
        except NoteProblem:
            continue
        primary.append([code in (case.primary or ()) for code in desk.codes])
        acceptable.append([code in case.acceptable for code in desk.codes])
    return Table(np.stack(rows), np.array(primary), np.array(acceptable))


def fit_ranker(table: Table, skip: Sequence[str] = (), strength: float = 1.0) -> dict[str, Any]:
    """Return weights by feature, intercept, slope and offset; ``skip``ped features weigh 0.

    ``denied`` is not fitted: see :data:`DENIED_WEIGHT`.
    """
    from sklearn.linear_model import LogisticRegression

    kept = [i for i, name in enumerate(FEATURES) if name not in (*skip, "denied")]
    x = table.features[..., kept].reshape(-1, len(kept)).astype(np.float64)
    primary, acceptable = table.primary.ravel(), table.acceptable.ravel()
    # An acceptable pair counts as one third yes and two thirds no.
    x_all = np.concatenate([x, x[acceptable]])
    y_all = np.concatenate([primary | acceptable, np.zeros(acceptable.sum(), bool)])
    weight = np.concatenate(
        [np.where(acceptable, ACCEPTABLE, 1.0), np.full(acceptable.sum(), 1 - ACCEPTABLE)]
    )
    model = LogisticRegression(C=strength, max_iter=2000).fit(x_all, y_all, weight)
    weights = dict.fromkeys(FEATURES, 0.0)
    weights |= {FEATURES[i]: round(float(w), 4) for i, w in zip(kept, model.coef_[0], strict=True)}
    weights["denied"] = 0.0 if "denied" in skip else DENIED_WEIGHT
    fitted = {"weights": weights, "intercept": round(float(model.intercept_[0]), 4)}
    return fitted | fit_chance(table, fitted)


def fit_chance(table: Table, fitted: dict[str, Any]) -> dict[str, float]:
    """Return ``slope`` and ``offset`` from a score to the probability of being right (Platt).

    Only the first ten of every note count: those that are shown.
    """
    from sklearn.linear_model import LogisticRegression

    weights = np.array([fitted["weights"][name] for name in FEATURES])
    log_odds = table.features.astype(np.float64) @ weights + fitted["intercept"]
    shown = np.argsort(-log_odds, axis=1)[:, :DEFAULT_TOP]
    x = np.take_along_axis(log_odds, shown, axis=1).reshape(-1, 1)
    y = np.take_along_axis(table.primary | table.acceptable, shown, axis=1).ravel()
    model = LogisticRegression(C=1e6).fit(x, y)
    return {
        "slope": round(float(model.coef_[0, 0]), 4),
        "offset": round(float(model.intercept_[0]), 4),
    }


def admit_new_features(path: Path) -> None:
    """Give features that the shipped ranker does not know yet the weight 0.

    A desk opens only with a weight for each; without this a new feature could never be fitted.
    """
    sets = json.loads(path.read_text(encoding="utf-8"))
    for fitted in sets.values():
        fitted["weights"] = {name: fitted["weights"].get(name, 0.0) for name in FEATURES}
    path.write_text(json.dumps(sets, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_ranker(with_head: dict[str, Any], without_head: dict[str, Any], path: Path) -> None:
    """Write both weight sets where the product reads them."""
    sets = {"with_head": with_head, "without_head": without_head}
    path.write_text(json.dumps(sets, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
