"""``tsunagi knowledge hsds``: out of one town's desk and into another's, by command."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from knowledge.hsds.read import read_hsds
from service.cli import main
from tests.fixtures.hsds_foreign import FOREIGN


class Told(NamedTuple):
    """What the command said."""

    code: int
    out: str
    error: str


Run = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, on a store of the test."""
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)

    def call(*arguments: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", ["tsunagi", "knowledge", "hsds", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Told(ended.value.code, out, error)

    return call


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A file of another system."""
    path = tmp_path / "feed.json"
    path.write_text(json.dumps({"contents": [FOREIGN]}), encoding="utf-8")
    return path


def test_the_home_town_goes_out_in_both_forms(run: Run, tmp_path: Path) -> None:
    """By the ending of the file; the national services only when asked for."""
    told = run("export", tmp_path / "midori.json")
    assert told.code == 0, told.error
    assert "みどり町の支援先 205 件" in told.out
    imported = read_hsds(tmp_path / "midori.json", "midori.json")
    assert (len(imported.resources), imported.services) == (205, ())
    told = run("export", tmp_path / "midori.zip", "--with-services")
    assert told.code == 0, told.error
    packed = read_hsds(tmp_path / "midori.zip", "midori.zip")
    assert packed.resources == imported.resources
    assert packed.services


def test_another_ending_is_refused(run: Run, tmp_path: Path) -> None:
    """Nothing is written."""
    told = run("export", tmp_path / "midori.csv")
    assert told.code == 1
    assert ".json" in told.error
    assert not (tmp_path / "midori.csv").exists()


def test_a_plan_changes_nothing(run: Run, feed: Path, tmp_path: Path) -> None:
    """It shows the same report as any import, and can write it as CSV."""
    told = run("import", feed, "--plan", "--report", tmp_path / "report.csv")
    assert told.code == 0, told.error
    assert "HSDS 3.0" in told.out
    assert "新しく加わる 1 件" in told.out
    assert "Riverside Tea Hour" in (tmp_path / "report.csv").read_text(encoding="utf-8-sig")
    again = run("import", feed, "--plan")
    assert "新しく加わる 1 件" in again.out


def test_an_import_is_asked_about_unless_told_yes(run: Run, feed: Path) -> None:
    """Nobody at the keyboard: refused.  With --yes: done, and a second time all the same."""
    told = run("import", feed)
    assert told.code == 1
    assert "--yes" in told.error
    told = run("import", feed, "--yes")
    assert told.code == 0, told.error
    assert "新しい記録 1 件" in told.out
    told = run("import", feed, "--yes")
    assert "変わらない 1 件" in told.out
    assert "新しい記録 0 件、変わった記録 0 件" in told.out


def test_the_home_towns_own_export_adds_nothing(run: Run, tmp_path: Path) -> None:
    """Known again by its ids."""
    run("export", tmp_path / "midori.zip")
    told = run("import", tmp_path / "midori.zip", "--plan")
    assert told.code == 0, told.error
    assert "変わらない 205 件" in told.out
    assert "新しく加わる" not in told.out


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空です"),
        (b"id,name\r\n1,x\r\n", "JSON として読めません"),
        (json.dumps({"contents": [FOREIGN | {"status": "open"}]}).encode(), "temporarily closed"),
    ],
)
def test_a_wrong_file_is_told_and_changes_nothing(
    run: Run, feed: Path, data: bytes, said: str
) -> None:
    """The fault with its place, and exit code 1."""
    feed.write_bytes(data)
    told = run("import", feed, "--yes")
    assert told.code == 1
    assert said in told.out + told.error
    assert "何も変わっていません" in told.error
    feed.write_text(json.dumps({"contents": [FOREIGN]}), encoding="utf-8")
    assert "新しく加わる 1 件" in run("import", feed, "--plan").out


def test_a_file_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    """Before anything is opened."""
    told = run("import", tmp_path / "none.json", "--yes")
    assert told.code == 1
    assert "ファイルがありません" in told.error


def test_a_town_that_is_not_registered_is_told(run: Run, feed: Path) -> None:
    """With what to do."""
    told = run("import", feed, "--town", "123456", "--yes")
    assert told.code == 1
    assert "登録されていません" in told.error
