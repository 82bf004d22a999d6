"""Kept runs: in, out, what changed between two, and the gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.cases import Case, CaseProblem, Prediction
from eval.gate import behind, below_limits, limits_of
from eval.history import (
    accept_run,
    answers_of,
    export_lines,
    get_run,
    keep_run,
    last_accepted,
    list_runs,
    trend_of,
)
from eval.history_diff import changed_answers, changed_parts
from eval.metrics import Estimate
from eval.run import Run, score_run

NOTE = "母が泣く。山田花子。"
MADE = {"code": "v1 abc", "model": "m 1", "knowledge": "k", "cases": "dev.jsonl 0123456789ab"}


def a_run(ranked: str, flags: str = "", **made: str) -> Run:
    """Ten alike cases with one answer."""
    cases = tuple(
        Case(id=f"D{n}", note=NOTE, primary=["a", "b"], red_flags=["dv"]) for n in range(10)
    )
    answers = {
        c.id: Prediction(id=c.id, ranked=ranked.split(), red_flags=flags.split()) for c in cases
    }
    return Run("tsunagi", cases, answers, MADE | made)


def keep(file: Path, run: Run, at: str = "2026-11-24T10:00:00+09:00") -> int:
    """Score and keep."""
    return keep_run(file, run, score_run(run), at)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A history that is not there yet."""
    return tmp_path / "new" / "h.db"


def test_a_run_is_kept_with_what_it_was_made_with_its_metrics_and_every_place(file: Path) -> None:
    run = a_run("x a", "child_abuse")
    number = keep(file, run)
    kept = get_run(file, number)
    assert (kept.code, kept.model, kept.cases, kept.cases_hash) == (
        "v1 abc", "m 1", "dev.jsonl", "0123456789ab",
    )  # fmt: skip
    assert kept.metrics == score_run(run).totals
    answer = answers_of(file, number)["D0"]
    assert answer.places == {"a": 2, "b": None}
    assert (answer.missed_flags, answer.wrong_flags) == (("dv",), ("child_abuse",))


def test_no_note_is_kept(file: Path) -> None:
    keep(file, a_run("a"))
    assert "山田".encode() not in file.read_bytes()
    assert "山田" not in "".join(export_lines(file))


def test_runs_are_listed_oldest_first_and_by_cases_and_system(file: Path) -> None:
    keep(file, a_run("a"))
    keep(file, a_run("a", cases="other.jsonl ffffffffffff"))
    keep(file, a_run("a b"))
    assert [run.id for run in list_runs(file)] == [1, 2, 3]
    assert [run.id for run in list_runs(file, "0123456789ab", "tsunagi")] == [1, 3]
    assert list_runs(file, "0123456789ab", "bm25") == []


def test_the_run_accepted_last_is_the_one_to_hold_others_against(file: Path) -> None:
    for _ in range(3):
        keep(file, a_run("a"))
    assert last_accepted(file, "0123456789ab", "tsunagi") is None
    accept_run(file, 3, "2026-11-24T10:00:00+09:00")
    accept_run(file, 1, "2026-11-24T11:00:00+09:00")
    found = last_accepted(file, "0123456789ab", "tsunagi")
    assert found is not None
    assert found.id == 1


def test_an_unknown_number_is_told_with_where_numbers_are_found(file: Path) -> None:
    with pytest.raises(CaseProblem, match="history list"):
        accept_run(file, 7, "")


def test_what_changed_between_two_runs_is_told_down_to_the_place(file: Path) -> None:
    one, two = keep(file, a_run("x a")), keep(file, a_run("a x b", "dv", code="v2 def"))
    assert changed_parts(get_run(file, one), get_run(file, two)) == ["プログラム: v1 abc → v2 def"]
    lines = changed_answers(answers_of(file, one), answers_of(file, two))
    assert len(lines) == 10
    assert lines[0] == "D0: a 2位→1位、b 圏外→3位、緊急の見落とし -dv"
    assert changed_answers(answers_of(file, one), answers_of(file, one)) == []


def test_the_trend_is_the_same_from_the_history_and_from_its_export(file: Path) -> None:
    for ranked in ("x", "x a", "a b"):
        keep(file, a_run(ranked))
    exported = file.with_suffix(".jsonl")
    exported.write_text("\n".join(export_lines(file)) + "\n", encoding="utf-8")
    points = trend_of(file, a_run("a"))
    assert [point.mean for point in points] == [0, 0.5, 1]
    assert trend_of(exported, a_run("a")) == points
    assert trend_of(file.with_name("nai.db"), a_run("a")) == []


def test_every_line_of_an_export_is_json(file: Path) -> None:
    keep(file, a_run("a"))
    rows = [json.loads(line) for line in export_lines(file)]
    assert rows[0]["answers"]["D3"]["places"] == {"a": 1, "b": None}


def test_a_file_that_is_no_history_is_told(tmp_path: Path) -> None:
    other = tmp_path / "h.db"
    other.write_bytes(b"this is not a database at all" * 40)
    with pytest.raises(CaseProblem, match="読めません"):
        list_runs(other)


# The gate.


@pytest.mark.parametrize(
    "word", ["recall=0.8", "recall_primary@5", "recall_primary@5=9", "ndcg@10=x"]
)
def test_a_limit_that_cannot_be_meant_is_refused(word: str) -> None:
    with pytest.raises(CaseProblem, match="--fail-under"):
        limits_of([word])


def test_a_metric_beyond_its_limit_closes_the_gate_on_its_bad_side() -> None:
    totals = {
        "recall_primary@5": Estimate(0.84, 0.8, 0.9, 10),
        "negation_false_alarms": Estimate(0.2, 0.1, 0.3, 10),
    }
    assert below_limits(totals, limits_of(["recall_primary@5=0.84"])) == []
    assert "0.840" in below_limits(totals, limits_of(["recall_primary@5=0.85"]))[0]
    assert "上回りました" in below_limits(totals, limits_of(["negation_false_alarms=0.1"]))[0]
    assert "測れません" in below_limits(totals, limits_of(["ndcg@10=0.1"]))[0]


def test_a_run_within_the_accepted_interval_is_no_worse(file: Path) -> None:
    cases = tuple(Case(id=str(n), note=NOTE, primary=["a"]) for n in range(40))
    half = {c.id: Prediction(id=c.id, ranked=["a" if int(c.id) % 2 else "x"]) for c in cases}
    keep(file, Run("tsunagi", cases, half, MADE))
    accepted = accept_run(file, 1, "2026-11-24")
    before = accepted.metrics["recall_primary@5"]
    inside = {**accepted.metrics, "recall_primary@5": Estimate(before.low, 0, 1, 40)}
    outside = {**accepted.metrics, "recall_primary@5": Estimate(before.low - 0.01, 0, 1, 40)}
    assert behind(inside, accepted) == []
    assert len(behind(outside, accepted)) == 1
    gone = {name: v for name, v in accepted.metrics.items() if name != "ndcg@10"}
    assert "測れなくなりました" in behind(gone, accepted)[0]
