"""Does help that was added after the training still rank: whole categories held out in turn.

In each fold every seventh category is unknown to the trained head and is scored as the
product scores a newcomer, by its situations, words and rules.  The encoder itself has seen
notes of all categories, so this measures the ranker's and the head's part of the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from eval.cases import Case
from eval.metrics import Estimate, estimate
from eval.systems import make_system
from service.triage.triage import Desk, examine

FOLDS = 7


@dataclass(frozen=True, slots=True)
class HeldOut:
    """recall@5 of the held-out categories alone, over the cases where one of them is primary."""

    known: Estimate
    newcomer: Estimate
    hybrid: Estimate


def held_out_recall(
    desk: Desk, cases: Sequence[Case], today: date, on_progress: Callable[[int], None]
) -> HeldOut:
    """Score every labelled case with its categories known, as newcomers, and by plain search."""
    hybrid = make_system("hybrid", desk, today)
    rows: dict[str, list[float]] = {"known": [], "newcomer": [], "hybrid": []}
    for case in cases:
        on_progress(1)
        wanted = set(case.primary or ())
        if not wanted or any(code.startswith("none.") for code in wanted):
            continue
        features = examine(desk, case.note, today).features
        known = desk.ranker.scores(features)
        plain = hybrid(case).ranked
        for fold in range(FOLDS):
            held = np.arange(len(desk.codes)) % FOLDS == fold
            out = wanted & {code for code, is_held in zip(desk.codes, held, strict=True) if is_held}
            if not out:
                continue
            scores = np.where(held, desk.newcomer_ranker.scores(features), known)
            rows["known"].append(_found(_best(desk.codes, known), out))
            rows["newcomer"].append(_found(_best(desk.codes, scores), out))
            rows["hybrid"].append(_found(plain, out))
    found = {name: estimate(values, [1.0] * len(values)) for name, values in rows.items()}
    known_, newcomer, hybrid_ = found["known"], found["newcomer"], found["hybrid"]
    if known_ is None or newcomer is None or hybrid_ is None:
        raise ValueError("no labelled welfare case")
    return HeldOut(known_, newcomer, hybrid_)


def _best(codes: Sequence[str], scores: np.ndarray) -> list[str]:
    return [codes[n] for n in np.argsort(-scores, kind="stable")]


def _found(ranked: Sequence[str], wanted: set[str]) -> float:
    return len(wanted & set(ranked[:5])) / len(wanted)
