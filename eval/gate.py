"""A gate for changes: not below what was asked for, not behind the run accepted last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.cases import CaseProblem
from eval.history import KeptRun
from eval.metrics import METRICS, Estimate
from eval.report import LABELS


def limits_of(words: Sequence[str]) -> dict[str, float]:
    """Read ``name=number`` limits; raise :class:`CaseProblem` (Japanese) for any other form."""
    limits: dict[str, float] = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if name not in METRICS or not 0 <= value <= 1:
            raise CaseProblem(
                f"--fail-under の書き方が違います: {word}。"
                f"recall_primary@5=0.85 のように書きます（指標: {'、'.join(METRICS)}）"
            )
        limits[name] = value
    return limits


def below_limits(totals: Mapping[str, Estimate], limits: Mapping[str, float]) -> list[str]:
    """Return a Japanese line for every metric beyond its limit, or not measured at all."""
    lines = []
    for name, limit in limits.items():
        label, higher = LABELS[name]
        value = totals.get(name)
        if value is None:
            lines.append(f"{label}（{name}）は、この事例では測れません")
        elif value.mean < limit if higher else value.mean > limit:
            side = "下回りました" if higher else "上回りました"
            lines.append(f"{label}（{name}）{value.mean:.3f} が、求めた {limit:g} を{side}")
    return lines


def behind(totals: Mapping[str, Estimate], accepted: KeptRun) -> list[str]:
    """Return a Japanese line for every metric outside the accepted run's interval, on the bad side."""
    lines = []
    for name, before in accepted.metrics.items():
        if name not in LABELS:
            continue
        label, higher = LABELS[name]
        now = totals.get(name)
        if now is None:
            lines.append(f"{label}（{name}）が測れなくなりました")
        elif now.mean < before.low if higher else now.mean > before.high:
            lines.append(
                f"{label}（{name}）{now.mean:.3f} が、採用した結果（番号 {accepted.id}）の"
                f" {before.mean:.3f} [{before.low:.3f}, {before.high:.3f}] より悪くなりました"
            )
    return lines
