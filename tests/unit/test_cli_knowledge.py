"""``tsunagi knowledge``: lists come in by command, and records are seen, verified and undone."""

from __future__ import annotations

import csv
import io
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import openpyxl
import pytest
from sqlalchemy import Engine

from knowledge.importing.form import read_form
from knowledge.importing.roles import ROLES
from service.cli import main
from service.cli_knowledge import ProblemName
from service.records.importing import imports_of
from service.records.listing import Problem
from service.store.engine import open_store
from tests.fixtures.import_pages_world import kaigo, names_in, office, unknown_table
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.store_world import TOWN
from tests.unit.importing.test_import_broken import ALL, Broken

REPOSITORY = Path(__file__).parents[2]
ROW = ("あおば食堂", "みどり町中町1", "0183-73-0001", "こどもの食事")


@dataclass
class Desk:
    """A server's keyboard: commands, what they print, and the store behind them."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    @property
    def engine(self) -> Engine:
        """The store."""
        return open_store(f"sqlite:///{self.folder / 'tsunagi.db'}")

    def run(self, *arguments: str | Path) -> int:
        """Type ``tsunagi knowledge …``; return the exit code."""
        sys.argv = ["tsunagi", "knowledge", *map(str, arguments)]
        with pytest.raises(SystemExit) as caught:
            main()
        self.out, self.err = self.capture.readouterr()
        assert "Traceback" not in self.err
        return int(caught.value.code or 0)

    def file(self, data: bytes, name: str = "kaigo_20260401.csv") -> Path:
        """A file on the server."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    @property
    def names(self) -> list[str]:
        """The records of the town."""
        return names_in(self.engine, TOWN)


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """An installation with the invented sample town and an empty second one."""
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [])
    desk = Desk(tmp_path, capsys)
    sys.argv = ["tsunagi", "town", "add", TOWN.code, TOWN.name]
    with pytest.raises(SystemExit):
        main()
    capsys.readouterr()
    return desk


def test_a_list_is_imported_and_the_next_edition_changes_it(desk: Desk) -> None:
    file = desk.file(kaigo(office(1), office(2)))
    assert desk.run("import", file, "--town", TOWN.code, "--yes") == 0
    assert "新しく加わる 2 件" in desk.out
    assert "取り込みました" in desk.out
    assert len(desk.names) == 2
    newer = desk.file(kaigo(office(1, 電話番号="0183-73-9999"), office(2)), "kaigo_20260501.csv")
    assert desk.run("import", newer, "--town", TOWN.code, "--yes") == 0
    assert "内容が変わる 1 件" in desk.out
    assert desk.run("imports", "--town", TOWN.code) == 0
    assert [line.count("kaigo_2026") for line in desk.out.splitlines()] == [1, 1]


def test_the_plan_alone_changes_nothing(desk: Desk) -> None:
    report = desk.folder / "report.csv"
    file = desk.file(kaigo(office(1)))
    assert desk.run("import", file, "--town", TOWN.code, "--plan", "--report", report) == 0
    assert "何も変えていません" in desk.out
    assert (desk.names, imports_of(desk.engine, TOWN.code)) == ([], ())
    assert "あおば事業所1号" in report.read_text(encoding="utf-8-sig")


def test_a_plan_with_faults_ends_with_1(desk: Desk) -> None:
    file = desk.file(kaigo(office(1), {"事業所名": ""}))
    assert desk.run("import", file, "--town", TOWN.code, "--plan") == 1


def test_a_wrong_row_is_shown_and_can_be_left_out(desk: Desk) -> None:
    file = desk.file(kaigo(office(1), {"事業所名": ""}))
    assert desk.run("import", file, "--town", TOWN.code, "--yes") == 1
    assert "3行目" in desk.err
    assert "--leave-out-errors" in desk.err
    assert desk.names == []
    assert desk.run("import", file, "--town", TOWN.code, "--yes", "--leave-out-errors") == 0
    assert desk.names == ["あおば事業所1号"]


def test_many_vanished_records_wait_for_a_word(desk: Desk) -> None:
    desk.run("import", desk.file(kaigo(*map(office, range(1, 11)))), "--town", TOWN.code, "--yes")
    less = desk.file(kaigo(office(1)), "kaigo_20260501.csv")
    assert desk.run("import", less, "--town", TOWN.code, "--yes") == 1
    assert "--accept-vanished" in desk.err
    assert len(desk.names) == 10
    assert desk.run("import", less, "--town", TOWN.code, "--yes", "--accept-vanished") == 0
    assert desk.names == ["あおば事業所1号"]


