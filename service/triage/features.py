"""What is known of each category before anything is decided: one row of numbers each.

The columns (:data:`FEATURES`) are explicit and few, so that a suggestion's score can be
taken apart again into words.  Similarities are standardised over the categories of the
same note (mean 0, deviation 1): what counts is how much a category stands out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.adapter import Head
from index.memory import Memory
from index.passages import Passage
from index.search import Hits
from service.triage.models import Assessment, Eligibility

Array = NDArray[np.float32]
FEATURES = (
    "note_situation",  # the whole note against the three nearest situations of the category
    "sentence_situation",  # the best sentence against its two nearest situations
    "sentence_mean",  # the same, averaged over the two best sentences
    "description",  # the whole note against what the service is
    "words",  # BM25, best passage
    "words_mean",  # BM25, mean of the three best passages
    "resource",  # the whole note against the town's own resources of the category
    "head",  # the trained category head, logit
    "head_rank",  # the same, standardised over the categories
    "case_note",  # root of the share of votes of the past cases nearest to the note, 0-1
    "case_sentence",  # the same for the sentence where it is highest
    "problem_best",  # strongest problem that calls for the category, 0-1
    "problem_sum",  # all problems that call for it, summed
    "flag",  # a red flag leads here, 0-1
    "denied",  # the note denies a trouble that would lead here, 0-1
    "eligibility",  # somebody in the household fits 1, nobody does -1, cannot tell 0
)
# What only training gives: unknown of a category added afterwards.
LEARNED = ("head", "head_rank", "case_note", "case_sentence")
ELIGIBILITY_COLUMN = FEATURES.index("eligibility")
_VERDICT_VALUE = {"fits": 1.0, "unknown": 0.0, "does_not_fit": -1.0}

# A problem calls for a category, rather than merely allowing it, from this weight.
_CALLS_FOR = 0.5
# How strongly a concern denied by name would have led to its categories: a danger counts
# most, its windows must not be suggested without reason.
_NAMED_DANGER = 2.0
_NAMED_CONCERN = 1.5


@dataclass(frozen=True, slots=True)
class PassageRows:
    """Which passages belong to which category: row numbers by category and kind."""

    codes: tuple[str, ...]
    situations: tuple[NDArray[np.intp], ...]
    descriptions: tuple[NDArray[np.intp], ...]
    resources: tuple[NDArray[np.intp], ...]


def passage_rows(passages: Sequence[Passage], codes: Sequence[str]) -> PassageRows:
    """Sort the rows of an index by category, in one pass, once per loaded index."""
    sorted_: dict[tuple[str, str], list[int]] = {}
    for row, passage in enumerate(passages):
        for code in dict.fromkeys(passage.categories):
            sorted_.setdefault((passage.kind, code), []).append(row)

    def rows(kind: str) -> tuple[NDArray[np.intp], ...]:
        return tuple(np.array(sorted_.get((kind, code), ()), dtype=np.intp) for code in codes)

    return PassageRows(tuple(codes), rows("situation"), rows("description"), rows("resource"))


def build_features(
    hits: Hits,
    live_sentences: Sequence[int],
    assessment: Assessment,
    rows: PassageRows,
    problem_weights: dict[str, dict[str, float]],
    flag_weights: dict[str, dict[str, float]],
    head: Head | None,
    memory: Memory | None,
    verdicts: Mapping[str, Eligibility],
) -> Array:
    """Return the feature matrix (categories, features) in the order of ``rows.codes``.

    ``live_sentences`` are the numbers of the sentences that do not merely deny a trouble.
    """
    sentences = hits.sentences[list(live_sentences)] if len(live_sentences) else hits.note[None]
    per_sentence = _top_means(sentences, rows.situations, 2)
    ordered = -np.sort(-per_sentence, axis=0)
    columns = (
        _standardised(_top_means(hits.note[None], rows.situations, 3)[0]),
        _standardised(ordered[0]),
        _standardised(ordered[:2].mean(axis=0)),
        _standardised(_top_means(hits.note[None], rows.descriptions, 1)[0]),
        _standardised(_top_means(hits.lexical[None], rows.situations, 1)[0]),
        _standardised(_top_means(hits.lexical[None], rows.descriptions, 3)[0]),
        _standardised(_best(hits.note, rows.resources)),
        *_head_columns(hits, live_sentences, rows.codes, head),
        *_case_columns(hits, live_sentences, rows.codes, memory),
        *_problem_columns(assessment, rows.codes, problem_weights),
        _flag_column(assessment, rows.codes, flag_weights),
        _denied_column(assessment, rows.codes, problem_weights),
        eligibility_column(rows.codes, verdicts),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def eligibility_column(codes: Sequence[str], verdicts: Mapping[str, Eligibility]) -> Array:
    """Return the verdict on each category's service as a number; 0 where there is none."""
    values = [_VERDICT_VALUE[verdicts[c].verdict] if c in verdicts else 0.0 for c in codes]
    return np.array(values, np.float32)


