"""The report: plain words, charts with their numbers, and the same bytes each time."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse  # type: ignore[import-untyped]  # no types

from eval.cases import Case, Prediction
from eval.causes import STEPS, Cause
from eval.charts import TrendPoint, csv_text
from eval.metrics import METRICS
from eval.plain import plain_figures
from eval.report import STEP_WORDS, made_with, render_report, without_notes, write_report
from eval.run import Run, metrics_json, run_json, score_run

TREND = [
    TrendPoint("2026-11-20", "v1", 0.8, 0.7, 0.9),
    TrendPoint("2026-11-24", "v2", 0.9, 0.8, 0.95),
]


def a_run() -> Run:
    """Thirty cases; every third misses, every fifth has a flag that is not seen."""
    cases, answers = [], {}
    causes: dict[str, tuple[Cause, ...]] = {}
    for n in range(30):
        case = Case(
            id=f"D{n}", note=f"相談{n}。<script>x</script>", primary=["poverty.food"],
            red_flags=[] if n % 5 else ["suicide"], difficulty="hard" if n % 2 else "easy",
            label_origin="invented",
        )  # fmt: skip
        cases.append(case)
        ranked = ("housing.public",) if n % 3 == 0 else ("poverty.food",)
        answers[case.id] = Prediction(id=case.id, ranked=ranked, scores=(0.05 + n / 32,))
        if n % 3 == 0:
            causes[case.id] = (Cause("poverty.food", "search", 9, "どこにもなかった"),)
    made = {"code": "fa7ecfa-dirty 0123", "index": "2026T1", "date": "2026-11-24", "model": "m"}
    return Run("tsunagi", tuple(cases), answers, made, causes)


def written(folder: Path, run: Run) -> list[Path]:
    """Write the report with a trend."""
    scores = score_run(run)
    data = run_json(run, scores), metrics_json(run, scores)
    return write_report(*data, folder / "report.html", TREND)


def test_the_same_run_makes_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one", a_run()), written(tmp_path / "two", a_run())
    assert [path.name for path in one] == [path.name for path in two]
    for a, b in zip(one, two, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_neither_commit_nor_build_time_is_on_the_page() -> None:
    """Only what answers decides what the report says; the day stands once."""
    assert made_with(a_run().provenance) == {
        "プログラムの指紋（index と service/triage）": "0123", "モデル": "m",
    }  # fmt: skip


def test_every_chart_comes_as_a_drawing_and_as_numbers(tmp_path: Path) -> None:
    files = {path.name for path in written(tmp_path, a_run())}
    charts = ("sectors", "red_flags", "reliability", "risk_coverage", "trend")
    assert files == {"report.html", "failures.csv"} | {
        f"{name}.{kind}" for name in charts for kind in ("svg", "csv")
    }
    for name in charts:
        assert parse(tmp_path / "charts" / f"{name}.svg").getroot().tag.endswith("svg")
    with (tmp_path / "charts" / "trend.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.reader(lines))[1] == ["2026-11-20", "v1", "0.8", "0.7", "0.9"]


def test_the_page_asks_nobody_runs_nothing_and_shows_notes_as_text(tmp_path: Path) -> None:
    written(tmp_path, a_run())
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<img|<iframe|https?://|url\(|@import|\son\w+=", html)
    assert "&lt;script&gt;x" in html
    assert "どこにもなかった" in html
    assert "食料の緊急支援" in html  # the name, not the code


def test_a_page_without_notes_holds_no_word_of_any(tmp_path: Path) -> None:
    """Neither in the cases nor in what was quoted as a reason."""
    run = a_run()
    scores = score_run(run)
    data = without_notes(run_json(run, scores)), metrics_json(run, scores)
    for path in write_report(*data, tmp_path / "report.html", TREND):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"相談\d+。|script&gt;|どこにもなかった", text), path.name
    assert "食料の緊急支援" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_failures_come_worst_first_dangers_before_all(tmp_path: Path) -> None:
    written(tmp_path, a_run())
    with (tmp_path / "charts" / "failures.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    # Missed both: 0, 15; one of the two: the fives, then the threes.
    assert [row["id"] for row in rows[:2]] == ["D0", "D15"]
    assert len(rows) == 14
    assert "検索（どこにもなかった）" in rows[0]["理由"]


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (0.914, "10件のうち約9件が"), (0.9, "10件のうち9件が"), (1.0, "10件のうち10件が"),
        (0.97, "10件のうち9件以上が"), (0.99, "10件のうちほぼ10件が"), (0.01, "10件のうち1件足らずが"),
        (0.0, "10件のうち0件が"),
    ],
)  # fmt: skip
def test_a_share_is_said_as_a_count_and_never_as_all_unless_it_is_all(
    mean: float, words: str
) -> None:
    value = {"mean": mean, "low": mean, "high": mean, "count": 180}
    assert words in plain_figures({"recall_primary@5": value})[0].sentence


def test_the_flags_sentence_warns_whether_something_was_missed_or_not() -> None:
    for mean in (0.83, 1.0):
        value = {"mean": mean, "low": 0.8, "high": 1.0, "count": 50}
        sentence = plain_figures({"red_flag_recall": value})[0].sentence
        assert "印がないことは安全を意味しません" in sentence
        assert ("見落とすので" in sentence) == (mean < 1)


def test_a_run_without_labels_has_a_page_that_says_so() -> None:
    run = Run("tsunagi", (Case(id="A", note="相談"),), {"A": Prediction(id="A", ranked=())}, {})
    scores = score_run(run)
    html = render_report(run_json(run, scores), metrics_json(run, scores))
    assert "採点していません" in html
    assert "<svg" not in html


def test_every_step_and_metric_has_its_words() -> None:
    run = a_run()
    assert set(STEPS) == set(STEP_WORDS)
    assert metrics_json(run, score_run(run))["causes"] == {"search": 10}
    value = {"mean": 0.5, "low": 0, "high": 1, "count": 2}
    assert len(plain_figures(dict.fromkeys(METRICS, value))) == 5


def test_a_cell_that_a_spreadsheet_would_run_is_only_text() -> None:
    assert csv_text(("a",), [("=1+1",), (-1.5,)]) == "a\r\n'=1+1\r\n-1.5\r\n"
