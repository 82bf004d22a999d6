"""Periods, tables as CSV, charts and the year's report."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from service.errors import BadInput
from service.insights.charts import Series, bars, lines
from service.insights.figures import shipped_figures
from service.insights.needs import NeedsTables
from service.insights.period import Period, add_months, era_year, fiscal_year, from_month_to
from service.insights.sheet import Table, table_csv
from service.insights.year import YearData, YearReport, year_report
from service.insights.year_docx import year_docx
from tests.fixtures.case_world import memory_case, violence_case


def test_a_fiscal_year_begins_in_april() -> None:
    year = fiscal_year(2026)
    assert (year.start, year.end) == (date(2026, 4, 1), date(2027, 4, 1))
    assert year.words == "令和8年度（2026年4月〜2027年3月）"
    assert len(year.months) == 12
    assert era_year(2019) == "令和元年度"
    assert add_months(date(2026, 1, 1), -1) == date(2025, 12, 1)


def test_a_free_period_is_whole_months() -> None:
    span = from_month_to("2026-04", "2026-06")
    assert (span.start, span.end, span.words) == (
        date(2026, 4, 1), date(2026, 7, 1), "2026年4月〜2026年6月",
    )  # fmt: skip
    for first, last in (
        ("2026-06", "2026-04"),
        ("2026", ""),
        ("2026-13", ""),
        ("2020-01", "2026-01"),
    ):
        with pytest.raises(BadInput):
            from_month_to(first, last)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1"])
def test_a_csv_runs_no_formula(cell: str) -> None:
    table = Table("k", "題", ("名前", "数"), ((cell, None), ("ふつう", -3)))
    head, first, second = csv.reader(io.StringIO(table_csv(table)))
    assert head == ["名前", "数"]
    assert first == [f"'{cell}", "5未満など"]
    assert second == ["ふつう", "-3"]


def test_a_chart_names_itself_and_says_every_count_in_words() -> None:
    svg = bars("k", "課題<ごと>", ["足がない", "家賃&食べ物", "わけ"], [20, None, 0])
    root = ET.fromstring(svg)  # noqa: S314  our own
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "k-title k-desc"
    title, desc = root[0], root[1]
    assert title.text == "課題<ごと>"
    assert desc.text == "足がない 20件、家賃&食べ物 伏せた数、わけ 0件"
    assert "style=" not in svg


def test_a_line_is_broken_where_a_count_is_withheld() -> None:
    svg = lines("k", "月ごと", ["4月", "5月", "6月", "7月"], [Series("件数", (1, None, 3, 4))])
    root = ET.fromstring(svg)  # noqa: S314  our own
    drawn = [e for e in root if e.tag == "polyline" and e.get("class") == "line line-0"]
    # One stretch of two points; the other polyline is the legend's.
    assert [len(str(line.get("points")).split()) for line in drawn] == [2, 2]
    assert [e.text for e in root if e.tag == "text"].count("＊") == 1


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    for svg in (bars("k", "なし", ["a"], [0]), lines("k", "なし", ["4月"], [Series("a", (0,))])):
        ET.fromstring(svg)  # noqa: S314  our own


def test_the_years_report_says_what_the_program_does_not_know() -> None:
    text = _text(_report(fiscal_year(2026)))
    assert "研修の記録は、このソフトの中にはない" in text
    assert "後方支援を求めた記録はない" in text
    assert "期間の途中（2026-06-10現在）" in text
    assert "実績ではない" in text
    assert "eval/MODEL_CARD.md" in text
    assert "満たせなかった困りごとの記録はない" in text
    assert "2件を相談として記録に残し" in text


def test_the_report_is_a_word_file_with_the_remarks() -> None:
    docx = pytest.importorskip("docx")
    report = _report(fiscal_year(2026), "研修を2回行った。\n次も行う。")
    document = docx.Document(io.BytesIO(year_docx(report)))
    words = [paragraph.text for paragraph in document.paragraphs]
    assert "研修を2回行った。" in words
    assert report.title in words
    assert sum(len(section.tables) for section in report.sections) == len(document.tables)


def test_the_shipped_figures_are_those_of_the_model_card() -> None:
    card = (Path(__file__).parents[3] / shipped_figures().source).read_text("utf-8")
    for figure in shipped_figures().figures:
        assert figure.low <= figure.value <= figure.high
        assert f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]" in card, figure.key


def _report(period: Period, remarks: str = "") -> YearReport:
    cases = (memory_case(), violence_case())
    nothing = NeedsTables(0, (), (), ())
    data = YearData("ちいさ町", True, cases, (), nothing, shipped_figures())
    return year_report(data, period, date(2026, 6, 10), remarks)


def _text(report: YearReport) -> str:
    return "\n".join(line for section in report.sections for line in section.lines)
