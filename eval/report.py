"""The report of a run: one self-contained HTML page, no script, no request.

It is made from the contents of run.json and metrics.json alone (and, for the trend, from
the kept runs): the same in, the same bytes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from eval.causes import STEPS
from eval.charts import TrendPoint, charts_of, csv_text, write_charts
from eval.names import SLICE_NAMES, code_names, group_name, in_order, name_of
from eval.plain import plain_figures

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
STEP_WORDS = {
    "route": "福祉の相談か、情報不足かなどの見分けを誤った",
    "reading": "困りごとを読み取れなかったか、否定・過去と読み誤った",
    "eligibility": "使えるはずの人を、対象外とした",
    "rank": "検索では見つけたが、ほかの候補より下に並べた",
    "search": "どの手がかりでも見つけられなかった",
    "flag": "緊急・通報のしるしを出せなかった",
}
_MADE_WITH = {
    "tsunagi": "つなぎの版",
    "code": "プログラムの指紋（index と service/triage）",
    "model": "モデル",
    "knowledge": "目録と町のデータの指紋",
    "town": "町",
    "cases": "事例と、その指紋",
    "predictions": "外部の結果と、その指紋",
}
HIDDEN = "（相談文は載せていません）"
_WORST = 40


def render_report(
    run: dict[str, Any], metrics: dict[str, Any], trend: Sequence[TrendPoint] = ()
) -> str:
    """Return the page for one run; the worst cases come first."""
    failures = failed_cases(run)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
    )
    return environment.get_template("report.html").render(
        metrics=metrics,
        labels=LABELS,
        figures=plain_figures(metrics["totals"]),
        charts=charts_of(metrics, code_names(), trend),
        failures=len(failures),
        worst=failures[:_WORST],
        made_with=made_with(run["provenance"]),
        day=run["provenance"].get("date", ""),
        steps=STEPS,
        step_words=STEP_WORDS,
        slice_names=SLICE_NAMES,
        group_name=group_name,
        name_of=name_of,
        in_order=in_order,
        origins=sorted(metrics["slices"].get("label_origin", {})),
    )


def made_with(provenance: Mapping[str, str]) -> dict[str, str]:
    """Return what a run was made with, without what names only this checkout and this build.

    The commit and the index's build time change when nothing that answers has changed: the
    report of the same program on the same cases must come out the same.
    """
    shown = {key: value for key, value in provenance.items() if key not in ("date", "index")}
    if "code" in shown:
        shown["code"] = shown["code"].rpartition(" ")[2]
    return {_MADE_WITH.get(key, key): value for key, value in shown.items()}


def failed_cases(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cases with something missed or shown wrongly, worst first, with what it was."""
    found = []
    for case in run["cases"]:
        if not case["values"]:
            continue
        wanted, shown = set(case["labelled_red_flags"]), set(case["red_flags"])
        lost = [c for c in case["primary"] or () if c not in case["ranked"][:5]]
        if lost or wanted != shown:
            more = {
                "lost": lost,
                "missed_flags": sorted(wanted - shown),
                "wrong_flags": sorted(shown - wanted),
            }
            found.append({"causes": (), **case, **more})
    return sorted(found, key=_badness)


def without_notes(run: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of run.json without any word of a note, for a page that goes around.

    A sealed test set stays sealed only while its failures cannot be read.
    """
    return run | {
        "cases": [
            case | {"note": HIDDEN, "causes": [cause | {"why": ""} for cause in case["causes"]]}
            for case in run["cases"]
        ]
    }


def write_report(
    run: dict[str, Any], metrics: dict[str, Any], file: Path, trend: Sequence[TrendPoint] = ()
) -> list[Path]:
    """Write the page, and beside it in ``charts/`` every chart and table; return all files."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.new")
    aside.write_text(render_report(run, metrics, trend), encoding="utf-8")
    aside.replace(file)
    folder = file.parent / "charts"
    written = write_charts(charts_of(metrics, code_names(), trend), folder)
    table = folder / "failures.csv"
    table.write_text(failures_csv(run), encoding="utf-8-sig", newline="")
    return [file, *written, table]


def failures_csv(run: Mapping[str, Any]) -> str:
    """Return every failed case as CSV, for those who want to sort them."""
    head = (
        "id",
        "相談",
        "正解",
        "示した順",
        "見落とした先",
        "見落とした緊急",
        "不要な緊急",
        "理由",
    )
    rows = [
        (
            case["id"],
            case["note"],
            " ".join(case["primary"] or ()),
            " ".join(case["ranked"]),
            " ".join(case["lost"]),
            " ".join(case["missed_flags"]),
            " ".join(case["wrong_flags"]),
            " / ".join(_cause_words(cause) for cause in case["causes"]),
        )
        for case in failed_cases(run)
    ]
    return csv_text(head, rows)


def _cause_words(cause: Mapping[str, Any]) -> str:
    why = f"（{cause['why']}）" if cause["why"] else ""
    return f"{cause['code']}: {STEPS[cause['step']]}{why}"


def _badness(case: Mapping[str, Any]) -> tuple[float, float, str]:
    """Sort key, worst first: dangers unseen, then what was missed of the categories."""
    values = case["values"]
    if values["recall_primary@5"] is None:
        return values["red_flag_recall"] or 0.0, values["red_flag_specificity"] or 0.0, case["id"]
    return values["recall_primary@5"] - len(case["missed_flags"]), values["ndcg@10"], case["id"]
