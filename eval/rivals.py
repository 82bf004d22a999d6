"""Two search frameworks over the same passages with the same model: txtai and Haystack.

They are no part of the product and are installed only for the comparison
(``pip install -e '.[rivals]'``).  Both get what our own baselines get: centred vectors,
and words as Sudachi cuts them, since neither knows Japanese words; each fuses its dense
and its keyword list in its own way, with its own defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case
from index.dense import centre
from index.text import normalise, search_terms, split_sentences, tokenise
from service.triage.triage import DEFAULT_TOP, Desk

# As many passages as give ten categories in practice.
_PASSAGES = 300

Vector = NDArray[np.float32]
Search = Callable[[str, Vector], list[int]]


def rival_lists(desk: Desk, cases: Sequence[Case]) -> dict[str, list[list[str]]]:
    """Return each framework's categories per case, best first; none of them where not installed."""
    makers = {"txtai（hybrid）": _txtai, "Haystack（BM25＋埋め込み、RRF）": _haystack}
    lists: dict[str, list[list[str]]] = {}
    for name, make in makers.items():
        try:
            find = make(desk)
        except ImportError:
            continue
        lists[name] = [_categories(desk, find, case) for case in cases]
    return lists


def _categories(desk: Desk, find: Search, case: Case) -> list[str]:
    text = normalise(case.note).text
    vector = desk.embedder.encode_note(text, split_sentences(text)).note
    vector = centre(vector, desk.index.note_mean)[0]
    codes = [
        code
        for row in find(_words(text), vector)
        if desk.index.passages[row].kind != "resource"
        for code in desk.index.passages[row].categories
    ]
    return list(dict.fromkeys(codes))[:DEFAULT_TOP]


def _passage_vectors(desk: Desk) -> Vector:
    dense = desk.index.dense
    return np.asarray(dense.reconstruct_n(0, dense.ntotal), np.float32)


def _words(text: str) -> str:
    return " ".join(search_terms(tokenise(text)))


def _txtai(desk: Desk) -> Search:
    from txtai import Embeddings

    vectors = _passage_vectors(desk)
    waiting: list[Vector] = []
    engine = Embeddings(
        {
            "method": "external",
            "transform": lambda texts: np.stack([waiting.pop(0) for _ in texts]),
            "hybrid": True,
            "content": False,
        }
    )
    waiting.extend(vectors)
    engine.index([(n, _words(p.text), None) for n, p in enumerate(desk.index.passages)])

    def find(words: str, vector: Vector) -> list[int]:
        waiting.append(vector)
        return [int(row) for row, _ in engine.search(words, _PASSAGES)]

    return find


def _haystack(desk: Desk) -> Search:
    from haystack import Document
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import (
        InMemoryBM25Retriever,
        InMemoryEmbeddingRetriever,
    )
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(
        bm25_tokenization_regex=r"\S+", embedding_similarity_function="cosine"
    )
    vectors = _passage_vectors(desk)
    store.write_documents(
        [
            Document(id=str(n), content=_words(p.text), embedding=vectors[n].tolist())
            for n, p in enumerate(desk.index.passages)
        ]
    )
    by_words = InMemoryBM25Retriever(store, top_k=_PASSAGES)
    by_vector = InMemoryEmbeddingRetriever(store, top_k=_PASSAGES)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=_PASSAGES)

    def find(words: str, vector: Vector) -> list[int]:
        found = [by_vector.run(query_embedding=vector.tolist())["documents"]]
        if words:
            found.append(by_words.run(query=words)["documents"])
        return [int(document.id) for document in joiner.run(found)["documents"]]

    return find
