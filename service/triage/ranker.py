"""Turning features into a score: a small linear model whose weights can be read.

The weights are data (``ranker.json``), fitted by ``eval.train.ranker`` on invented
training notes.  The score orders the list; what is shown beside a suggestion is its
chance: the probability, fitted on the same notes, that a good desk would call it right
(primary or acceptable).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.triage.features import FEATURES

Array = NDArray[np.float32]


# What a feature is called when a reason names it.
_PARTS = {
    "note_situation": "よくある相談との近さ",
    "sentence_situation": "よくある相談との近さ",
    "sentence_mean": "よくある相談との近さ",
    "description": "支援の内容との近さ",
    "resource": "町の資源との近さ",
    "words": "言葉の一致",
    "words_mean": "言葉の一致",
    "head": "似た相談の学習",
    "head_rank": "似た相談の学習",
    "case_note": "似た相談の学習",
    "case_sentence": "似た相談の学習",
    "problem_best": "読み取った課題",
    "problem_sum": "読み取った課題",
    "flag": "緊急の兆候",
    "denied": "否定された心配",
    "eligibility": "対象の要件",
}


@dataclass(frozen=True, slots=True)
class Ranker:
    """A linear model over :data:`FEATURES`; ``weights`` in their order.

    ``slope`` and ``offset`` turn a score's log-odds into those of the chance (Platt 1999).
    """

    weights: tuple[float, ...]
    intercept: float
    slope: float = 1.0
    offset: float = 0.0

    def scores(self, features: Array) -> Array:
        """Return the probability of each category, shape (categories,)."""
        logits = features @ np.asarray(self.weights, np.float32) + self.intercept
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)

    def chance(self, score: float) -> float:
        """Return the probability that a category with this score is a right one."""
        inside = min(max(score, 1e-6), 1 - 1e-6)
        log_odds = math.log(inside / (1 - inside))
        return 1 / (1 + math.exp(-self.slope * log_odds - self.offset))

    def contributions(self, features: Array) -> dict[str, Array]:
        """Return what each part adds to each category's log-odds, against the average category."""
        share = (features - features.mean(axis=0)) * np.asarray(self.weights, np.float32)
        parts: dict[str, Array] = {}
        for column, name in enumerate(FEATURES):
            part = _PARTS[name]
            parts[part] = parts.get(part, np.zeros(len(features), np.float32)) + share[:, column]
        return parts


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
    weights = tuple(data["weights"][name] for name in FEATURES)
    return Ranker(weights, data["intercept"], data["slope"], data["offset"])
