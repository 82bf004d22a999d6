"""The command ``tsunagi`` as a person at the desk types it: output, errors, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from knowledge.load import DEFAULT_TOWN
from knowledge.models import Category
from service.cli_errors import run_command

REPOSITORY = Path(__file__).parents[2]
NOTE = "母84が同じ話をくり返し、鍋を焦がした。"


def _run(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    env = {**os.environ, "TSUNAGI_DATA_DIR": str(REPOSITORY / "var"), **environment}
    return subprocess.run(
        command, input=stdin, capture_output=True, cwd=REPOSITORY, env=env, check=False, timeout=120
    )


def _error(result: subprocess.CompletedProcess[bytes]) -> str:
    """The message of a run that failed: Japanese, and no traceback."""
    text = result.stderr.decode()
    assert result.returncode != 0
    assert "Traceback" not in text
    return text


@pytest.mark.usefixtures("desk")
def test_suggest_reads_standard_input_and_prints_json() -> None:
    result = _run("suggest", "--json", "--top", "3", stdin=NOTE.encode())
    answer = json.loads(result.stdout)
    assert result.returncode == 0
    assert len({s["category"] for s in answer["suggestions"]}) <= 3
    assert answer["problems"]


@pytest.mark.usefixtures("desk")
def test_suggest_prints_lines_for_people_from_a_shift_jis_file(tmp_path: Path) -> None:
    file = tmp_path / "相談.txt"
    file.write_bytes(NOTE.encode("cp932"))
    text = _run("suggest", str(file)).stdout.decode()
    assert "つなぎ先の候補" in text
    assert "次に聞くこと" in text


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("suggest",), b"", "空"),
        (("suggest",), "母が転んだ。".encode() * 20_000, "大きすぎ"),
        (("suggest",), b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "文章のファイルではない"),
        (("suggest",), b"\xfd\xfd\xfd\x80\x81\xff", "文字コード"),
        (("suggest", "nai.txt"), b"", "nai.txt"),
        (("suggest", "."), b"", "フォルダ"),
        (("suggest", "--nai"), b"", "知らないオプション"),
        (("suggest", "--top", "0"), b"", "--top"),
        (("suggest", "--town", "nai"), NOTE.encode(), "フォルダがありません"),
        (("eval", "run", "--cases", "nai.jsonl", "--out", "x"), b"", "nai.jsonl"),
        (("eval", "run", "--cases", "nai.jsonl"), b"", "--out"),
        (("eval", "run", "--cases", "x", "--out", "x", "--system", "nai"), b"", "tsunagi"),
        (("naiyo",), b"", "命令"),
    ],
)
@pytest.mark.usefixtures("desk")
def test_bad_input_says_what_is_wrong_in_japanese(
    arguments: tuple[str, ...], stdin: bytes, words: str
) -> None:
    assert words in _error(_run(*arguments, stdin=stdin))


def test_a_missing_index_says_which_command_makes_it(tmp_path: Path) -> None:
    message = _error(_run("suggest", stdin=NOTE.encode(), TSUNAGI_DATA_DIR=str(tmp_path)))
    assert "tsunagi index build" in message


def test_a_bad_setting_is_named() -> None:
    assert "TSUNAGI_PORT" in _error(_run("serve", TSUNAGI_PORT="abc"))


@pytest.mark.parametrize("port", ["0", "70000"])
def test_a_port_that_there_is_not_is_named(port: str) -> None:
    assert "--port" in _error(_run("serve", "--port", port))


def test_data_that_a_model_refuses_are_not_called_a_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()

    @app.command()
    def refuse() -> None:
        Category.model_validate({"code": "秘密の中身"})

    monkeypatch.setattr(sys, "argv", ["tsunagi"])
    with pytest.raises(SystemExit) as ended:
        run_command(app)
    message = capsys.readouterr().err
    assert ended.value.code == 1
    assert "データの内容が正しくありません（Category: " in message
    assert "TSUNAGI_" not in message
    assert "設定" not in message
    assert "秘密" not in message


def test_a_port_in_use_is_said_before_anything_loads() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        message = _error(_run("serve", "--port", port))
    assert port in message
    assert "--port" in message


def test_knowledge_check_counts_what_is_there() -> None:
    text = _run("knowledge", "check").stdout.decode()
    assert "みどり町" in text
    assert "誤りはありません" in text


def test_knowledge_check_names_file_row_and_remedy(tmp_path: Path) -> None:
    town = tmp_path / "town"
    shutil.copytree(DEFAULT_TOWN, town)
    rows = (town / "resources.csv").read_text(encoding="utf-8").splitlines()
    rows[3] = rows[3].replace(",2026-", ",2026/", 1)
    (town / "resources.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    message = _error(_run("knowledge", "check", str(town)))
    assert "resources.csv 4行目" in message
    assert "2026-04-01" in message


def test_knowledge_check_finds_broken_yaml(tmp_path: Path) -> None:
    town = tmp_path / "town"
    shutil.copytree(DEFAULT_TOWN, town)
    (town / "town.yaml").write_text("name: [みどり町\n", encoding="utf-8")
    assert "town.yaml" in _error(_run("knowledge", "check", str(town)))


@pytest.mark.usefixtures("desk")
def test_eval_run_writes_its_three_files(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    labelled = {"id": "a", "note": NOTE, "primary": ["elderly.dementia_early"]}
    lines = [labelled, {"id": "b", "note": "ラベルのない記録。父が転んだ。"}]
    cases.write_text(
        "\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8"
    )
    out = tmp_path / "out"
    history = str(tmp_path / "history.db")
    result = _run(
        "eval", "run", "--cases", str(cases), "--out", str(out), "--json", "--history", history
    )
    assert result.returncode == 0
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert [c["id"] for c in run["cases"]] == ["a", "b"]
    assert len(run["cases"][0]["ranked"]) == len(set(run["cases"][0]["ranked"]))
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["labelled"] == 1
    assert "recall_primary@5" in metrics["totals"]
    assert "</html>" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads(result.stdout)["totals"].keys() == metrics["totals"].keys()
