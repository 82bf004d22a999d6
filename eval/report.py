"""The report of a run: one self-contained HTML page, no script, no request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

LABELS = {
    "recall_primary@5": ("正しいつなぎ先が上位5件に入る割合", True),
    "recall_primary@10": ("正しいつなぎ先が上位10件に入る割合", True),
    "hit_primary@3": ("上位3件に正しいつなぎ先が1つはある事例の割合", True),
    "all_primary@8": ("上位8件に正しいつなぎ先が全部ある事例の割合", True),
    "ndcg@10": ("並び順の良さ（nDCG@10）", True),
    "useful@5": ("上位5件のうち、つないでよい先の割合", True),
    "red_flag_recall": ("緊急・通報を見つけた割合", True),
    "red_flag_precision": ("示した緊急・通報が正しい割合", True),
    "red_flag_specificity": ("緊急のない事例で何も示さない割合", True),
    "negation_false_alarms": ("否定された心配を出してしまった事例の割合", False),
    "route_accuracy": ("福祉以外・情報不足を正しく見分けた割合", True),
    "wrongly_turned_away": ("つなぐべき事例を断ってしまった割合", False),
}
_WORST = 40


def render_report(run: dict[str, Any], metrics: dict[str, Any]) -> str:
    """Return the page for one run; the worst cases come first."""
    scored = [case for case in run["cases"] if case["values"]]
    worst = sorted(scored, key=_badness)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
    )
    return environment.get_template("report.html").render(
        metrics=metrics, labels=LABELS, worst=worst[:_WORST], provenance=run["provenance"]
    )


def _badness(case: dict[str, Any]) -> tuple[float, float]:
    """Sort key, worst first: what was missed of the categories, or of the flags alone."""
    values = case["values"]
    if values["recall_primary@5"] is None:
        return values["red_flag_recall"] or 0.0, values["red_flag_specificity"] or 0.0
    return values["recall_primary@5"], values["ndcg@10"]
