"""A run that is killed goes on where it stopped, and never on another ground."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eval.cases import Case, CaseProblem, Prediction
from eval.causes import Cause
from eval.partial import PARTIAL, day_of, open_partial
from eval.run import Run, read_run, run_json, run_system, score_run, write_run

MADE = {"code": "c1", "model": "m1", "cases": "x.jsonl 1", "date": "2026-11-20"}
WITH = MADE | {"system": "counted"}
CASES = tuple(Case(id=str(n), note=f"相談{n}", primary=["a"]) for n in range(6))
CAUSE = Cause("a", "reading", 7, "読めなかった")
# Answers three cases, is killed in the fourth.
DYING = """
import os, signal
from pathlib import Path
from eval.cases import Case, Prediction
from eval.partial import open_partial
from eval.run import run_system
from tests.unit.eval.test_evaluator_partial import CASES, WITH, MADE
def system(case):
    if case.id == "3":
        os.kill(os.getpid(), signal.SIGKILL)
    return Prediction(id=case.id, ranked=("first",))
partial = open_partial(Path(OUT), WITH, False)
run_system("counted", system, CASES, MADE, partial=partial)
"""


def goes_on(out: Path, made_with: dict[str, str] = WITH) -> tuple[list[str], Run]:
    """Resume with a system that says 'second'; return which cases it was asked, and the run."""
    asked: list[str] = []

    def system(case: Case) -> Prediction:
        asked.append(case.id)
        return Prediction(id=case.id, ranked=("second",))

    partial = open_partial(out, made_with, True)
    run = run_system("counted", system, CASES, MADE, partial=partial)
    partial.close(finished=True)
    return asked, run


def test_a_killed_run_asks_only_what_it_had_not_answered(tmp_path: Path) -> None:
    """SIGKILL: no handler, no flush at exit."""
    code = DYING.replace("OUT", repr(str(tmp_path)))
    root = Path(__file__).parents[3]
    died = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        check=False, capture_output=True,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    asked, run = goes_on(tmp_path)
    assert asked == ["3", "4", "5"]
    assert [run.predictions[c.id].ranked[0] for c in CASES] == ["first"] * 3 + ["second"] * 3
    assert not (tmp_path / PARTIAL).exists()


def test_a_line_torn_by_the_kill_is_dropped_and_asked_again(tmp_path: Path) -> None:
    partial = open_partial(tmp_path, WITH, False)
    run_system("counted", lambda c: Prediction(id=c.id, ranked=("first",)), CASES, MADE,
               partial=partial)  # fmt: skip
    partial.close(finished=False)
    file = tmp_path / PARTIAL
    file.write_bytes(file.read_bytes()[:-40])
    asked, _ = goes_on(tmp_path)
    assert asked == ["5"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [("code", "プログラム"), ("model", "モデル"), ("cases", "事例"), ("system", "システム")],
)
def test_a_run_begun_with_something_else_is_not_gone_on_with(
    tmp_path: Path, changed: str, named: str
) -> None:
    open_partial(tmp_path, WITH, False).close(finished=False)
    with pytest.raises(CaseProblem, match=f"{named}.*--resume を外して"):
        open_partial(tmp_path, WITH | {changed: "other"}, True)


def test_a_commit_that_changes_nothing_that_answers_is_no_hindrance(tmp_path: Path) -> None:
    """The program's digest counts, not what git calls the checkout."""
    open_partial(tmp_path, WITH | {"code": "fa7ecfa 0123"}, False).close(finished=False)
    open_partial(tmp_path, WITH | {"code": "ad00e72 0123"}, True).close(finished=False)


def test_a_run_goes_on_with_the_day_it_began_on(tmp_path: Path) -> None:
    """Ages and freshness hang on the day."""
    assert day_of(tmp_path, "2026-11-24") == "2026-11-24"
    open_partial(tmp_path, WITH, False).close(finished=False)
    assert day_of(tmp_path, "2026-11-24") == "2026-11-20"


def test_without_resume_a_run_starts_anew(tmp_path: Path) -> None:
    partial = open_partial(tmp_path, WITH, False)
    run_system("counted", lambda c: Prediction(id=c.id, ranked=("first",)), CASES, MADE,
               partial=partial)  # fmt: skip
    partial.close(finished=False)
    anew = open_partial(tmp_path, WITH, False)
    anew.close(finished=False)
    assert anew.answers == {}


def test_a_finished_run_is_not_asked_again(tmp_path: Path) -> None:
    """The answers, with their causes, come from run.json."""
    run = run_system(
        "counted", lambda c: Prediction(id=c.id, ranked=("first",)), CASES, MADE,
        explain=lambda case, answer: (CAUSE,),
    )  # fmt: skip
    write_run(run, score_run(run), tmp_path)
    asked, again = goes_on(tmp_path)
    assert asked == []
    assert again.causes == run.causes


def test_a_run_comes_back_from_its_folder_as_it_was(tmp_path: Path) -> None:
    """Also what a case scored by its flags alone, or not at all, is."""
    cases = (
        *CASES,
        Case(id="flags", note="緊急だけ", red_flags=[]),
        Case(id="bare", note="正解なし"),
    )
    run = run_system(
        "counted", lambda c: Prediction(id=c.id, ranked=("x", "a"), scores=(0.5, 0.2)), cases,
        MADE, explain=lambda case, answer: (CAUSE,),
    )  # fmt: skip
    scores = score_run(run)
    write_run(run, scores, tmp_path)
    back = read_run(tmp_path)
    assert score_run(back) == scores
    assert json.dumps(run_json(back, score_run(back))) == json.dumps(run_json(run, scores))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"system": "x"}', '{"cases": 3}'])
def test_a_folder_that_holds_no_run_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(CaseProblem, match="eval run"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(CaseProblem, match="読めません"):
        read_run(tmp_path)
