"""The charts of a report, each with the numbers it is drawn from."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.names import in_order
from eval.svg import Mark, bar_chart, line_chart, stacked_chart

Row = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing (SVG), what it says in words, and its table."""

    name: str
    title: str
    words: str
    svg: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def shown_rows(self) -> list[list[str]]:
        """The table as text, shares with three digits."""
        return [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in r] for r in self.rows]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One kept run on the same cases: when, by which code, and recall_primary@5 with interval."""

    day: str
    code: str
    mean: float
    low: float
    high: float


def charts_of(
    metrics: Mapping[str, Any], labels: Mapping[str, str], trend: Sequence[TrendPoint] = ()
) -> list[Chart]:
    """Return the charts that the contents of metrics.json allow for; those without data are left out.

    ``labels`` are the names of sectors and red flags by code.
    """
    made = [
        _sectors(metrics, labels),
        _flags(metrics, labels),
        _reliability(metrics),
        _risk(metrics),
        _trend(trend),
    ]
    return [chart for chart in made if chart.rows]


def write_charts(charts: Sequence[Chart], folder: Path) -> list[Path]:
    """Write each chart as ``<name>.svg`` and ``<name>.csv`` (UTF-8 with BOM, as Excel expects)."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in charts:
        svg = chart.svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        (folder / f"{chart.name}.svg").write_text(svg + "\n", encoding="utf-8")
        (folder / f"{chart.name}.csv").write_text(
            csv_text(chart.head, chart.rows), encoding="utf-8-sig", newline=""
        )
        written += [folder / f"{chart.name}.svg", folder / f"{chart.name}.csv"]
    return written


def csv_text(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as CSV; a cell that a spreadsheet would run as a formula gets a quote."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        # Beyond that, sums of 32-bit numbers differ from machine to machine.
        return round(value, 6)
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _sectors(metrics: Mapping[str, Any], labels: Mapping[str, str]) -> Chart:
    found = metrics["slices"].get("sector", {})
    groups = {key: found[key] for key in in_order(found)}
    rows = [
        (labels.get(key, key), e["mean"], e["low"], e["high"], e["count"])
        for key, group in groups.items()
        if (e := group.get("recall_primary@5"))
    ]
    marks = [Mark(r[0], r[1], r[2], r[3], f"（{r[4]}件）") for r in rows]
    return Chart(
        "sectors",
        "分野ごとの正しさ",
        "正しいつなぎ先が上位5件に入る割合。線は95%区間で、件数の少ない分野ほど長くなります。",
        bar_chart("分野ごとに、正しいつなぎ先が上位5件に入る割合", marks),
        ("分野", "割合", "下限", "上限", "件数"),
        tuple(rows),
    )


def _flags(metrics: Mapping[str, Any], labels: Mapping[str, str]) -> Chart:
    rows = [
        (labels.get(f["code"], f["code"]), f["found"], f["missed"], f["wrong"])
        for f in metrics["flags"]
    ]
    return Chart(
        "red_flags",
        "緊急・通報のしるし",
        "しるしごとの件数。青は見つけた、赤は見落とした、灰色は要らないのに出した数です。",
        stacked_chart(
            "緊急・通報のしるしごとの件数",
            ("見つけた", "見落とした", "要らないのに出した"),
            [(row[0], row[1:]) for row in rows],
        ),
        ("しるし", "見つけた", "見落とした", "要らないのに出した"),
        tuple(rows),
    )


def _reliability(metrics: Mapping[str, Any]) -> Chart:
    bins = metrics["calibration"]["bins"]
    marks = [Mark("", b["right"], x=b["chance"], size=3 + math.sqrt(b["count"]) / 5) for b in bins]
    return Chart(
        "reliability",
        "示した確からしさは当たっているか",
        "点が斜めの線に乗っていれば、「70%」と示した候補は10件のうち7件が正しい、ということです。点の大きさは候補の数。",
        line_chart(
            "示した確からしさと、実際に正しかった割合",
            marks,
            "示した確からしさ",
            "正しかった割合",
            diagonal=True,
        ),
        ("区間の下端", "確からしさの平均", "正しかった割合", "候補の数"),
        tuple((b["low"], b["chance"], b["right"], b["count"]) for b in bins),
    )


def _risk(metrics: Mapping[str, Any]) -> Chart:
    rows = tuple(
        (p["coverage"], 1 - p["hit_primary_at_3"], p["threshold"], p["count"])
        for p in metrics["coverage"]
    )
    top = max(0.1, math.ceil(max((r[1] for r in rows), default=0) * 10) / 10)
    return Chart(
        "risk_coverage",
        "自信のあるものだけに答えたら",
        "自信のある順に、その割合までで答えをやめたとき、上位3件に正しい先が1つもない事例の割合。",
        line_chart(
            "答える割合と、外れる割合",
            [Mark("", r[1], x=r[0]) for r in rows],
            "答える割合",
            "外れる割合",
            y_top=top,
        ),
        ("答える割合", "外れる割合", "確からしさのしきい値", "件数"),
        rows,
    )


def _trend(trend: Sequence[TrendPoint]) -> Chart:
    last = trend[-12:] if len(trend) > 1 else ()
    step = 1 / max(1, len(last) - 1)
    marks = [Mark(p.day[5:], p.mean, p.low, p.high, x=n * step) for n, p in enumerate(last)]
    return Chart(
        "trend",
        "これまでの移り変わり",
        "同じ事例で測った結果（正しいつなぎ先が上位5件に入る割合）を、古い順に並べたもの。縦の線は95%区間。",
        line_chart("これまでの移り変わり", marks, "測った日", "上位5件に入る割合"),
        ("日", "プログラム", "割合", "下限", "上限"),
        tuple((p.day, p.code, p.mean, p.low, p.high) for p in last),
    )
