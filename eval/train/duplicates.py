"""Training notes that say nearly the same as an evaluation note: they must go.

Measured with the base model, before it is tuned on either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.cases import Case
from index.embedder import Embedder
from index.text import normalise

# Read off the development pairs: at 0.955 two notes share a trouble and a turn of phrase, not a story.
TOO_CLOSE = 0.96


@dataclass(frozen=True, slots=True)
class Pair:
    """A training note and the evaluation note closest to it."""

    training: Case
    evaluation: Case
    similarity: float


def closest_pairs(
    embedder: Embedder,
    training: Sequence[Case],
    evaluation: Sequence[Case],
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[Pair]:
    """Return every training note with its closest evaluation note, the closest pair first."""
    texts = [normalise(case.note).text for case in (*training, *evaluation)]
    vectors = embedder.encode_passages(texts, on_progress, as_notes=True)
    similarity = vectors[: len(training)] @ vectors[len(training) :].T
    best = similarity.argmax(axis=1)
    pairs = [
        Pair(case, evaluation[at], float(similarity[row, at]))
        for row, (case, at) in enumerate(zip(training, best, strict=True))
    ]
    return sorted(pairs, key=lambda pair: -pair.similarity)
