"""Vectors and words kept between builds, so that only changed texts are worked on.

The key is the SHA-256 of a text and of how it was encoded; the value is the raw vector,
before any centring.  Every batch is committed: a killed build loses one batch at most, and
the next one goes on from there.  One file per model, shared by all towns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from index.embedder import Embedder
from index.kept_file import KeptFile

Vectors = NDArray[np.float32]
VectorCache = KeptFile

# What a kill may cost, against a write to the disk.
_BATCH = 256
_READ_AT_ONCE = 4096


@contextmanager
def open_cache(path: Path) -> Iterator[VectorCache]:
    """Open the file of one model (``data_dir/vectors/<model digest[:16]>.db``), made if missing.

    Raises IndexProblem or OSError when it cannot be used for a reason that is not damage.
    """
    cache = KeptFile(path)
    try:
        yield cache
    finally:
        cache.close()


def cached_vectors(
    cache: VectorCache,
    embedder: Embedder,
    texts: Sequence[str],
    as_notes: bool,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Vectors:
    """Return unit vectors (n, d) of ``texts``; only those the cache lacks are embedded.

    ``on_progress`` hears how many more are done.  A text encoded in another company may
    differ by 1e-6 from what ``Embedder.encode_passages`` gives: padding moves the last bits.
    """
    kind = "note" if as_notes else "passage"
    out = np.zeros((len(texts), embedder.dimensions), np.float32)
    missing: dict[bytes, list[int]] = {}
    for start in range(0, len(texts), _READ_AT_ONCE):
        keys = [key_of(kind, text) for text in texts[start : start + _READ_AT_ONCE]]
        kept = _vectors(cache, keys, embedder.dimensions)
        for row, key in enumerate(keys, start):
            if key in kept:
                out[row] = kept[key]
            else:
                missing.setdefault(key, []).append(row)
    on_progress(len(texts) - sum(map(len, missing.values())))
    # Similar lengths together: padding costs as much as text.
    order = sorted(missing.items(), key=lambda item: (len(texts[item[1][0]]), item[1][0]))
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    # Short and long batches mixed, so that the time left can be told from the time spent.
    Random(0).shuffle(batches)  # noqa: S311  # an order, not a secret
    for batch in batches:
        fresh = embedder.encode_passages([texts[rows[0]] for _, rows in batch], as_notes=as_notes)
        cache.put([(key, vector.tobytes()) for (key, _), vector in zip(batch, fresh, strict=True)])
        for (_, rows), vector in zip(batch, fresh, strict=True):
            out[rows] = vector
        on_progress(sum(len(rows) for _, rows in batch))
    return out


def cached_means(
    cache: VectorCache,
    sample: Sequence[str],
    dimensions: int,
    compute: Callable[[], tuple[Vectors, Vectors]],
) -> tuple[Vectors, Vectors]:
    """Return the means (d,) of notes and of sentences over ``sample``, computed once per sample."""
    keys = [key_of(kind, "\0".join(sample)) for kind in ("note_mean", "sentence_mean")]
    kept = _vectors(cache, keys, dimensions)
    if len(kept) == len(keys):
        return kept[keys[0]], kept[keys[1]]
    means = compute()
    cache.put([(key, mean.tobytes()) for key, mean in zip(keys, means, strict=True)])
    return means


def cached_terms(
    cache: VectorCache, texts: Sequence[str], compute: Callable[[str], list[str]]
) -> list[list[str]]:
    """Return the search terms of each text; only those the cache lacks are analysed."""
    # Another dictionary cuts words in other places.
    kind = f"terms {version('sudachidict_core')} {version('sudachipy')}"
    terms: list[list[str]] = []
    for start in range(0, len(texts), _READ_AT_ONCE):
        some = texts[start : start + _READ_AT_ONCE]
        keys = [key_of(kind, text) for text in some]
        kept = {key: json.loads(value) for key, value in cache.get(keys).items()}
        fresh: list[tuple[bytes, bytes]] = []
        for key, text in zip(keys, some, strict=True):
            if key not in kept:
                kept[key] = compute(text)
                fresh.append((key, json.dumps(kept[key], ensure_ascii=False).encode()))
        if fresh:
            cache.put(fresh)
        terms += [kept[key] for key in keys]
    return terms


def key_of(kind: str, text: str) -> bytes:
    """Return the key of a text encoded in the way ``kind`` names."""
    return hashlib.sha256(f"{kind}\0{text}".encode()).digest()


def _vectors(cache: VectorCache, keys: Sequence[bytes], dimensions: int) -> dict[bytes, Vectors]:
    """Return the vectors kept under ``keys``; one of another length counts as missing."""
    size = dimensions * np.dtype(np.float32).itemsize
    return {
        key: np.frombuffer(value, np.float32)
        for key, value in cache.get(keys).items()
        if len(value) == size
    }
