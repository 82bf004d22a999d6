"""What would another threshold give: a sweep, and the value for a wanted share.

Each note is read once; the thresholds are then tried on what was read, exactly as triage
applies them.  Nothing is changed: the value is printed for a person to weigh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeVar

import numpy as np

from eval.cases import Case
from eval.metrics import Estimate, wilson
from service.triage.note import NoteProblem
from service.triage.rank import order_categories
from service.triage.route import NOTHING_FITS, decide_route
from service.triage.second_opinion import opinion_features, shipped_opinion
from service.triage.triage import Desk, Examined, examine

Kind = Literal["flags", "silence"]
KINDS: tuple[Kind, ...] = ("flags", "silence")
T = TypeVar("T")
STEPS = tuple(round(0.02 * n, 2) for n in range(1, 50))


@dataclass(frozen=True, slots=True)
class Tried:
    """What one threshold gives.

    flags: recall and precision of the red flags, specificity over the calm cases.
    silence: ``recall`` is the share of welfare cases still answered, ``precision`` the share
    of the answered with a right category in the first three, ``specificity`` the share of the
    ``none.*`` cases that are silenced.  ``coverage``: share of cases shown a flag, or answered.
    """

    threshold: float
    coverage: float
    recall: Estimate | None
    precision: Estimate | None
    specificity: Estimate | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """All thresholds tried, the one in use, and the one proposed (None: none reaches it)."""

    kind: Kind
    current: float
    tried: tuple[Tried, ...]
    proposed: Tried | None


@dataclass(frozen=True, slots=True)
class _FlagCase:
    """The flags that are right, those the rules raise, and the model's chance of the others."""

    wanted: frozenset[str]
    ruled: frozenset[str]
    chances: dict[str, float]


@dataclass(frozen=True, slots=True)
class _SureCase:
    """How sure the best category is, whether it may be silenced at all, and what is right."""

    best: float
    may_silence: bool
    is_welfare: bool
    is_hit: bool


