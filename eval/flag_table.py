"""Red flags one by one: how often each was found, missed and shown without reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.cases import Case, Prediction
from eval.metrics import Estimate, wilson


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One flag over all labelled cases: the four counts, and shares with Wilson intervals."""

    code: str
    found: int
    missed: int
    wrong: int
    quiet: int
    recall: Estimate | None
    precision: Estimate | None
    specificity: Estimate | None


def flag_rows(cases: Sequence[Case], predictions: Mapping[str, Prediction]) -> list[FlagRow]:
    """Return a row per flag that is labelled or shown at least once, by code."""
    pairs = [(set(case.red_flags), set(predictions[case.id].red_flags)) for case in cases]
    codes = sorted({code for wanted, shown in pairs for code in wanted | shown})
    return [_row(code, pairs) for code in codes]


def _row(code: str, pairs: Sequence[tuple[set[str], set[str]]]) -> FlagRow:
    found = sum(code in wanted and code in shown for wanted, shown in pairs)
    missed = sum(code in wanted and code not in shown for wanted, shown in pairs)
    wrong = sum(code not in wanted and code in shown for wanted, shown in pairs)
    quiet = len(pairs) - found - missed - wrong
    return FlagRow(
        code,
        found,
        missed,
        wrong,
        quiet,
        wilson(found, found + missed),
        wilson(found, found + wrong),
        wilson(quiet, quiet + wrong),
    )
