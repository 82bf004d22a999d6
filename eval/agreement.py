"""How far two labellers agree on the same notes: the ceiling for any system.

Cohen's kappa (1960) is taken over all note-category pairs, primary or not; recall@5 treats
one labeller's primary and acceptable codes, in order, as a system scored on the other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.cases import Case
from eval.metrics import Estimate, recall, wilson


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two labellings; kappas in [-1, 1], the others shares in [0, 1]."""

    notes: int
    kappa_primary: float
    kappa_red_flags: float
    recall_at_5: float
    primary_is_acceptable: float


def agreement(first: Sequence[Case], second: Sequence[Case], codes: Sequence[str]) -> Agreement:
    """Compare two labellings of the same notes; raises KeyError when a note is missing."""
    by_id = {case.id: case for case in first}
    pairs = [(by_id[case.id], case) for case in second]
    flags = sorted({f for a, b in pairs for f in (*a.red_flags, *b.red_flags)})
    recalls = [
        recall([*(b.primary or ()), *b.acceptable], set(a.primary or ()), 5) for a, b in pairs
    ]
    kept = [
        code in {*(b.primary or ()), *b.acceptable} for a, b in pairs for code in a.primary or ()
    ]
    return Agreement(
        notes=len(pairs),
        kappa_primary=kappa(
            [c in (a.primary or ()) for a, _ in pairs for c in codes],
            [c in (b.primary or ()) for _, b in pairs for c in codes],
        ),
        kappa_red_flags=kappa(
            [f in a.red_flags for a, _ in pairs for f in flags],
            [f in b.red_flags for _, b in pairs for f in flags],
        ),
        recall_at_5=sum(recalls) / len(recalls),
        primary_is_acceptable=sum(kept) / len(kept),
    )


@dataclass(frozen=True, slots=True)
class FlagAgreement:
    """A second reader scored on the first one's red flags: what a careful person reaches."""

    notes: int
    kappa: float
    recall: Estimate | None
    specificity: Estimate | None


def flag_agreement(first: Sequence[Case], second: Sequence[Case]) -> FlagAgreement:
    """Compare the red flags of two labellings; raises KeyError when a note is missing."""
    by_id = {case.id: case for case in first}
    pairs = [(set(by_id[case.id].red_flags), set(case.red_flags)) for case in second]
    codes = sorted({code for pair in pairs for flags in pair for code in flags})
    quiet = [found for wanted, found in pairs if not wanted]
    return FlagAgreement(
        notes=len(pairs),
        kappa=kappa(
            [c in wanted for wanted, _ in pairs for c in codes],
            [c in found for _, found in pairs for c in codes],
        ),
        recall=wilson(
            sum(len(wanted & found) for wanted, found in pairs), sum(len(w) for w, _ in pairs)
        ),
        specificity=wilson(sum(not found for found in quiet), len(quiet)),
    )


def kappa(a: Sequence[bool], b: Sequence[bool]) -> float:
    """Return Cohen's kappa of two yes/no judgements of the same items; 1.0 when all are alike.

    No items at all (no flag in either labelling) counts as alike.
    """
    if not a:
        return 1.0
    count = len(a)
    observed = sum(x == y for x, y in zip(a, b, strict=True)) / count
    yes_a, yes_b = sum(a) / count, sum(b) / count
    expected = yes_a * yes_b + (1 - yes_a) * (1 - yes_b)
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)
