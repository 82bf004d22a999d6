"""Turning features into a score: a small linear model whose weights can be read.

The weights are data (``ranker.json``), fitted by ``eval.train.ranker`` on invented
training notes.  A score is the model's probability that the category is one a good desk
connects to first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.triage.features import FEATURES

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranker:
    """A linear model over :data:`FEATURES`; ``weights`` in their order."""

    weights: tuple[float, ...]
    intercept: float

    def scores(self, features: Array) -> Array:
        """Return the probability of each category, shape (categories,)."""
        logits = features @ np.asarray(self.weights, np.float32) + self.intercept
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


@lru_cache(maxsize=2)
def shipped_ranker(with_head: bool) -> Ranker:
    """Return the ranker that ships with the product, read once.

    Without the category head (another model by setting) a second set of weights is used.
    """
    sets = json.loads(Path(__file__).with_name("ranker.json").read_text(encoding="utf-8"))
    data = sets["with_head" if with_head else "without_head"]
    missing = [name for name in FEATURES if name not in data["weights"]]
    if missing:
        raise ValueError(
            f"ranker.json に {missing} の重みがありません。eval.train.ranker で作り直してください"
        )
    return Ranker(tuple(data["weights"][name] for name in FEATURES), data["intercept"])
