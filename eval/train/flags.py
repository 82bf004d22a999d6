"""Choosing when the model may add a red flag, on notes of writers it was not trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NEVER = 99.0


def choose_thresholds(
    logits: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    codes: Sequence[str],
    least_precision: float,
) -> dict[str, float]:
    """Return per flag the lowest logit at which precision stays at ``least_precision``.

    ``logits`` and ``wanted`` are (notes, flags).  Going down from the surest note, the last
    point at which the share of right ones is high enough is taken; a flag whose surest notes
    are wrong is never added.
    """
    thresholds = {}
    for column, code in enumerate(codes):
        order = np.argsort(-logits[:, column], kind="stable")
        right = np.cumsum(wanted[order, column])
        precision = right / np.arange(1, len(order) + 1)
        enough = np.flatnonzero(precision >= least_precision)
        last = int(enough[-1]) if len(enough) else -1
        thresholds[code] = round(float(logits[order[last], column]), 3) if last >= 0 else NEVER
    return thresholds


def write_thresholds(thresholds: dict[str, float], path: Path) -> None:
    """Write the thresholds where the product reads them."""
    path.write_text(json.dumps(thresholds, indent=1) + "\n", encoding="utf-8")
