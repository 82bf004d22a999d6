"""TREC files: what others compute from them is what we say."""

from __future__ import annotations

import random
from pathlib import Path

import ir_measures
import pytest
from ir_measures import R, Success, nDCG

from eval.cases import Case, CaseProblem, Prediction
from eval.metrics import case_values
from eval.run import Run, predicted_run, score_run
from eval.trec import is_trec, load_trec, qrels_lines, run_lines, write_trec

CODES = tuple(f"c{i}" for i in range(14))


def random_run(count: int, seed: int) -> Run:
    """Cases and answers drawn at random; some answers are empty."""
    draw = random.Random(seed)  # noqa: S311 - a seeded test, no secret
    cases, answers = [], {}
    for number in range(count):
        primary = draw.sample(CODES, draw.randint(1, 4))
        acceptable = draw.sample(CODES, draw.randint(0, 5))
        ranked = draw.sample(CODES, draw.randint(0, 14))
        case = Case(id=f"q{number}", note="", primary=primary, acceptable=acceptable)
        cases.append(case)
        answers[case.id] = Prediction(id=case.id, ranked=tuple(ranked))
    return Run("ours", tuple(cases), answers, {})


def test_the_written_files_give_ir_measures_our_figures_on_1000_random_runs(tmp_path: Path) -> None:
    """recall@5, recall@10, success@3 of the primaries, and nDCG@10 with gains 3 and 1."""
    run = random_run(1000, seed=7)
    run_file, qrels_file = write_trec(run, tmp_path)
    qrels = list(ir_measures.read_trec_qrels(str(qrels_file)))  # type: ignore[no-untyped-call]  # no types
    answers = list(ir_measures.read_trec_run(str(run_file)))  # type: ignore[no-untyped-call]  # no types
    names = {
        R(rel=3) @ 5: "recall_primary@5",
        R(rel=3) @ 10: "recall_primary@10",
        Success(rel=3) @ 3: "hit_primary@3",
        nDCG @ 10: "ndcg@10",
    }
    ours = {case.id: case_values(case, run.predictions[case.id]) for case in run.cases}
    compared = 0
    for theirs in ir_measures.iter_calc(list(names), qrels, answers):
        expected = ours[theirs.query_id][names[theirs.measure]]
        assert theirs.value == pytest.approx(expected, abs=1e-6), (theirs.query_id, theirs.measure)
        compared += 1
    assert compared == 4 * 1000


def test_a_primary_that_is_also_acceptable_gains_three() -> None:
    case = Case(id="q", note="", primary=["a"], acceptable=["a", "b"])
    assert sorted(qrels_lines([case])) == ["q 0 a 3", "q 0 b 1"]


def test_a_case_without_labels_has_no_judgement() -> None:
    assert qrels_lines([Case(id="q", note=""), Case(id="r", note="", red_flags=["dv"])]) == []


def test_a_run_comes_back_from_its_file_as_it_went(tmp_path: Path) -> None:
    run = random_run(50, seed=3)
    file, _ = write_trec(run, tmp_path)
    assert is_trec(file)
    back = predicted_run(run.cases, load_trec(file))
    ranked = {case.id: run.predictions[case.id].ranked for case in run.cases}
    assert {key: answer.ranked for key, answer in back.predictions.items()} == ranked
    assert score_run(back).totals["ndcg@10"] == score_run(run).totals["ndcg@10"]


def test_a_foreign_run_is_ordered_by_score_and_ties_as_trec_eval_does(tmp_path: Path) -> None:
    """The rank column is not looked at."""
    file = tmp_path / "theirs.run"
    file.write_text("q Q0 a 1 0.5 x\nq Q0 b 2 0.9 x\nq\tQ0\tc\t3\t0.5\tx\n", encoding="utf-8")
    assert load_trec(file)["q"].ranked == ("b", "c", "a")


def test_json_lines_are_no_trec_run(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "q", "ranked": ["a", "b"]}\n', encoding="utf-8")
    assert not is_trec(file)
    assert not is_trec(tmp_path / "nai")


def test_a_fault_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "theirs.run"
    file.write_text("q Q0 a 1 0.5 x\nq Q0 b 2\n", encoding="utf-8")
    with pytest.raises(CaseProblem, match=r"theirs\.run 2行目"):
        load_trec(file)


def test_an_id_with_a_blank_cannot_be_written() -> None:
    case = Case(id="a b", note="", primary=["x"])
    run = Run("ours", (case,), {"a b": Prediction(id="a b", ranked=("x",))}, {})
    with pytest.raises(CaseProblem, match="空白"):
        run_lines(run)
