"""Hybrid search: how close every passage is to a note, by meaning and by words.

Similarities are raw (cosine of centred vectors, BM25); whoever ranks decides how to
combine them.  :func:`fuse` is the plain hybrid that serves as a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.dense import SplitDense, centre, dense_scores, resource_scores
from index.embedder import Embedder, NoteVectors
from index.lexical import lexical_scores
from index.snapshot import Index

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hits:
    """Scores of a note against all P passages.

    ``note`` (P,) and ``sentences`` (S, P) are cosines in [-1, 1]; ``lexical`` (P,) is
    BM25 (0 when no word is shared).  ``vectors`` are the note's own, not centred.
    In a large town (:class:`SplitDense`) the sentences are held against the passages of
    services only, which come first: nothing asks how near a sentence is to a resource.
    """

    note: Array
    sentences: Array
    lexical: Array
    vectors: NoteVectors


def search(
    index: Index,
    embedder: Embedder,
    text: str,
    ranges: Sequence[tuple[int, int]],
    terms: list[str],
) -> Hits:
    """Return the scores of normalised ``text`` with its sentence ``ranges`` and search terms."""
    vectors = embedder.encode_note(text, ranges)
    note = centre(vectors.note, index.note_mean)
    sentences = centre(vectors.sentences, index.sentence_mean)
    if not len(ranges):
        sentences = np.zeros((0, note.shape[1]), np.float32)
    queries = np.concatenate([note, sentences])
    lexical = lexical_scores(index.lexical, terms, len(index.passages))
    if isinstance(index.dense, SplitDense):
        services = dense_scores(index.dense.services, queries)
        whole = np.concatenate([services[0], resource_scores(index.dense, note[0])])
        return Hits(whole, services[1:], lexical, vectors)
    dense = dense_scores(index.dense, queries)
    return Hits(dense[0], dense[1:], lexical, vectors)


def fuse(dense: Array, lexical: Array, weight: float = 0.7) -> Array:
    """Return ``weight`` x dense + (1 - weight) x lexical, both min-max scaled to [0, 1]."""
    return weight * _min_max(dense) + (1 - weight) * _min_max(lexical)


def _min_max(scores: Array) -> Array:
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
