"""Nearest neighbours with FAISS over mean-centred vectors, of a kind that suits the size.

Centring (cos(q - mean_q, d - mean_d), a separate mean for notes and for passages) takes
away what all notes share; it lifted nDCG@10 from 0.50 to 0.57 on a city FAQ (measured).

A town of ordinary size is one exact index.  From :data:`SPLIT_FROM` resources on, services
stay exact and resources lie beside them; beyond :data:`EXACT_UP_TO` they lie in an inverted
file (IVF), of which only the lists nearest to the note are read.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.intp]

# Below, every sentence is held against every passage; above, only the note against resources.
SPLIT_FROM = 20_000
# One exact look at 316,970 passages took 25-45 ms on one core, where a note's embedding takes
# 60 and more: up to here, exact is fast enough.
EXACT_UP_TO = 200_000
# The nearest resources that an inverted file is asked for; the others get the lowest score.
NEAREST = 1000
# Of the lists of an inverted file, one in four is read for a note: notes lie apart from the
# records, so their nearest are spread over many lists (measured: docs/decisions/0012).
ONE_LIST_IN = 4
_POINTS_PER_LIST = 64
_BLOCK = 16_384


@dataclass(frozen=True, slots=True)
class SplitDense:
    """Passages of services (rows from 0, exact) and of resources (the rows after them)."""

    services: Any
    resources: Any

    @property
    def ntotal(self) -> int:
        """Number of passages."""
        return int(self.services.ntotal + self.resources.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether resources are compared one by one, too."""
        return isinstance(faiss.downcast_index(self.resources), faiss.IndexFlat)


def centre(vectors: Vectors, mean: Vectors) -> Vectors:
    """Return unit rows of ``vectors - mean``; a row equal to the mean stays zero."""
    shifted = np.atleast_2d(vectors) - mean
    norms = np.linalg.norm(shifted, axis=1, keepdims=True)
    return np.asarray(shifted / np.where(norms == 0, 1, norms), np.float32)


def centre_rows(vectors: Vectors, rows: Rows) -> None:
    """Centre the ``rows`` of ``vectors`` on their own mean, in place and in blocks."""
    mean = vectors[rows].mean(axis=0)
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        vectors[some] = centre(vectors[some], mean)


def build_dense(vectors: Vectors, services: int | None = None) -> Any:
    """Return an index over unit ``vectors`` (n, d), of which the first ``services`` are services'.

    Without ``services``, or with few resources, one exact index.
    """
    if services is None or len(vectors) - services < SPLIT_FROM:
        return flat_index(vectors)
    resources = vectors[services:]
    few = len(resources) <= EXACT_UP_TO
    return SplitDense(
        flat_index(vectors[:services]), flat_index(resources) if few else ivf_index(resources)
    )


def flat_index(vectors: Vectors) -> Any:
    """Return an exact inner-product index over unit ``vectors`` (n, d)."""
    dense = faiss.IndexFlatIP(vectors.shape[1])
    dense.add(vectors)
    return dense


def ivf_index(vectors: Vectors) -> Any:
    """Return an inverted file over unit ``vectors`` (n, d): full vectors in about 4√n lists.

    Deterministic: the clustering samples with a fixed seed.
    """
    count, dimensions = vectors.shape
    lists = max(1, min(int(4 * count**0.5), count // 39))
    dense = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(dimensions), dimensions, lists, faiss.METRIC_INNER_PRODUCT
    )
    dense.cp.max_points_per_centroid = _POINTS_PER_LIST
    dense.cp.spherical = True
    dense.train(vectors)
    dense.add(vectors)
    dense.nprobe = max(1, lists // ONE_LIST_IN)
    return dense


def save_dense(dense: Any, path: Path) -> None:
    """Write the index to ``path``, a split one to two files; raises OSError when the disk is full."""
    if not isinstance(dense, SplitDense):
        # FAISS's own writer reports a full disk as a RuntimeError of its C++ code.
        path.write_bytes(faiss.serialize_index(dense).tobytes())
        return
    save_dense(dense.services, path)
    try:
        faiss.write_index(dense.resources, str(_resources_path(path)))
    except RuntimeError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def load_dense(path: Path, mmap: bool = False) -> Any:
    """Read an index written by :func:`save_dense`, for use by one thread per query.

    With ``mmap`` the vectors of a split index stay on disk and are read as they are needed.
    """
    # On two cores one query is about ten times slower with two OpenMP threads than with one.
    faiss.omp_set_num_threads(1)
    whole = faiss.read_index(str(path))
    more = _resources_path(path)
    if not more.is_file():
        return whole
    flags = (faiss.IO_FLAG_MMAP_IFC,) if mmap else ()
    return SplitDense(whole, faiss.read_index(str(more), *flags))


def _resources_path(path: Path) -> Path:
    return path.with_name(f"resources.{path.name}")


def dense_scores(dense: Any, queries: Vectors) -> Vectors:
    """Return the cosine of each query with each passage, shape (queries, passages).

    Resources that an inverted file does not find among the nearest get its lowest score.
    """
    if isinstance(dense, SplitDense):
        resources = [resource_scores(dense, query) for query in queries]
        return np.concatenate([dense_scores(dense.services, queries), np.stack(resources)], axis=1)
    similarity, rows = dense.search(np.ascontiguousarray(queries), dense.ntotal)
    scores = np.empty_like(similarity)
    np.put_along_axis(scores, rows, similarity, axis=1)
    return np.asarray(scores, np.float32)


def resource_scores(dense: SplitDense, query: Vectors) -> Vectors:
    """Return the cosine of one query (d,) with each resource, shape (resources,)."""
    count = int(dense.resources.ntotal)
    if dense.is_exact:
        flat: Any = faiss.downcast_index(dense.resources)
        held = faiss.rev_swig_ptr(flat.get_xb(), count * flat.d).reshape(count, flat.d)
        return np.asarray(held @ query, np.float32)
    found, rows = dense.resources.search(query[None], min(count, NEAREST))
    found, rows = found[0][rows[0] >= 0], rows[0][rows[0] >= 0]
    scores = np.full(count, found.min() if len(found) else -1.0, np.float32)
    scores[rows] = found
    return scores


def nearest_among(dense: SplitDense, query: Vectors, rows: Rows, k: int) -> tuple[Rows, Vectors]:
    """Return the ``k`` resources of ``rows`` nearest to a query (d,), best first, exactly.

    Rows count from the first resource; all lists are read, but only these rows compared.
    """
    # FAISS's stubs do not know that its parameters are set by keyword.
    untyped: Any = faiss
    chosen = untyped.IDSelectorBatch(np.asarray(rows, np.int64))
    if dense.is_exact:
        how = untyped.SearchParameters(sel=chosen)
    else:
        lists = untyped.downcast_index(dense.resources).nlist
        how = untyped.SearchParametersIVF(sel=chosen, nprobe=lists)
    found, places = dense.resources.search(query[None], min(k, len(rows)), params=how)
    there = places[0] >= 0
    return np.asarray(places[0][there], np.intp), np.asarray(found[0][there], np.float32)