def test_each_file_is_taken_whole_or_not_at_all(desk: Desk) -> None:
    """The broken one of two does not keep the other out, and one report names the rows of both."""
    report = desk.folder / "report.csv"
    good = desk.file(kaigo(office(1)))
    bad = desk.file(kaigo(office(2), {"事業所名": ""}), "other_20260401.csv")
    assert desk.run("import", bad, good, "--town", TOWN.code, "--yes", "--report", report) == 1
    assert desk.names == ["あおば事業所1号"]
    rows = list(csv.DictReader(io.StringIO(report.read_text(encoding="utf-8-sig"))))
    assert {row["ファイル"] for row in rows} == {bad.name, good.name}


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.title)
def test_a_broken_file_is_refused_and_changes_nothing(desk: Desk, broken: Broken) -> None:
    file = desk.file(broken.data, broken.name)
    assert desk.run("import", file, "--town", TOWN.code, "--yes") == 1
    assert [words for words in (broken.name, *broken.told) if words not in desk.err] == []
    assert (desk.names, imports_of(desk.engine, TOWN.code)) == ([], ())


def test_a_file_of_200_mb_is_refused(desk: Desk) -> None:
    path = desk.folder / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)
    assert desk.run("import", path, "--town", TOWN.code, "--yes") == 1
    assert "大きすぎます（190 MB" in desk.err


def test_nothing_is_imported_when_nobody_can_be_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert desk.run("import", desk.file(kaigo(office(1))), "--town", TOWN.code) == 1
    assert "--yes" in desk.err
    assert desk.names == []


@pytest.mark.parametrize(("answer", "names"), [("n", []), ("y", ["あおば事業所1号"])])
def test_a_person_is_asked_after_seeing_the_plan(desk: Desk, answer: str, names: list[str]) -> None:
    file = desk.file(kaigo(office(1)))
    said = _at_a_terminal(desk, answer, "import", str(file), "--town", TOWN.code)
    assert "新しく加わる 1 件" in said
    assert "取り込みますか" in said
    assert desk.names == names


def test_an_unknown_table_is_imported_with_a_mapping_that_was_proposed(desk: Desk) -> None:
    file = desk.file(unknown_table(ROW), "misc_20260401.csv")
    assert desk.run("import", file, "--town", TOWN.code, "--yes") == 1
    assert "mapping propose" in desk.err
    mapping = desk.folder / "misc.yaml"
    assert desk.run("mapping", "propose", file, mapping) == 0
    assert "どこ" in desk.out
    form = read_form(mapping.read_bytes(), mapping.name)
    assert form.columns["名称"] == "name"
    arguments = ("import", file, "--town", TOWN.code, "--yes", "--mapping", mapping)
    assert desk.run(*arguments) == 0
    assert desk.names == ["あおば食堂"]


def test_a_mapping_is_not_proposed_for_a_table_that_is_known(desk: Desk) -> None:
    assert desk.run("mapping", "propose", desk.file(kaigo(office(1))), desk.folder / "x.yaml") == 1
    assert "そのまま取り込めます" in desk.err


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_is_filled_in_and_imported(desk: Desk, ending: str) -> None:
    path = desk.folder / f"支援先_20260401.{ending}"
    assert desk.run("template", path) == 0
    cells = {
        "名前": "みどりサロン",
        "種類": "サロン",
        "支援分野コード": "isolation.ibasho",
        "説明": "お茶",
    }
    if ending == "xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        header = [str(cell.value) for cell in sheet[1]]
        for column, name in enumerate(header, start=1):
            sheet.cell(2, column).value = cells.get(name, "")
        book.save(path)
    else:
        header = path.read_text(encoding="utf-8-sig").strip().split(",")
        path.write_bytes(csv_bytes([header, [cells.get(name, "") for name in header]]))
    assert desk.run("import", path, "--town", TOWN.code, "--yes") == 0
    assert desk.names == ["みどりサロン"]