def sweep(
    desk: Desk,
    cases: Sequence[Case],
    kind: Kind,
    today: date,
    recall: float | None = None,
    specificity: float | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Sweep:
    """Try all thresholds on the labelled cases; one of ``recall``, ``specificity`` is wanted.

    The proposal is the threshold that reaches the wanted share and gives most of the other.
    """
    if kind == "flags":
        current = shipped_opinion().least
        flag_cases = _read(cases, lambda c: _flag_case(desk, c, today), on_progress)
        tried = tuple(_try_flags(flag_cases, t) for t in _steps(current))
    else:
        current = NOTHING_FITS
        scored = [case for case in cases if case.primary]
        sure_cases = _read(scored, lambda c: _sure_case(desk, c, today), on_progress)
        tried = tuple(_try_silence(sure_cases, t) for t in _steps(current))
    return Sweep(kind, current, tried, propose(tried, recall, specificity))


def propose(
    tried: Sequence[Tried], recall: float | None, specificity: float | None
) -> Tried | None:
    """Return the threshold that reaches the wanted share and gives most of the other one."""
    # A higher threshold shows fewer flags, or answers fewer notes: less recall, more specificity.
    if recall is not None:
        enough = [t for t in tried if t.recall and t.recall.mean >= recall]
        return max(enough, key=lambda t: t.threshold, default=None)
    if specificity is not None:
        enough = [t for t in tried if t.specificity and t.specificity.mean >= specificity]
        return min(enough, key=lambda t: t.threshold, default=None)
    return None


def _steps(current: float) -> tuple[float, ...]:
    return tuple(sorted({*STEPS, current}))


def _read(
    cases: Sequence[Case], read: Callable[[Case], T | None], on_progress: Callable[[int], None]
) -> list[T]:
    found = []
    for case in cases:
        on_progress(1)
        if case.is_labelled and (one := read(case)) is not None:
            found.append(one)
    return found


def _examined(desk: Desk, case: Case, today: date) -> Examined | None:
    try:
        return examine(desk, case.note, today)
    except NoteProblem:
        return None


def _flag_case(desk: Desk, case: Case, today: date) -> _FlagCase | None:
    examined = _examined(desk, case, today)
    if examined is None:
        return None
    ruled = tuple(f for f in examined.assessment.red_flags if f.source == "rule")
    assessment = replace(examined.assessment, red_flags=ruled)
    chances: dict[str, float] = {}
    if desk.head is not None:
        codes, vectors = desk.knowledge.red_flags, examined.hits.vectors
        rows = opinion_features(
            examined.reading, vectors, desk.head, assessment, desk.flag_rules, codes
        )
        opinion = shipped_opinion()
        chances = {
            code.code: opinion.probability(code.code, row)
            for code, row in zip(codes, rows, strict=True)
        }
    return _FlagCase(frozenset(case.red_flags), frozenset(f.code for f in ruled), chances)


def _try_flags(cases: Sequence[_FlagCase], threshold: float) -> Tried:
    pairs = [
        (case.wanted, case.ruled | {c for c, p in case.chances.items() if p >= threshold})
        for case in cases
    ]
    found = sum(len(wanted & shown) for wanted, shown in pairs)
    calm = [shown for wanted, shown in pairs if not wanted]
    return Tried(
        threshold,
        float(np.mean([bool(shown) for _, shown in pairs])) if pairs else 0.0,
        wilson(found, sum(len(wanted) for wanted, _ in pairs)),
        wilson(found, sum(len(shown) for _, shown in pairs)),
        wilson(sum(not shown for shown in calm), len(calm)),
    )


def _sure_case(desk: Desk, case: Case, today: date) -> _SureCase | None:
    examined = _examined(desk, case, today)
    if examined is None:
        return None
    assessment = examined.assessment
    primary = set(case.primary or ())
    scores = desk.scores(examined.features)
    route = decide_route(examined.reading, assessment, desk.codes, scores)
    closed = {c for c, v in examined.verdicts.items() if v.verdict == "does_not_fit"}
    ordered = order_categories(desk.codes, scores, route, assessment, frozenset(closed))
    return _SureCase(
        best=float(scores.max()),
        # As decide_route has it: a danger or a trouble that was read is always answered.
        may_silence=not assessment.red_flags and not assessment.problems,
        is_welfare=not all(code.startswith("none.") for code in primary),
        is_hit=bool(primary & {scored.code for scored in ordered[:3]}),
    )


def _try_silence(cases: Sequence[_SureCase], threshold: float) -> Tried:
    answered = [c for c in cases if not (c.may_silence and c.best < threshold)]
    welfare = sum(case.is_welfare for case in cases)
    others = len(cases) - welfare
    kept = sum(case.is_welfare for case in answered)
    return Tried(
        threshold,
        len(answered) / len(cases) if cases else 0.0,
        wilson(kept, welfare),
        wilson(sum(case.is_hit for case in answered), len(answered)),
        wilson(others - (len(answered) - kept), others),
    )


def sweep_text(found: Sweep, wanted: bool) -> str:
    """Return the table for the terminal, with the threshold in use and the one proposed."""
    heads = {
        "flags": "しきい値  印の出た割合  見つけた割合           正しい印の割合         緊急なしで出さない割合",
        "silence": "しきい値  答えた割合    福祉の相談に答えた割合  上位3件に正解          福祉以外で黙った割合",
    }
    lines = [heads[found.kind]]
    for t in found.tried:
        marks = ("　いま" if t.threshold == found.current else "") + (
            "　提案" if t == found.proposed else ""
        )
        shares = "  ".join(_share(v) for v in (t.recall, t.precision, t.specificity))
        lines.append(f"{t.threshold:>6.2f}    {t.coverage:.3f}         {shares}{marks}")
    if found.proposed:
        lines.append(f"提案: {found.proposed.threshold:g}（いまは {found.current:g}）")
    elif wanted:
        lines.append("求めた値に届くしきい値はありませんでした。")
    else:
        lines.append("--recall 0.9 か --specificity 0.9 のように求める値を書くと、提案します。")
    lines.append(
        "注意: 規則や学習に使った事例では、実際より甘く見えます。決める前に、使っていない書き手の事例で確かめてください。"
    )
    return "\n".join(lines)


def _share(value: Estimate | None) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]" if value else "—" + " " * 19