def _top_means(scores: Array, groups: tuple[NDArray[np.intp], ...], k: int) -> Array:
    """Return for each query row and group the mean of its ``k`` best scores, (queries, groups).

    A group without passages gets the lowest mean of the others.
    """
    width = max((len(group) for group in groups), default=0)
    if not width:
        return np.zeros((len(scores), len(groups)), np.float32)
    # All groups at once: short ones are filled up with a column that is never among the best.
    sizes = np.array([len(group) for group in groups])
    column = np.full((len(groups), max(width, k)), scores.shape[1], np.intp)
    column[:, :width][np.arange(width) < sizes[:, None]] = np.concatenate(groups)
    never = np.full((len(scores), 1), -np.inf, np.float32)
    chosen = np.concatenate([scores, never], axis=1)[:, column]
    best = np.partition(chosen, -k, axis=2)[:, :, -k:]
    counted = np.minimum(sizes, k)
    total = np.where(np.isfinite(best), best, 0.0).sum(axis=2)
    out = np.where(counted > 0, total / np.maximum(counted, 1), np.nan)
    return np.where(np.isnan(out), np.nanmin(out, axis=1, keepdims=True), out).astype(np.float32)


def _best(scores: Array, groups: tuple[NDArray[np.intp], ...]) -> Array:
    """Return the best score of each group, (groups,): :func:`_top_means` with one row and k = 1.

    Groups of a hundred thousand beside groups of ten would make its table large.
    """
    filled = [number for number, group in enumerate(groups) if len(group)]
    if not filled:
        return np.zeros(len(groups), np.float32)
    sizes = np.array([len(groups[number]) for number in filled])
    starts = np.cumsum(sizes) - sizes
    best = np.maximum.reduceat(scores[np.concatenate([groups[n] for n in filled])], starts)
    out = np.full(len(groups), best.min(), np.float32)
    out[filled] = best
    return out


def _head_columns(
    hits: Hits, live: Sequence[int], codes: tuple[str, ...], head: Head | None
) -> tuple[Array, Array]:
    """Return the head's logits, raw and standardised; zeros without a head.

    A category unknown to the head stands lowest; the desk scores it without these columns.
    """
    if head is None:
        return np.zeros(len(codes), np.float32), np.zeros(len(codes), np.float32)
    logits = head.logits(hits.vectors, tuple(live))
    known = dict(zip(head.codes, logits, strict=True))
    lowest = float(logits.min())
    column = np.array([known.get(code, lowest) for code in codes], np.float32)
    return column, _standardised(column)


def _case_columns(
    hits: Hits, live: Sequence[int], codes: tuple[str, ...], memory: Memory | None
) -> tuple[Array, Array]:
    """Return what the nearest past cases vote for; zeros without a memory."""
    if memory is None:
        return np.zeros(len(codes), np.float32), np.zeros(len(codes), np.float32)
    chosen = hits.vectors.sentences[list(live)]
    shares = np.sqrt(memory.share(np.concatenate([hits.vectors.note[None], chosen])))
    best = shares[1:].max(axis=0) if len(chosen) else shares[0]
    place = {code: column for column, code in enumerate(memory.codes)}
    columns = [place.get(code, -1) for code in codes]
    known = np.array([column >= 0 for column in columns])
    return np.where(known, shares[0][columns], 0), np.where(known, best[columns], 0)


def _standardised(values: Array) -> Array:
    deviation = float(values.std())
    return (values - values.mean()) / deviation if deviation > 1e-9 else np.zeros_like(values)


def _problem_columns(
    assessment: Assessment, codes: tuple[str, ...], weights: dict[str, dict[str, float]]
) -> tuple[Array, Array]:
    best = dict.fromkeys(codes, 0.0)
    total = dict.fromkeys(codes, 0.0)
    for problem in assessment.problems:
        for code, weight in weights[problem.code].items():
            value = weight * problem.weight
            best[code] = max(best[code], value)
            total[code] += value
    return np.array([best[c] for c in codes], np.float32), np.array(
        [total[c] for c in codes], np.float32
    )


def _flag_column(
    assessment: Assessment, codes: tuple[str, ...], weights: dict[str, dict[str, float]]
) -> Array:
    raised = [weights[flag.code] for flag in assessment.red_flags]
    return np.array([max((w.get(c, 0.0) for w in raised), default=0.0) for c in codes], np.float32)


def _denied_column(
    assessment: Assessment, codes: tuple[str, ...], weights: dict[str, dict[str, float]]
) -> Array:
    """How strongly a denied trouble would have led here, when no affirmed one does."""
    affirmed = {
        category
        for problem in assessment.problems
        for category, weight in weights[problem.code].items()
        if weight >= _CALLS_FOR
    }
    column = dict.fromkeys(codes, 0.0)
    for denied in assessment.denied:
        if denied.scope in ("denied", "past", "other"):
            named = _NAMED_DANGER if denied.code.startswith("danger.") else _NAMED_CONCERN
            led = weights.get(denied.code) or dict.fromkeys(denied.categories, named)
            for category in led.keys() - affirmed:
                column[category] = max(column[category], led[category])
    return np.array([column[code] for code in codes], np.float32)
