"""The systems that can be measured: tsunagi itself and three baselines over the same passages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case, Prediction
from index.search import fuse, search
from index.text import normalise, search_terms, split_sentences, tokenise
from service.triage.note import NoteProblem
from service.triage.triage import DEFAULT_TOP, Desk, triage

System = Callable[[Case], Prediction]
SYSTEMS = ("tsunagi", "bm25", "dense", "hybrid")


def make_system(name: str, desk: Desk, today: date) -> System:
    """Return the system called ``name``; raises KeyError for an unknown name."""
    if name == "tsunagi":
        return lambda case: _tsunagi(desk, case, today)
    score = {
        "bm25": lambda dense, lexical: lexical,
        "dense": lambda dense, lexical: dense,
        "hybrid": fuse,
    }[name]
    return lambda case: _baseline(desk, case, score)


def _tsunagi(desk: Desk, case: Case, today: date) -> Prediction:
    try:
        answer = triage(desk, case.note, today)
    except NoteProblem:
        return Prediction(
            id=case.id, ranked=("none.insufficient",), scores=(1.0,), route="insufficient"
        )
    chances: dict[str, float] = {}
    for suggestion in answer.suggestions:
        chances.setdefault(suggestion.category, suggestion.score)
    return Prediction(
        id=case.id,
        ranked=tuple(chances),
        scores=tuple(chances.values()),
        red_flags=tuple(flag.code for flag in answer.red_flags),
        route=answer.route,
    )


def _baseline(
    desk: Desk,
    case: Case,
    score: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]],
) -> Prediction:
    """Search with the whole note; a category is as good as its best passage."""
    text = normalise(case.note).text
    hits = search(
        desk.index, desk.embedder, text, split_sentences(text), search_terms(tokenise(text))
    )
    scores = score(hits.note, hits.lexical)
    best: dict[str, float] = {}
    for passage, value in zip(desk.index.passages, scores, strict=True):
        if passage.kind != "resource":
            for code in passage.categories:
                best[code] = max(best.get(code, -1e9), float(value))
    order = sorted(best, key=lambda code: (-best[code], code))
    return Prediction(id=case.id, ranked=tuple(order[:DEFAULT_TOP]))
