"""What each part is worth: switched off in turn, the ranker fitted again, scored on the same cases.

Only the order of the categories is compared here (no route, no cutting of the list), so that
every variant is judged alike.  p-values are of paired sign-flip permutation tests on the
per-case recall_primary@5, corrected by Holm (1979).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from eval.cases import Case
from eval.metrics import Estimate, estimate, ndcg, recall
from eval.rivals import rival_lists
from eval.systems import SYSTEMS, make_system
from eval.train.ranker import Table, feature_table, fit_ranker
from service.triage.features import FEATURES, LEARNED
from service.triage.triage import Desk

PARTS: dict[str, tuple[str, ...]] = {
    "全部": (),
    "学習した分類（head）なし": ("head", "head_rank"),
    "似た事例（memory）なし": ("case_note", "case_sentence"),
    "学習した分類も似た事例もなし": LEARNED,
    "典型的な相談との近さなし": ("note_situation", "sentence_situation", "sentence_mean"),
    "文ごとの近さなし": ("sentence_situation", "sentence_mean"),
    "説明文・地域資源との近さなし": ("description", "resource"),
    "単語（BM25）なし": ("words", "words_mean"),
    "課題の規則なし": ("problem_best", "problem_sum"),
    "緊急の印なし": ("flag",),
    "否定の読みなし": ("denied",),
    "規則だけ（課題・緊急・否定）": tuple(
        name for name in FEATURES if name not in ("problem_best", "problem_sum", "flag", "denied")
    ),
}
_PERMUTATIONS = 5000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one set of cases; ``p`` against the full system, Holm-corrected."""

    name: str
    recall_at_5: Estimate
    ndcg_at_10: Estimate
    difference: float
    p: float | None


def rank_with(fitted: Mapping[str, object], table: Table, codes: Sequence[str]) -> list[list[str]]:
    """Return the codes of every note of ``table``, best first, under a fitted ranker."""
    weights = fitted["weights"]
    if not isinstance(weights, dict):
        raise TypeError("weights")
    scores = table.features @ np.array([weights[name] for name in FEATURES], np.float32)
    return [[codes[i] for i in np.argsort(-row, kind="stable")] for row in scores]


def part_rows(
    fit_on: Table, table: Table, cases: Sequence[Case], codes: Sequence[str]
) -> list[Row]:
    """Return one row per part switched off, the full system first."""
    ranked = {
        name: rank_with(fit_ranker(fit_on, skip=skipped), table, codes)
        for name, skipped in PARTS.items()
    }
    return compare(ranked, cases)


def compare(ranked: Mapping[str, Sequence[Sequence[str]]], cases: Sequence[Case]) -> list[Row]:
    """Score every system on ``cases``; the first one is what the others are compared with."""
    values = {
        name: np.array(
            [recall(r, set(c.primary or ()), 5) for r, c in zip(lists, cases, strict=True)]
        )
        for name, lists in ranked.items()
    }
    first = next(iter(values))
    raw = {n: permutation_p(values[first] - v) for n, v in values.items() if n != first}
    corrected = holm(raw)
    return [
        Row(
            name,
            _estimate(values[name]),
            _estimate(
                np.array(
                    [
                        ndcg(r, set(c.primary or ()), set(c.acceptable), 10)
                        for r, c in zip(lists, cases, strict=True)
                    ]
                )
            ),
            float((values[name] - values[first]).mean()),
            corrected.get(name),
        )
        for name, lists in ranked.items()
    ]


def permutation_p(differences: Array, seed: int = 0) -> float:
    """Return the two-sided p-value of a paired sign-flip permutation test of the mean."""
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (_PERMUTATIONS, len(differences)))
    means = np.abs((signs * differences).mean(axis=1))
    return float((1 + (means >= abs(differences.mean()) - 1e-12).sum()) / (1 + _PERMUTATIONS))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return Holm's step-down correction of several p-values."""
    corrected: dict[str, float] = {}
    worst = 0.0
    order = sorted(p_values, key=lambda name: p_values[name])
    for position, name in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - position) * p_values[name]))
        corrected[name] = worst
    return corrected


def baseline_lists(desk: Desk, cases: Sequence[Case], today: date) -> dict[str, list[list[str]]]:
    """Return the lists of the baselines bm25, dense and hybrid over the same passages."""
    lists: dict[str, list[list[str]]] = {}
    for name in SYSTEMS[1:]:
        system = make_system(name, desk, today)
        lists[name] = [list(system(case).ranked) for case in cases]
    return lists


def ablation_report(
    desks: Mapping[str, Desk],
    fit_cases: Sequence[Case],
    sets: Mapping[str, Sequence[Case]],
    today: date,
    on_progress: Callable[[int], None],
) -> str:
    """Return the whole report as Markdown.

    ``desks`` maps a model's name to a desk; the first is the product's own.
    """
    own = next(iter(desks.values()))
    fit_on = feature_table(own, fit_cases, today, on_progress)
    others = {
        name: (desk, feature_table(desk, fit_cases, today, on_progress))
        for name, desk in list(desks.items())[1:]
    }
    lines = [
        "# 部品を1つずつ外して測った効き目",
        "",
        "`tsunagi eval ablate` が書く。順位だけを比べ（道筋・一覧の切り方は除く）、順位づけの重みは毎回",
        "学習に使わない書き手 w09・w14・w22 で当て直す。[ ] は事例のブートストラップ95%区間、p は recall_primary@5 の",
        "対応のある符号反転検定（Holm 補正）。txtai と Haystack は同じ索引の文・同じ埋め込み・Sudachi の単語で、",
        "それぞれの既定の混ぜ方（`pip install -e '.[rivals]'` があるときだけ測る）。",
        "",
    ]
    for title, cases in sets.items():
        table = feature_table(own, cases, today, on_progress)
        rows = part_rows(fit_on, table, cases, own.codes)
        ranked = {"全部": rank_with(fit_ranker(fit_on), table, own.codes)}
        ranked |= baseline_lists(own, cases, today)
        ranked |= rival_lists(own, cases)
        for name, (desk, other_fit) in others.items():
            other = feature_table(desk, cases, today, on_progress)
            fitted = fit_ranker(other_fit, skip=() if desk.head else LEARNED)
            ranked[name] = rank_with(fitted, other, desk.codes)
            ranked |= {f"{name}: {n}": ls for n, ls in baseline_lists(desk, cases, today).items()}
        lines += [f"## {title}（{len(cases)}件）", "", *_markdown(rows), ""]
        lines += ["### 基準となる方法・調整前のモデル", "", *_markdown(compare(ranked, cases)), ""]
    return "\n".join(lines)


def _markdown(rows: Sequence[Row]) -> list[str]:
    lines = ["| 構成 | recall_primary@5 | nDCG@10 | 差 | p（Holm） |", "|---|---|---|---|---|"]
    for row in rows:
        p = "—" if row.p is None else f"{row.p:.3f}"
        lines.append(
            f"| {row.name} | {_text(row.recall_at_5)} | {_text(row.ndcg_at_10)}"
            f" | {row.difference:+.3f} | {p} |"
        )
    return lines


def _estimate(values: Array) -> Estimate:
    found = estimate(list(values), [1.0] * len(values))
    if found is None:
        raise ValueError("no cases")
    return found


def _text(e: Estimate) -> str:
    return f"{e.mean:.3f} [{e.low:.3f}, {e.high:.3f}]"
