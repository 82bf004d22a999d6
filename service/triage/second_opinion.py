"""The trained model's second opinion on red flags: it can only add 'please check'.

Rules know the words they were given; on notes by new writers they find about half of the
dangers.  The category head was trained on flags as well.  A small logistic model per flag
turns its logit, together with what the rules read, into a probability; from a set
probability on, the flag is added, marked as the model's, with the words it rests on.  It
never removes one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.adapter import Head
from index.embedder import NoteVectors
from knowledge.models import RedFlagCode
from service.triage.denied_concerns import SILENCED, main_categories
from service.triage.models import Assessment, Reading, RedFlag
from service.triage.red_flags import FlagRule, make_flag
from service.triage.rules import sentence_span

# What each flag is judged on, in the order of the weights.
OPINION_FEATURES = (
    "logit",  # of the trained head, over the whole note
    "denied",  # the note names the danger and denies it, 0/1
    "length",  # natural logarithm of the number of characters: long notes hold more look-alikes
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """Per flag the weights over :data:`OPINION_FEATURES` and the offset; ``least`` probability."""

    weights: dict[str, tuple[float, ...]]
    offsets: dict[str, float]
    least: float

    def probability(self, code: str, features: NDArray[np.float64]) -> float:
        """Return the probability of one flag from its feature row."""
        log_odds = float(features @ np.asarray(self.weights[code])) + self.offsets[code]
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))


@lru_cache(maxsize=1)
def shipped_opinion() -> Opinion:
    """Return what ships with the product (made by ``eval.train.flags``), read once."""
    path = Path(__file__).with_name("second_opinion.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    flags = data["flags"]
    return Opinion(
        {code: tuple(flag[name] for name in OPINION_FEATURES) for code, flag in flags.items()},
        {code: flag["offset"] for code, flag in flags.items()},
        data["least"],
    )


def opinion_features(
    reading: Reading,
    vectors: NoteVectors,
    head: Head,
    assessment: Assessment,
    rules: Sequence[FlagRule],
    codes: Sequence[RedFlagCode],
) -> NDArray[np.float64]:
    """Return the feature rows (flags, features) in the order of ``codes``."""
    every_sentence = tuple(range(len(vectors.sentences)))
    logits = dict(zip(head.codes, head.logits(vectors, every_sentence), strict=True))
    denied = denied_flags(assessment, rules)
    length = math.log(1 + len(reading.normalised.text))
    return np.array(
        [
            (
                float(logits.get(f"flag.{code.code}", -20.0)),
                float(code.code in denied),
                length,
            )
            for code in codes
        ]
    )


def second_opinion(
    reading: Reading,
    vectors: NoteVectors,
    head: Head | None,
    assessment: Assessment,
    rules: Sequence[FlagRule],
    codes: Sequence[RedFlagCode],
    opinion: Opinion | None = None,
) -> tuple[RedFlag, ...]:
    """Return the flags that the model adds to those already raised; none without a head."""
    if head is None:
        return ()
    opinion = opinion or shipped_opinion()
    raised = {flag.code for flag in assessment.red_flags}
    answers = {rule.code: rule.answer for rule in rules}
    rows = opinion_features(reading, vectors, head, assessment, rules, codes)
    added = []
    for code, row in zip(codes, rows, strict=True):
        if code.code in raised or opinion.probability(code.code, row) < opinion.least:
            continue
        clearest = head.clearest(vectors, f"flag.{code.code}")
        evidence = (sentence_span(reading, clearest),)
        added.append(make_flag(code, answers[code.code], evidence, "model"))
    return tuple(added)


def denied_flags(assessment: Assessment, rules: Sequence[FlagRule]) -> frozenset[str]:
    """Return the flags whose own windows the note rules out by denying the danger."""
    denied = {c for d in assessment.denied if d.scope in SILENCED for c in d.categories}
    return frozenset(r.code for r in rules if denied & set(main_categories([r.code], rules)))
