"""A town of very many resources: services stay exact, resources are found by their kind of index."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from index import dense as dense_module
from index.build import build_index
from index.dense import (
    SplitDense,
    build_dense,
    dense_scores,
    load_dense,
    nearest_among,
    resource_scores,
    save_dense,
)
from index.search import Hits
from knowledge.load import load_knowledge
from knowledge.models import Knowledge, Resource
from service.triage import nearby
from service.triage.models import Triage
from service.triage.triage import Desk, examine, make_desk, triage
from tests.fixtures.counting_embedder import CountingEmbedder

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
SERVICES, COUNT, DIMENSIONS = 40, 6_000, 24


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Unit vectors in 60 heaps, as texts lie: the first 40 rows are services'."""
    random = np.random.default_rng(7)
    heaps = random.standard_normal((60, DIMENSIONS))
    rows = heaps[random.integers(60, size=COUNT)] + 0.5 * random.standard_normal(
        (COUNT, DIMENSIONS)
    )
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture(params=["exact", "ivf"])
def split(
    request: pytest.FixtureRequest, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> SplitDense:
    """The two kinds for a large town; the sizes from which they are chosen made small."""
    monkeypatch.setattr(dense_module, "SPLIT_FROM", 1_000)
    monkeypatch.setattr(
        dense_module, "EXACT_UP_TO", {"exact": 100_000, "ivf": 2_000}[request.param]
    )
    dense = build_dense(vectors, SERVICES)
    assert isinstance(dense, SplitDense)
    assert dense.is_exact == (request.param == "exact")
    return dense


def test_an_ordinary_town_is_one_exact_index(vectors: np.ndarray) -> None:
    """Every row against every query, as ever."""
    dense = build_dense(vectors, SERVICES)
    assert not isinstance(dense, SplitDense)
    assert dense_scores(dense, vectors[:3]) == pytest.approx(vectors[:3] @ vectors.T, abs=1e-5)


def test_services_are_exact_whatever_the_size(split: SplitDense, vectors: np.ndarray) -> None:
    """What a note is about must not depend on how many shops a town lists."""
    assert split.ntotal == COUNT
    scores = dense_scores(split, vectors[100:105])
    assert scores.shape == (5, COUNT)
    assert scores[:, :SERVICES] == pytest.approx(vectors[100:105] @ vectors[:SERVICES].T, abs=1e-5)


def test_the_nearest_resources_are_found_with_their_true_scores(
    split: SplitDense, vectors: np.ndarray
) -> None:
    """Of the ten nearest, at least nine; none scores more than it should."""
    resources = vectors[SERVICES:]
    found = 0
    for query in vectors[200:230]:
        true, scores = resources @ query, resource_scores(split, query)
        assert scores.shape == true.shape
        assert set(np.argsort(-scores)[:1]) == set(np.argsort(-true)[:1])
        found += len(set(np.argsort(-scores)[:10]) & set(np.argsort(-true)[:10]))
        near = scores > scores.min()
        assert scores[near] == pytest.approx(true[near], abs=1e-5)
        if not split.is_exact:
            assert near.sum() < dense_module.NEAREST
    assert found >= 0.9 * 300


def test_the_nearest_of_some_rows_are_found_exactly(split: SplitDense, vectors: np.ndarray) -> None:
    """A category far from the note has its nearest, too."""
    rows = np.arange(5, len(vectors) - SERVICES, 9)
    query = vectors[300]
    found, scores = nearest_among(split, query, rows, 20)
    true = vectors[SERVICES:][rows] @ query
    assert found.tolist() == rows[np.argsort(-true)[:20]].tolist()
    assert scores == pytest.approx(np.sort(true)[::-1][:20], abs=1e-5)
    assert len(nearest_among(split, query, rows[:3], 20)[0]) == 3


@pytest.mark.parametrize("mmap", [False, True])
def test_an_index_of_two_parts_is_read_back_the_same(
    split: SplitDense, vectors: np.ndarray, tmp_path: Path, mmap: bool
) -> None:
    """From memory or from the disk."""
    save_dense(split, tmp_path / "dense.faiss")
    loaded = load_dense(tmp_path / "dense.faiss", mmap)
    assert isinstance(loaded, SplitDense)
    assert loaded.is_exact == split.is_exact
    for query in vectors[400:403]:
        assert resource_scores(loaded, query).tobytes() == resource_scores(split, query).tobytes()


# The desk: the same answers, whichever index lies under them.


def many(knowledge: Knowledge, count: int) -> Knowledge:
    """Return a town with ``count`` more resources, each like one it has but for its words."""
    more: list[Resource] = []
    for number in range(count):
        like = knowledge.resources[number % len(knowledge.resources)]
        words = f"{like.description}（架空の{number}番）"
        more.append(like.model_copy(update={"id": f"x{number}", "description": words}))
    return knowledge.model_copy(update={"resources": (*knowledge.resources, *more)})


NOTES = (
    "財布に200円しかなく、米を買えない。",
    "82歳の母がひとりで、食事を作らなくなった。新聞がたまっている。",
    "アパートの家賃が高くて払い続けられない。",
)


@pytest.fixture(scope="module")
def town() -> Knowledge:
    """The invented town, with 2,000 resources more."""
    return many(load_knowledge(), 2_000)


def opened(town: Knowledge) -> Desk:
    """Return a desk on an index of the town, of the kind that its size asks for."""
    embedder = CountingEmbedder()
    return make_desk(town, embedder, build_index(town, embedder, NOW))


def answers(desk: Desk) -> list[Triage]:
    """Return what the desk says to each note, but for the time it took."""
    said = [triage(desk, note, date(2026, 6, 1)) for note in NOTES]
    return [replace(answer, elapsed_ms=0.0, timings_ms={}) for answer in said]


def test_looking_at_the_nearest_alone_changes_no_answer(
    town: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each category the nearest 40 are looked at instead of all 2,000 resources."""
    monkeypatch.setattr(nearby, "_ALL_UP_TO", 100_000)
    monkeypatch.setattr(nearby, "LOOKED_AT", 40)
    desk = opened(town)
    plain = answers(desk)
    assert [s for answer in plain for s in answer.suggestions if s.kind == "resource"]
    monkeypatch.setattr(nearby, "_ALL_UP_TO", 10)
    assert answers(desk) == plain
    monkeypatch.setattr(dense_module, "SPLIT_FROM", 50)
    split = opened(town)
    assert isinstance(split.index.dense, SplitDense)
    assert [cards(answer) for answer in answers(split)] == [cards(answer) for answer in plain]


def test_an_inverted_file_finds_the_nearest_of_every_category(
    town: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those of which none is among the nearest of the whole town."""
    monkeypatch.setattr(nearby, "_ALL_UP_TO", 10)
    monkeypatch.setattr(dense_module, "SPLIT_FROM", 50)
    exact = opened(town)
    monkeypatch.setattr(dense_module, "EXACT_UP_TO", 50)
    monkeypatch.setattr(dense_module, "NEAREST", 60)
    monkeypatch.setattr(dense_module, "ONE_LIST_IN", 1)
    inverted = opened(town)
    assert not inverted.index.dense.is_exact
    for note in NOTES:
        true, found = (examine(desk, note, date(2026, 6, 1)).hits for desk in (exact, inverted))
        for code in exact.codes:
            best = [nearest(desk, hits, code) for desk, hits in ((exact, true), (inverted, found))]
            assert best[1] == best[0]


def nearest(desk: Desk, hits: Hits, code: str) -> list[str]:
    """Return the five resources of a category that lie nearest to a note."""
    near = desk.resources.near(hits, [code])
    own = [r.id for r in near.knowledge.resources if code in r.categories]
    return sorted(own, key=lambda id_: (-round(near.similarity[id_], 5), id_))[:5]


def cards(answer: Triage) -> list[tuple[str, str]]:
    """Return the cards in their order: category and record."""
    return [(s.category, s.service_id) for s in answer.suggestions]
