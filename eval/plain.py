"""Five figures in words that need no statistics: 10件のうち約9件."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One sentence, how sure it is, and the metric that it puts into words."""

    metric: str
    sentence: str
    range: str


_SENTENCES = {
    "recall_primary@5": "正しいつなぎ先は、10件のうち{n}が、候補の上位5件に入っています。",
    "hit_primary@3": "相談10件のうち{n}で、上位3件を見れば、正しいつなぎ先が少なくとも1つあります。",
    "useful@5": "上位に示す5件のうち{five}は、つないでよい先です。",
    "red_flag_recall": "緊急・通報のしるしは、10件のうち{n}を見つけます。{missed}印がないことは安全を意味しません。",
    "red_flag_specificity": "緊急のない相談10件のうち{n}では、何も示しません。{wrong}",
}


def plain_figures(totals: Mapping[str, Mapping[str, Any]]) -> list[Figure]:
    """Return the figures that the totals of a run allow for, at most five."""
    return [
        _figure(name, sentence, totals[name])
        for name, sentence in _SENTENCES.items()
        if name in totals
    ]


def _figure(name: str, sentence: str, value: Mapping[str, Any]) -> Figure:
    mean = value["mean"]
    words = sentence.format(
        n=_of(mean, 10, "件"),
        five=_of(mean, 5, "件"),
        missed=f"{_of(1 - mean, 10, '件')}は見落とすので、"
        if mean < 1
        else "この事例では見落としはありませんでしたが、",
        wrong="残りには不要な印が出ます。" if mean < 1 else "",
    )
    return Figure(
        name,
        words,
        f"{mean:.0%}。{value['count']}件で測りました。"
        f"同じような事例を集め直して測っても、{value['low']:.0%}〜{value['high']:.0%}に収まる見込みです。",
    )


def _of(share: float, whole: int, unit: str) -> str:
    """Return a share as a count out of ``whole``, and never all or nothing unless it is."""
    count = round(share * whole)
    if count == whole and share < 1:
        return f"{whole - 1}{unit}以上" if share < 1 - 1 / (4 * whole) else f"ほぼ{whole}{unit}"
    if count == 0 and share > 0:
        return f"1{unit}足らず"
    exact = abs(share * whole - count) < 1e-9
    return f"{'' if exact else '約'}{count}{unit}"
