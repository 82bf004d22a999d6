"""Which index kind finds what the exact one finds, and how fast: flat, inverted file, graph."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.dense import flat_index, ivf_index

Vectors = NDArray[np.float32]
_ONE_LIST_IN = (64, 16, 8, 6, 4)
_EF = (64, 128, 256)
_LINKS = 32
# How many rows a graph is built on at most: it takes minutes beyond.
GRAPH_UP_TO = 400_000
_FOUND = 10
_WANTED = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """One index kind and setting; ``recall`` is the share of the exact 10 nearest it finds.

    ``wide_recall`` is the same of the exact 1,000.  Times are milliseconds per query for the
    1,000 nearest, on one thread; ``build_s`` is shared by the settings of a kind.
    """

    name: str
    build_s: float
    recall: float
    wide_recall: float
    p50_ms: float
    p95_ms: float


def compare_kinds(vectors: Vectors, queries: Vectors) -> tuple[Kind, ...]:
    """Return a row per kind over unit ``vectors`` (n, d) and ``queries`` (q, d), exact first."""
    faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    flat = flat_index(vectors)
    built = time.perf_counter() - started
    wanted = min(_WANTED, len(vectors))
    true = flat.search(queries, wanted)[1]
    rows = [_measured("正確（flat）", built, flat, queries, true)]
    started = time.perf_counter()
    inverted = ivf_index(vectors)
    built = time.perf_counter() - started
    for share in _ONE_LIST_IN:
        inverted.nprobe = max(1, inverted.nlist // share)
        name = f"IVF {inverted.nlist} 本のうち {inverted.nprobe} 本"
        rows.append(_measured(name, built, inverted, queries, true))
    if len(vectors) <= GRAPH_UP_TO:
        rows += _graph_rows(vectors, queries, true)
    return tuple(rows)


def _graph_rows(vectors: Vectors, queries: Vectors, true: NDArray[np.int64]) -> list[Kind]:
    started = time.perf_counter()
    graph: Any = faiss.IndexHNSWFlat(vectors.shape[1], _LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.add(vectors)
    built = time.perf_counter() - started
    rows: list[Kind] = []
    for ef in _EF:
        graph.hnsw.efSearch = ef
        rows.append(_measured(f"HNSW M={_LINKS} ef={ef}", built, graph, queries, true))
    return rows


def _measured(
    name: str, build_s: float, index: Any, queries: Vectors, true: NDArray[np.int64]
) -> Kind:
    times: list[float] = []
    narrow: list[float] = []
    wide: list[float] = []
    for query, nearest in zip(queries, true, strict=True):
        started = time.perf_counter()
        _, found = index.search(query[None], len(nearest))
        times.append((time.perf_counter() - started) * 1000)
        narrow.append(_share(found[0][:_FOUND], nearest[:_FOUND]))
        wide.append(_share(found[0], nearest))
    return Kind(
        name,
        build_s,
        statistics.mean(narrow),
        statistics.mean(wide),
        statistics.median(times),
        sorted(times)[int(0.95 * (len(times) - 1))],
    )


def _share(found: NDArray[np.int64], nearest: NDArray[np.int64]) -> float:
    return len(set(found.tolist()) & set(nearest.tolist())) / max(1, len(nearest))
