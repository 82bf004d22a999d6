"""BM25 over Sudachi's normalised forms: finds the words that embeddings blur."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from index.text import normalise, search_terms, tokenise
from index.vectors_cache import VectorCache, cached_terms


def terms_of(text: str) -> list[str]:
    """Return the content words of a text, never none: BM25 needs a word per passage."""
    return search_terms(tokenise(normalise(text).text)) or ["　"]


def build_lexical(texts: list[str], cache: VectorCache | None = None) -> Any:
    """Return a BM25 index (Lucene variant) over the content words of ``texts``."""
    corpus = (
        [terms_of(text) for text in texts]
        if cache is None
        else cached_terms(cache, texts, terms_of)
    )
    retriever = bm25s.BM25(method="lucene")
    retriever.index(corpus, show_progress=False)
    return retriever


def save_lexical(retriever: Any, folder: Path) -> None:
    """Write the BM25 index into ``folder``."""
    retriever.save(str(folder), show_progress=False)


def load_lexical(folder: Path, mmap: bool = False) -> Any:
    """Read a BM25 index written by :func:`save_lexical`; with ``mmap`` the scores stay on disk."""
    return bm25s.BM25.load(str(folder), mmap=mmap)


def lexical_scores(retriever: Any, terms: list[str], count: int) -> NDArray[np.float32]:
    """Return the BM25 score of every passage, shape (count,), zeros when no word is known."""
    known = [term for term in terms if term in retriever.vocab_dict]
    if not known:
        return np.zeros(count, np.float32)
    return np.asarray(retriever.get_scores(known), np.float32)
