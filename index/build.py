"""Building an index: passages, their vectors, BM25 and the two means."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version

import numpy as np

from index.dense import build_dense, centre
from index.embedder import Embedder
from index.lexical import build_lexical
from index.passages import make_passages
from index.snapshot import FORMAT, Index, Manifest
from index.text import normalise, split_sentences
from knowledge.models import Knowledge

# Situations read as notes, to learn what all notes have in common; more adds nothing.
_MEAN_SAMPLE = 256


def build_index(
    knowledge: Knowledge,
    embedder: Embedder,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Index:
    """Return the index of ``knowledge``, in memory; ``on_progress`` hears (done, total) texts.

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
        vectors[rows] = embedder.encode_passages([texts[i] for i in rows], advance, as_notes)
        # Each kind has its own mean: situations and descriptions lie in different places.
        vectors[rows] = centre(vectors[rows], vectors[rows].mean(axis=0))
    notes, sentences = [], []
    for text in sample:
        read = embedder.encode_note(text, split_sentences(text))
        notes.append(read.note)
        sentences.append(read.sentences)
        advance(1)
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
        dense=build_dense(vectors),
        lexical=build_lexical(texts),
        note_mean=np.mean(notes, axis=0, dtype=np.float32),
        sentence_mean=np.concatenate(sentences).mean(axis=0, dtype=np.float32),
    )