def test_a_record_is_verified_changed_back_and_exported(desk: Desk) -> None:
    town = ("--town", TOWN.code)
    desk.run("import", desk.file(kaigo(office(1))), *town, "--yes")
    desk.run("list", *town)
    record_id = desk.out.split()[0]
    assert desk.run("verify", record_id, "--by", "福祉課 係長", *town) == 0
    assert "次の期限" in desk.out
    assert desk.run("history", record_id, *town) == 0
    assert "福祉課 係長" in desk.out
    assert desk.run("undo", record_id, "1", *town) == 0
    out = desk.folder / "out.csv"
    assert desk.run("export", out, *town) == 0
    (row,) = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig")))
    assert (row["id"], row["verified_by"]) == (record_id, "")


def test_lists_are_narrowed_to_a_problem(desk: Desk) -> None:
    town = ("--town", TOWN.code)
    rows = (office(1), office(2, 電話番号=""))
    desk.run("import", desk.file(kaigo(*rows)), *town, "--yes")
    assert desk.run("list", "--problem", "no_phone", *town) == 0
    assert ("あおば事業所2号" in desk.out, "あおば事業所1号" in desk.out) == (True, False)
    assert desk.run("due", "--problem", "no_phone", *town) == 0
    assert "あおば事業所2号" in desk.out
    assert desk.run("due", *town) == 0
    assert "2 件" in desk.out


def test_the_home_town_is_taken_in_when_no_town_is_named(desk: Desk) -> None:
    assert desk.run("list", "--text", "フードパントリー") == 0
    assert "フードパントリー" in desk.out
    assert desk.run("check") == 0
    assert "誤りはありません" in desk.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("import",), 2, "指定されていません", id="no file"),
        pytest.param(("import", "x.csv", "--as-of", "きのう"), 2, "--as-of", id="no date"),
        pytest.param(("import", "x.csv", "--only", "world"), 2, "--only", id="no such rows"),
        pytest.param(("import", "none.csv", "--yes"), 1, "開けません", id="no such file"),
        pytest.param(("import", "x.csv", "--town", "123456"), 1, "登録されていません", id="no such town"),
        pytest.param(("list", "--problem", "boring"), 2, "--problem", id="no such problem"),
        pytest.param(("verify", "none", "--by", "係長"), 1, "記録はありません", id="no such record"),
        pytest.param(("template", "x.doc"), 1, ".csv か .xlsx", id="no such kind"),
        pytest.param(("import", "x.csv", "--mapping", "none.yaml"), 1, "none.yaml", id="no mapping"),
    ],
)  # fmt: skip
def test_mistakes_at_the_keyboard_are_said(
    desk: Desk, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert desk.run(*arguments) == code
    assert words in desk.err


def test_the_problems_of_the_command_are_those_of_the_store() -> None:
    assert {one.value for one in ProblemName} == set(get_args(Problem)) - {""}


def test_the_guide_for_keepers_names_every_role_and_command() -> None:
    guide = (REPOSITORY / "docs" / "import.md").read_text(encoding="utf-8")
    assert [role for role in ROLES if f"`{role}`" not in guide] == []
    commands = ("import", "mapping propose", "template", "list", "due", "verify", "history", "undo", "export", "imports", "categories")  # fmt: skip
    assert [one for one in commands if f"tsunagi knowledge {one}" not in guide] == []


def test_the_proposed_categories_of_a_kind_are_confirmed_together(desk: Desk) -> None:
    desk.run("import", desk.file(kaigo(office(1), office(2))), "--town", TOWN.code, "--yes")
    assert desk.run("categories", "--town", TOWN.code) == 0
    assert "介護老人福祉施設" in desk.out
    assert desk.run("categories", "--town", TOWN.code, "--confirm", "ない種別") == 1
    assert desk.run("categories", "--town", TOWN.code, "--confirm", "介護老人福祉施設") == 0
    assert desk.run("categories", "--town", TOWN.code) == 0
    assert "介護老人福祉施設" not in desk.out


def _at_a_terminal(desk: Desk, answer: str, *arguments: str) -> str:
    """Run the command as a person does who answers its question; return what it said."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from service.cli import main; main()", "knowledge"]
    env = {**os.environ, "TSUNAGI_DATA_DIR": str(desk.folder)}
    with subprocess.Popen(
        [*command, *arguments],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=REPOSITORY,
        env=env,
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    return said.decode()
