"""Sweeping a threshold: what each gives, what is proposed, and which files may not be used."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from eval.cases import CASES_DIR, Case, CaseProblem, Prediction
from eval.metrics import Estimate, case_values, summarise
from eval.sealed import SEALED, content_id, refuse_sealed
from eval.systems import make_system
from eval.thresholds import KINDS, Tried, propose, sweep, sweep_text
from service.triage.triage import Desk

TODAY = date(2026, 6, 1)
CASES = (
    Case(id="1", note="夫に殴られて、子どもと逃げてきた。", primary=["rights.dv"], red_flags=["dv"]),
    Case(id="2", note="母84が同じ話をくり返し、鍋を焦がした。", primary=["elderly.dementia_early"]),
    Case(id="3", note="住民票の写しがほしい。", primary=["none.other_dept"]),
    Case(id="4", note="もう消えてしまいたいと毎日言う。", primary=["health.suicide"], red_flags=["suicide"]),
)  # fmt: skip


def tried(threshold: float, recall: float, specificity: float) -> Tried:
    """A threshold with these shares."""
    shares = [Estimate(v, 0, 1, 10) for v in (recall, 0.5, specificity)]
    return Tried(threshold, 0.5, *shares)


TABLE = (tried(0.1, 0.95, 0.5), tried(0.3, 0.9, 0.7), tried(0.5, 0.8, 0.9), tried(0.7, 0.6, 0.95))


def test_a_wanted_recall_is_kept_with_as_few_false_alarms_as_can_be() -> None:
    found = propose(TABLE, recall=0.9, specificity=None)
    assert found is not None
    assert found.threshold == 0.3


def test_a_wanted_specificity_is_kept_with_as_much_found_as_can_be() -> None:
    found = propose(TABLE, recall=None, specificity=0.9)
    assert found is not None
    assert found.threshold == 0.5


def test_what_no_threshold_reaches_is_not_proposed() -> None:
    assert propose(TABLE, recall=0.99, specificity=None) is None
    assert propose(TABLE, None, None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_higher_threshold_never_finds_more_nor_raises_more(desk: Desk, kind: str) -> None:
    found = sweep(desk, CASES, kind, TODAY)  # type: ignore[arg-type]  # one of the two
    for name in ("coverage", "recall", "specificity"):
        shares = [getattr(t, name) for t in found.tried]
        values = [getattr(v, "mean", v) for v in shares]
        assert values == sorted(values, reverse=name != "specificity")
    assert found.current in [t.threshold for t in found.tried]
    assert "いま" in sweep_text(found, wanted=False)


def test_at_the_threshold_in_use_the_flags_are_those_of_the_product(desk: Desk) -> None:
    """The sweep applies it as triage does."""
    found = sweep(desk, CASES, "flags", TODAY)
    now = next(t for t in found.tried if t.threshold == found.current)
    system = make_system("tsunagi", desk, TODAY)
    answers: dict[str, Prediction] = {case.id: system(case) for case in CASES}
    totals = summarise(CASES, answers, {c.id: case_values(c, answers[c.id]) for c in CASES})
    assert (now.recall, now.specificity) == (
        totals["red_flag_recall"], totals["red_flag_specificity"],
    )  # fmt: skip


# What is sealed.


def test_the_sealed_files_are_those_that_git_holds() -> None:
    """By git's own names: nobody opens them."""
    root = CASES_DIR.parents[1]
    listed = subprocess.run(
        ["git", "ls-files", "-s", *SEALED.values()], cwd=root, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a checkout")
    rows = [line.split() for line in listed.stdout.splitlines()]
    assert {row[3]: row[1] for row in rows} == {path: name for name, path in SEALED.items()}


def test_a_sealed_file_is_refused_under_its_name_and_as_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "mine.jsonl"
    copy.write_text("x\n", encoding="utf-8")
    refuse_sealed(copy)
    monkeypatch.setitem(SEALED, content_id(b"x\n"), "eval/cases/test.jsonl")
    with pytest.raises(CaseProblem, match="甘くなります"):
        refuse_sealed(copy)
    with pytest.raises(CaseProblem, match="甘くなります"):
        refuse_sealed(tmp_path / "test.jsonl")
    with pytest.raises(CaseProblem, match="ありません"):
        refuse_sealed(tmp_path / "nai.jsonl")


def test_content_has_the_name_that_git_gives_it() -> None:
    """`printf 'x\\n' | git hash-object --stdin`."""
    assert content_id(b"x\n") == "587be6b4c3f93f93c489c0111bba5596147a26cb"
