"""Building an index: passages, their vectors, BM25 and the two means."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version

import numpy as np

from index.dense import Vectors, build_dense, centre_rows
from index.embedder import Embedder
from index.lexical import build_lexical
from index.passages import make_passages
from index.snapshot import FORMAT, Index, Manifest
from index.text import normalise, split_sentences
from index.vectors_cache import VectorCache, cached_means, cached_vectors
from knowledge.models import Knowledge

# Situations read as notes, to learn what all notes have in common; more adds nothing.
_MEAN_SAMPLE = 256


def build_index(
    knowledge: Knowledge,
    embedder: Embedder,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cache: VectorCache | None = None,
) -> Index:
    """Return the index of ``knowledge``, in memory; ``on_progress`` hears (done, total) texts.

    With a ``cache`` only what it lacks is embedded and cut into words; vectors then agree with
    those of a build without it to 1e-5 (padding in other company moves the last bits).
    Deterministic but for ``version`` and ``created_at``, which come from ``now``.
    """
    passages = make_passages(knowledge)
    texts = [normalise(passage.text).text for passage in passages]
    situations = [t for t, p in zip(texts, passages, strict=True) if p.kind == "situation"]
    step = max(1, len(situations) // _MEAN_SAMPLE)
    sample = situations[::step]
    total, done = len(texts) + len(sample), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress(done, total)

    vectors = np.zeros((len(texts), embedder.dimensions), np.float32)
    for as_notes in (True, False):
        rows = [i for i, p in enumerate(passages) if (p.kind == "situation") == as_notes]
        chosen = [texts[i] for i in rows]
        if cache is None:
            vectors[rows] = embedder.encode_passages(chosen, advance, as_notes)
        else:
            vectors[rows] = cached_vectors(cache, embedder, chosen, as_notes, advance)
        # Each kind has its own mean: situations and descriptions lie in different places.
        centre_rows(vectors, np.array(rows, np.intp))
    note_mean, sentence_mean = _note_means(embedder, sample, advance, cache)
    on_progress(total, total)
    services = sum(passage.kind != "resource" for passage in passages)
    manifest = Manifest(
        format=FORMAT,
        version=f"{now:%Y%m%dT%H%M%S}-{knowledge.fingerprint[:8]}-{os.getpid()}",
        created_at=now.isoformat(timespec="seconds"),
        model_name=embedder.name,
        model_digest=embedder.digest,
        dimensions=embedder.dimensions,
        knowledge_fingerprint=knowledge.fingerprint,
        town=knowledge.town.name,
        dictionary=f"sudachidict_core {version('sudachidict_core')}",
        services=len(knowledge.services),
        resources=len(knowledge.resources),
        passages=len(passages),
        files={},
    )
    return Index(
        manifest=manifest,
        passages=passages,
        dense=build_dense(vectors, services),
        lexical=build_lexical(texts, cache),
        note_mean=note_mean,
        sentence_mean=sentence_mean,
    )


def _note_means(
    embedder: Embedder,
    sample: Sequence[str],
    advance: Callable[[int], None],
    cache: VectorCache | None,
) -> tuple[Vectors, Vectors]:
    """Return the mean vector (d,) of the ``sample`` read as notes, and of their sentences."""

    def compute() -> tuple[Vectors, Vectors]:
        read = []
        for text in sample:
            read.append(embedder.encode_note(text, split_sentences(text)))
            advance(1)
        sentences = np.concatenate([note.sentences for note in read])
        return (
            np.mean([note.note for note in read], axis=0, dtype=np.float32),
            sentences.mean(axis=0, dtype=np.float32),
        )

    if cache is None:
        return compute()
    return cached_means(cache, sample, embedder.dimensions, compute)
