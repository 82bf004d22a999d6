"""The evaluator's commands as typed, on an outside engine's answers: no model is loaded."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.cli import main


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with twelve cases and two engines' answers: good misses one, poor misses all."""
    cases, good, poor = [], [], []
    for n in range(12):
        key = f"C{n}"
        cases.append({"id": key, "note": f"米がない。{n}", "primary": ["poverty.food"]})
        good.append({"id": key, "ranked": ["poverty.food" if n else "housing.public"]})
        poor.append({"id": key, "ranked": ["housing.public"]})
    for name, rows in (("cases", cases), ("good", good), ("poor", poor)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def tsunagi(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Run a command with its data in ``work``; ``@`` stands for that folder."""
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(work / "var"))

    def run(*words: str) -> Said:
        paths = [re.sub(r"(^|=)@", rf"\1{work}/", word) for word in words]
        monkeypatch.setattr(sys, "argv", ["tsunagi", "eval", *paths])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        said = capsys.readouterr()
        return Said(code if isinstance(code, int) else 0, said.out, said.err)

    return run


@pytest.fixture
def measured(tsunagi: Callable[..., Said]) -> Callable[..., Said]:
    """Score the good engine."""

    def run(*more: str) -> Said:
        return tsunagi(
            "run", "--cases", "@cases.jsonl", "--out", "@good", "--predictions", "@good.jsonl",
            *more,
        )  # fmt: skip

    return run


def test_two_engines_are_scored_into_a_folder_each_and_compared(
    work: Path, tsunagi: Callable[..., Said]
) -> None:
    result = tsunagi(
        "run", "--cases", "@cases.jsonl", "--out", "@both",
        "--predictions", "good=@good.jsonl", "--predictions", "poor=@poor.jsonl",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (work / "both" / "good" / "run.json").exists()
    result = tsunagi("compare", "@both/poor", "@both/good", "--json")
    found = json.loads(result.stdout)
    recall = next(d for d in found["differences"] if d["metric"] == "recall_primary@5")
    assert recall["difference"] == pytest.approx(11 / 12)
    assert recall["p"] == pytest.approx(2 / 2**11)
    assert recall["p"] <= recall["p_holm"] <= 1
    assert len(found["changed"]) == 11
    text = tsunagi("compare", "@both/poor", "@both/good", "--show", "2").stdout
    assert "答えの変わった事例 11 件" in text
    assert "ほか 9 件" in text


def test_every_run_is_kept_and_can_be_looked_at_compared_and_accepted(
    tsunagi: Callable[..., Said], measured: Callable[..., Said]
) -> None:
    assert "まだ1度も" in tsunagi("history", "list").stdout
    measured()
    measured()
    listed = tsunagi("history", "list").stdout
    assert len(listed.splitlines()) == 2
    assert "recall@5 0.917" in listed
    assert "recall_primary@5" in tsunagi("history", "show", "2").stdout
    assert "変わった事例 0 件" in tsunagi("history", "diff", "1", "2").stdout
    assert "採用しました" in tsunagi("history", "accept", "1").stdout
    assert len(tsunagi("history", "export").stdout.splitlines()) == 2
    lost = tsunagi("history", "show", "9")
    assert lost.returncode == 1
    assert "番号 9 の記録はありません" in lost.stderr


def test_the_gate_closes_with_three_and_says_why(work: Path, measured: Callable[..., Said]) -> None:
    assert measured("--fail-under", "recall_primary@5=0.9").returncode == 0
    closed = measured("--fail-under", "recall_primary@5=0.95")
    assert closed.returncode == 3
    assert "不合格" in closed.stderr
    assert (work / "good" / "run.json").exists()  # the figures are there all the same
    wrong = measured("--fail-under", "recall=1")
    assert wrong.returncode == 1
    assert "--fail-under" in wrong.stderr


def test_no_worse_needs_an_accepted_run_and_holds_against_it(
    tsunagi: Callable[..., Said], measured: Callable[..., Said]
) -> None:
    none_yet = measured("--no-worse")
    assert none_yet.returncode == 3
    assert "history accept" in none_yet.stderr
    tsunagi("history", "accept", "1")
    assert measured("--no-worse").returncode == 0
    worse = tsunagi(
        "run", "--cases", "@cases.jsonl", "--out", "@x", "--predictions", "@poor.jsonl",
        "--no-worse",
    )  # fmt: skip
    assert worse.returncode == 3
    assert "悪くなりました" in worse.stderr


def test_report_and_trec_are_made_from_the_folder_of_a_run(
    work: Path, tsunagi: Callable[..., Said], measured: Callable[..., Said]
) -> None:
    measured()
    measured()
    result = tsunagi("report", "@good", "--out", "@shown/report.html")
    assert result.returncode == 0, result.stderr
    first = (work / "shown" / "report.html").read_bytes()
    assert "移り変わり".encode() in first
    assert (work / "shown" / "charts" / "sectors.svg").exists()
    tsunagi("report", "@good", "--out", "@shown/report.html")
    assert (work / "shown" / "report.html").read_bytes() == first
    measured("--report", "@once/report.html", "--hide-notes")
    assert "米がない" not in (work / "once" / "report.html").read_text(encoding="utf-8")
    result = tsunagi("trec", "--run", "@good", "--dir", "@trec")
    assert result.returncode == 0
    again = tsunagi(
        "run", "--cases", "@cases.jsonl", "--out", "@again", "--predictions",
        "@trec/run.trec", "--json",
    )  # fmt: skip
    assert json.loads(again.stdout)["totals"]["ndcg@10"]["mean"] == pytest.approx(11 / 12)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("compare", "@good"), "2つ以上"),
        (("compare", "@nai", "@nai2"), "先に `tsunagi eval run`"),
        (("report", "@nai"), "先に `tsunagi eval run`"),
        (("tune-threshold", "--cases", "@cases.jsonl", "--for", "x"), "flags / silence"),
        (("tune-threshold", "--cases", "@test.jsonl", "--for", "flags"), "甘くなります"),
        (
            ("tune-threshold", "--cases", "@cases.jsonl", "--for", "flags", "--recall", "0.9",
             "--specificity", "0.9"),
            "どちらか1つ",
        ),
        (
            ("run", "--cases", "@cases.jsonl", "--out", "@x", "--predictions", "a/b=@good.jsonl"),
            "名前には使えません",
        ),
        (
            ("run", "--cases", "@cases.jsonl", "--out", "@x", "--predictions", "@good.jsonl",
             "--predictions", "@poor.jsonl"),
            "同じ名前",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_japanese(
    tsunagi: Callable[..., Said], words: tuple[str, ...], told: str
) -> None:
    result = tsunagi(*words)
    assert result.returncode == 1
    assert told in result.stderr
    assert "Traceback" not in result.stderr
