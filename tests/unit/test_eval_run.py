"""Running systems on cases, scoring them, and the three files of a run."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eval.cases import Case, CaseProblem, Prediction, load_cases, load_predictions
from eval.run import Run, predicted_run, run_system, score_run, write_run
from eval.systems import SYSTEMS, make_system
from index.embedder import Embedder
from index.snapshot import Index
from knowledge.models import Knowledge
from service.triage.triage import Desk, make_desk

TODAY = date(2026, 6, 1)
CASES = """\
{"id": "A", "note": "母84は独居。", "primary": ["elderly.watch_meal"], "acceptable": ["poverty.food"], "difficulty": "easy", "label_origin": "invented", "tags": ["見守り"], "red_flags": []}
{"id": "B", "note": "<b>米</b>がない。", "primary": ["poverty.food"], "difficulty": "hard", "label_origin": "invented", "red_flags": ["lifeline_loss"]}

{"id": "C", "note": "まだ誰も見ていない相談。"}
{"id": "D", "note": "住民票がほしい。", "primary": ["none.other_dept"], "difficulty": "easy", "label_origin": "desk"}
"""
PREDICTIONS = """\
{"id": "A", "ranked": ["elderly.watch_meal", "poverty.food"], "red_flags": [], "route": "refer"}
{"id": "B", "ranked": ["housing.public", "poverty.food"], "red_flags": ["lifeline_loss"], "route": "refer"}
{"id": "Z", "ranked": ["poverty.food"]}
"""


@pytest.fixture
def cases(tmp_path: Path) -> tuple[Case, ...]:
    """Three labelled cases and one without labels."""
    return load_cases(written(tmp_path, CASES))


@pytest.fixture
def tiny_desk(tiny_index: tuple[Knowledge, Index], embedder: Embedder) -> Desk:
    """A desk of the tiny town."""
    knowledge, index = tiny_index
    return make_desk(knowledge, embedder, index)


def written(folder: Path, text: str, name: str = "cases.jsonl") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def watch_meal(case: Case) -> Prediction:
    """A system that always says the same."""
    return Prediction(id=case.id, ranked=("elderly.watch_meal",))


def saved(cases: tuple[Case, ...], out: Path) -> dict[str, Any]:
    """Run, score and write; return the parsed JSON files by name."""
    run = run_system("constant", watch_meal, cases, {"モデル": "なし"})
    write_run(run, score_run(run), out)
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in out.glob("*.json")}


# Reading.


def test_cases_are_read_in_order_with_what_they_lack_left_empty(cases: tuple[Case, ...]) -> None:
    """Blank lines do not count; a case without labels is no error."""
    assert [case.id for case in cases] == ["A", "B", "C", "D"]
    assert [case.is_labelled for case in cases] == [True, True, False, True]
    assert cases[2].primary is None
    assert cases[1].acceptable == ()


def test_fields_of_other_tools_are_ignored(tmp_path: Path) -> None:
    """Case files travel with notes of their own."""
    path = written(tmp_path, '\ufeff{"id": "A", "note": "母", "trap": "x"}\r\n')
    assert load_cases(path)[0].note == "母"


@pytest.mark.parametrize("mark", ["\u2028", "\x85"])
def test_odd_line_marks_inside_a_note_do_not_end_the_line(tmp_path: Path, mark: str) -> None:
    """JSON may hold them as they are."""
    path = written(tmp_path, json.dumps({"id": "A", "note": f"母{mark}父"}, ensure_ascii=False))
    assert load_cases(path)[0].note == f"母{mark}父"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"id": "A", "note": "母"}\n\n{"id": "B", "note": }', "cases.jsonl 3行目: JSON として"),
        ('{"id": "A", "note": "母"}\n{"id": "B"}', "cases.jsonl 2行目「note」"),
        ('{"id": "A", "note": "母", "primary": "x"}', "cases.jsonl 1行目「primary」"),
        ('{"id": "A", "note": "母", "red_flags": [1]}', "cases.jsonl 1行目「red_flags.0」"),
        ('{"id": "A", "note": "母"}\n{"id": "A", "note": "父"}', "2行目: id「A」が重なって"),
        ('["A", "母"]', "cases.jsonl 1行目"),
        ("", "cases.jsonl: 事例が1件もありません"),
        ("\n \n", "cases.jsonl: 事例が1件もありません"),
    ],
)
def test_a_fault_in_a_case_file_names_its_line(tmp_path: Path, text: str, told: str) -> None:
    """The first one, in Japanese."""
    with pytest.raises(CaseProblem, match=re.escape(told)):
        load_cases(written(tmp_path, text))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "A"}', "1行目「ranked」"),
        ('{"id": "A", "ranked": [], "route": "nowhere"}', "1行目「route」"),
    ],
)
def test_a_fault_in_a_prediction_file_names_its_line(tmp_path: Path, line: str, told: str) -> None:
    """The same reader."""
    with pytest.raises(CaseProblem, match=re.escape(told)):
        load_predictions(written(tmp_path, line, "theirs.jsonl"))


def test_a_missing_file_and_a_wrong_encoding_are_told(tmp_path: Path) -> None:
    """In Japanese, with the name."""
    with pytest.raises(CaseProblem, match=r"none\.jsonl: ファイルがありません"):
        load_cases(tmp_path / "none.jsonl")
    path = tmp_path / "cases.jsonl"
    path.write_bytes('{"id": "A", "note": "相談"}'.encode("cp932"))
    with pytest.raises(CaseProblem, match=r"cases\.jsonl: 文字コードが UTF-8 ではありません"):
        load_cases(path)


# Running and scoring.


def test_every_case_is_run_and_only_labelled_ones_are_scored(cases: tuple[Case, ...]) -> None:
    """The system is asked about C too; it counts nowhere."""
    heard: list[int] = []
    run = run_system("constant", watch_meal, cases, {}, heard.append)
    scores = score_run(run)
    assert list(run.predictions) == ["A", "B", "C", "D"]
    assert heard == [1, 1, 1, 1]
    assert list(scores.rows) == ["A", "B", "D"]
    assert scores.totals["recall_primary@5"].count == 3
    assert scores.totals["recall_primary@5"].mean == pytest.approx(1 / 3)  # A of A, B, D


def test_cases_without_any_label_give_a_run_without_scores(tmp_path: Path) -> None:
    """No totals rather than zeros, and the report still opens."""
    files = saved((Case(id="A", note="母が泣く。"),), tmp_path / "out")
    assert files["metrics"]["totals"] == {}
    assert files["metrics"]["labelled"] == 0
    assert files["run"]["cases"][0]["ranked"] == ["elderly.watch_meal"]
    assert "母が泣く" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_slices_part_the_cases_and_only_name_what_is_there(cases: tuple[Case, ...]) -> None:
    """By sector, difficulty, note length and label origin, at least."""
    slices = score_run(run_system("constant", watch_meal, cases, {})).slices
    assert {"sector", "difficulty", "note_length", "label_origin"} <= set(slices)
    counts = {k: v["ndcg@10"].count for k, v in slices["sector"].items()}
    assert counts == {"elderly": 1, "none": 1, "poverty": 1}
    assert slices["difficulty"]["easy"]["recall_primary@5"].mean == 1 / 2  # A of A, D
    assert slices["label_origin"]["desk"]["route_accuracy"].mean == 0
    assert set(slices["note_length"]) == {"~40"}


def test_an_outside_engine_is_scored_on_its_predictions(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    """A case it says nothing about counts as empty; a case we do not have is ignored."""
    theirs = load_predictions(written(tmp_path, PREDICTIONS, "theirs.jsonl"))
    run = predicted_run(cases, theirs)
    scores = score_run(run)
    assert list(run.predictions) == ["A", "B", "C", "D"]
    assert (run.predictions["D"].ranked, run.predictions["D"].route) == ((), "none")
    assert scores.rows["A"]["ndcg@10"] == 1
    assert scores.rows["D"]["recall_primary@10"] == 0
    assert scores.totals["recall_primary@5"].mean == pytest.approx(2 / 3)
    assert scores.totals["red_flag_recall"].mean == 1


# Writing.


def test_a_run_is_written_as_three_whole_files(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    """run.json, metrics.json, report.html, and nothing left aside."""
    saved(cases, tmp_path / "new" / "out")
    names = sorted(path.name for path in (tmp_path / "new" / "out").iterdir())
    assert names == ["metrics.json", "report.html", "run.json"]


def test_run_json_holds_every_case_as_the_contract_says(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    """id, ranked, red_flags (the answer's own) and route; values only where scored."""
    rows = saved(cases, tmp_path)["run"]["cases"]
    assert [row["id"] for row in rows] == ["A", "B", "C", "D"]
    for row in rows:
        assert (row["ranked"], row["red_flags"], row["route"]) == (
            ["elderly.watch_meal"], [], "refer",
        )  # fmt: skip
    assert rows[1]["labelled_red_flags"] == ["lifeline_loss"]
    assert rows[0]["values"]["ndcg@10"] == pytest.approx(3 / (3 + 1 / 1.58496), abs=1e-4)
    assert rows[2]["values"] is None


def test_metrics_json_holds_totals_and_slices_with_intervals(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    """Each with mean, low, high and count."""
    metrics = saved(cases, tmp_path)["metrics"]
    assert (metrics["system"], metrics["cases"], metrics["labelled"]) == ("constant", 4, 3)
    assert metrics["provenance"] == {"モデル": "なし"}
    assert set(metrics["totals"]["useful@5"]) == {"mean", "low", "high", "count"}
    assert set(metrics["slices"]["difficulty"]) == {"easy", "hard"}


def test_the_same_run_writes_the_same_bytes(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    """Also over an older run in the same folder."""
    saved(cases[:1], tmp_path / "one")
    for folder in ("one", "two"):
        saved(cases, tmp_path / folder)
    for name in ("run.json", "metrics.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_report_shows_notes_as_text_and_asks_nobody(
    tmp_path: Path, cases: tuple[Case, ...]
) -> None:
    """One file: no script, no address, and markup in a note stays markup to read."""
    saved(cases, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;米&lt;/b&gt;がない。" in html
    assert not re.search(r"<script|<link|<img|https?://|url\(", html)
    assert "recall_primary@5" in html
    assert "なし" in html


# The systems.


@pytest.mark.parametrize("name", ["bm25", "dense", "hybrid"])
def test_a_baseline_ranks_each_category_once_and_raises_no_flag(tiny_desk: Desk, name: str) -> None:
    """The best passage speaks for its category."""
    answer = make_system(name, tiny_desk, TODAY)(
        Case(id="A", note="財布に200円しかなく、米がない。")
    )
    assert sorted(answer.ranked) == ["elderly.watch_meal", "housing.public", "poverty.food"]
    assert answer.ranked[0] == "poverty.food"
    assert (answer.red_flags, answer.route) == ((), "refer")


@pytest.mark.parametrize("name", ["bm25", "dense", "hybrid"])
@pytest.mark.parametrize("note", ["", "\n", "。", "😀", "母が泣く。" * 120])
def test_a_baseline_answers_any_note(tiny_desk: Desk, name: str, note: str) -> None:
    """A case file may hold anything; a run does not stop half-way."""
    assert len(make_system(name, tiny_desk, TODAY)(Case(id="A", note=note)).ranked) == 3


def test_an_unknown_system_is_refused(tiny_desk: Desk) -> None:
    """The command line offers the four."""
    assert SYSTEMS == ("tsunagi", "bm25", "dense", "hybrid")
    with pytest.raises(KeyError):
        make_system("elastic", tiny_desk, TODAY)


def test_a_run_is_nothing_but_data() -> None:
    """Runs compare equal, so that a report can be made again from its parts."""
    assert Run("a", (), {}, {}) == Run("a", (), {}, {})
