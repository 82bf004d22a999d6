"""Fitting the second opinion on writers the model was not trained on.

Per flag a logistic regression over what is known of it (``service.triage.second_opinion``),
and one probability from which a flag is added: the lowest at which the notes without any
danger stay as quiet as wanted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.triage.second_opinion import OPINION_FEATURES

# Not below this: a flag that is more likely wrong than right teaches people to look away.
LEAST_PROBABILITY = 0.3
_DENIED = OPINION_FEATURES.index("denied")


def fit_opinion(
    features: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    raised: NDArray[np.bool_],
    codes: Sequence[str],
    specificity: float,
) -> dict[str, Any]:
    """Return what ``second_opinion.json`` holds.

    ``features`` is (notes, flags, features); ``wanted`` and ``raised`` by rules (notes,
    flags).  ``specificity``: the share of notes without a danger, among those that the
    rules leave quiet, in which the model must stay quiet too.
    """
    from sklearn.linear_model import LogisticRegression

    probability = np.zeros(wanted.shape)
    flags = {}
    for column, code in enumerate(codes):
        rows = features[:, column].copy()
        model = LogisticRegression(C=1.0, max_iter=1000).fit(rows, wanted[:, column])
        if model.coef_[0, _DENIED] > 0:
            # Chance in a small sample (a nurse lists what is absent in an emergency): a denial
            # may not make a danger likelier.
            rows[:, _DENIED] = 0.0
            model = LogisticRegression(C=1.0, max_iter=1000).fit(rows, wanted[:, column])
        probability[:, column] = model.predict_proba(rows)[:, 1]
        weights = dict(
            zip(OPINION_FEATURES, (round(float(w), 4) for w in model.coef_[0]), strict=True)
        )
        flags[code] = weights | {"offset": round(float(model.intercept_[0]), 4)}
    quiet = ~wanted.any(axis=1) & ~raised.any(axis=1)
    loudest = probability[quiet].max(axis=1)
    least = max(LEAST_PROBABILITY, float(np.quantile(loudest, specificity)))
    return {"least": round(least, 4), "flags": flags}


def write_opinion(opinion: dict[str, Any], path: Path) -> None:
    """Write the opinion where the product reads it."""
    path.write_text(json.dumps(opinion, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
