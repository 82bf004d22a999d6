"""The trained model's second opinion on red flags: it can only add 'please check'.

Rules know the words they were given; on notes by new writers they find about half of the
dangers.  The category head was trained on flags as well, and where it is sure enough a
flag is added, marked as the model's, with the sentence it rests on.  It never removes one,
and it does not add one that the note itself denies.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.adapter import Head
from index.embedder import NoteVectors
from knowledge.models import RedFlagCode
from service.triage.denied_dangers import SILENCED, main_categories
from service.triage.models import Assessment, Reading, RedFlag
from service.triage.red_flags import FlagRule, make_flag
from service.triage.rules import sentence_span


@lru_cache(maxsize=1)
def thresholds() -> dict[str, float]:
    """Return the logit from which a flag is added, by code (made by ``eval.train.flags``)."""
    path = Path(__file__).with_name("second_opinion.json")
    data: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return data


def second_opinion(
    reading: Reading,
    vectors: NoteVectors,
    live: Sequence[int],
    head: Head | None,
    assessment: Assessment,
    rules: Sequence[FlagRule],
    codes: Sequence[RedFlagCode],
) -> tuple[RedFlag, ...]:
    """Return the flags that the model adds to those already raised; none without a head."""
    if head is None:
        return ()
    logits = dict(
        zip(head.codes, head.logits(vectors.note, vectors.sentences, tuple(live)), strict=True)
    )
    by_code = {rule.code: rule for rule in rules}
    decided = not_for_the_model(assessment, rules)
    added = []
    for code in codes:
        label = f"flag.{code.code}"
        if code.code in decided or logits.get(label, -np.inf) < thresholds()[code.code]:
            continue
        weights = head.sentence_weights[head.codes.index(label)]
        number = _clearest(vectors.sentences, live, weights)
        evidence = (sentence_span(reading, number),)
        added.append(make_flag(code, by_code[code.code].answer, evidence, "model"))
    return tuple(added)


def not_for_the_model(assessment: Assessment, rules: Sequence[FlagRule]) -> frozenset[str]:
    """Return the flags on which the model has no say: raised by rules, or denied by the note."""
    raised = {flag.code for flag in assessment.red_flags if flag.source == "rule"}
    denied = {c for d in assessment.denied if d.scope in SILENCED for c in d.categories}
    settled = {r.code for r in rules if denied & set(main_categories([r.code], rules))}
    return frozenset(raised | settled)


def _clearest(
    sentences: NDArray[np.float32], live: Sequence[int], weights: NDArray[np.float32]
) -> int:
    """Return the number of the sentence that speaks most for a label; the first of equals."""
    numbers = list(live) or list(range(len(sentences)))
    return max(numbers, key=lambda n: (float(sentences[n] @ weights), -n))
