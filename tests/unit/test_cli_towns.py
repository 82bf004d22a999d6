"""``tsunagi town``, ``tsunagi release`` and ``tsunagi suggest --town`` as a person types them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from index.release import current_release, is_pinned
from knowledge.load import load_national
from service.cli import main
from service.records.town_knowledge import knowledge_revision, read_knowledge, town_facts
from service.shelf import releases_root
from service.store import audit
from service.store.engine import open_store, reading
from service.triage.triage import Desk
from tests.conftest import REPOSITORY
from tests.fixtures.tiny import Tiny, write_tiny

NOTE = "冷蔵庫が空で、次の給料日まで二週間ある。"


class Told(NamedTuple):
    """What the command said."""

    code: int
    out: str
    error: str


Run = Callable[..., Told]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    desk: Desk,
) -> Run:
    """Run the command in this process, with a data folder of its own and the model at hand."""
    data = tmp_path / "data"
    data.mkdir()
    vectors = REPOSITORY / "var" / "vectors"
    vectors.mkdir(exist_ok=True)
    (data / "vectors").symlink_to(vectors)
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(data))
    monkeypatch.setenv("TSUNAGI_TOWN_DIR", str(write_tiny(tmp_path / "home").town))
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)
    monkeypatch.setattr("service.wiring.open_embedder", lambda _: desk.embedder)
    monkeypatch.setattr("index.embedder.model_digest", lambda _: desk.embedder.digest)

    def call(*arguments: str, typed: str = "") -> Told:
        monkeypatch.setattr(sys, "argv", ["tsunagi", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Told(ended.value.code, out, error)

    return call


@pytest.fixture
def neighbour(tmp_path: Path) -> Tiny:
    """The folder of a second town."""
    tiny = write_tiny(tmp_path / "neighbour")
    tiny.edit("town.yaml", '"999999"', '"999998"')
    tiny.edit("town.yaml", "ちいさ町", "となり町")
    tiny.edit("town.yaml", "  poverty.food: chiisa.pantry\n", "")
    return tiny


def _data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _refused(told: Told, words: str) -> None:
    assert (told.code, told.out) == (1, "")
    assert words in told.error
    assert "Traceback" not in told.error


def test_a_second_town_answers_after_one_command(run: Run, neighbour: Tiny, tmp_path: Path) -> None:
    _refused(run("suggest", "--town", "999998", typed=NOTE), "データベースはまだありません")
    told = run("town", "load", str(neighbour.town))
    assert (told.code, told.out.splitlines()[0]) == (0, "入れました: 999998 となり町")
    answer = run("suggest", "--town", "999998", typed=NOTE)
    assert answer.code == 0, answer.error
    assert "ちいさフードパントリー" in answer.out
    assert "変わったところはありません" in run("town", "load", str(neighbour.town)).out
    _refused(run("suggest", "--town", "999997", typed=NOTE), "支援先データがまだありません")
    _refused(run("town", "load", str(tmp_path / "nai")), "フォルダがありません")
    neighbour.edit("resources.csv", "2026-05-01", "きのう")
    _refused(run("town", "load", str(neighbour.town)), "resources.csv")


def test_a_town_that_was_only_named_has_a_desk_once_records_come(run: Run, tmp_path: Path) -> None:
    said = run("town", "add", "011002", "ためし市").out
    assert said.startswith("登録しました: 011002 ためし市\n")
    assert "tsunagi knowledge import 一覧.csv --town 011002" in said
    engine = open_store(f"sqlite:///{_data(tmp_path)}/tsunagi.db")
    facts = town_facts(engine, "011002")
    assert facts is not None
    assert (facts.prefecture, facts.population, facts.welfare_office.own) == ("北海道", 0, True)
    assert knowledge_revision(engine, "011002") != ""
    assert read_knowledge(engine, "011002", load_national()).resources == ()
    # Named anew, it keeps what else is known of it.
    assert run("town", "add", "011002", "ためし新市").code == 0
    renamed = town_facts(engine, "011002")
    assert renamed == facts.model_copy(update={"name": "ためし新市"})
    engine.dispose()
    _refused(run("town", "add", "11002", "x"), "6桁")


def test_the_facts_of_a_town_are_shown_and_replaced(run: Run, neighbour: Tiny) -> None:
    run("town", "load", str(neighbour.town))
    shown = run("town", "profile", "999998").out
    assert "name: となり町\n" in shown
    assert "population: 1200\n" in shown
    neighbour.edit("town.yaml", "population: 1200", "population: 1100")
    file = str(neighbour.town / "town.yaml")
    assert "入れ替えました" in run("town", "profile", "999998", "--file", file).out
    assert "population: 1100\n" in run("town", "profile", "999998").out
    _refused(run("town", "profile", "999999", "--file", file), "団体コード（999998）")
    _refused(run("town", "profile", "999999"), "まだありません")
    neighbour.edit("town.yaml", "population: 1100", "population: たくさん")
    _refused(run("town", "profile", "999998", "--file", file), "整数")


def test_releases_are_listed_gone_back_to_and_gone_on_from(
    run: Run, neighbour: Tiny, tmp_path: Path
) -> None:
    run("town", "load", str(neighbour.town))
    here = ("--town", "999998")
    assert "版はまだありません" in run("release", "list", *here).out
    _refused(run("release", "rollback", *here), "版がまだありません")
    first = run("release", "publish", *here).out.removeprefix("版を作りました: ").strip()
    assert run("release", "publish", *here).out == "窓口の版は最新です。\n"
    neighbour.edit("resources.csv", "ちいさフードパントリー", "となりの食料庫")
    run("town", "load", str(neighbour.town))
    second = run("release", "publish", *here).out.removeprefix("版を作りました: ").strip()
    listed = [line.split()[:2] for line in run("release", "list", *here).out.splitlines()]
    assert listed == [["*", second], [first, listed[1][1]]]
    assert first in run("release", "rollback", *here).out
    root = releases_root(_data(tmp_path), "999998")
    assert is_pinned(root)
    assert "自動の更新を止めています" in run("release", "list", *here).out
    assert "ちいさフードパントリー" in run("suggest", *here, typed=NOTE).out
    _refused(run("release", "rollback", "nai", *here), "nai")
    assert "再開しました" in run("release", "resume", *here).out
    assert run("release", "resume", *here).out == "自動の更新は止まっていません。\n"
    assert "となりの食料庫" in run("suggest", *here, typed=NOTE).out
    engine = open_store(f"sqlite:///{_data(tmp_path)}/tsunagi.db")
    with reading(engine) as conn:
        recorded = audit.list_entries(conn, action="release.")
    engine.dispose()
    assert [(e.actor, e.action) for e in recorded[:4]] == [
        ("command", "release.publish"),
        ("command", "release.publish"),
        ("command", "release.roll_back"),
        ("command", "release.resume"),
    ]


def test_a_release_that_cannot_be_loaded_is_not_gone_back_to(
    run: Run, neighbour: Tiny, tmp_path: Path
) -> None:
    here = ("--town", "999998")
    run("town", "load", str(neighbour.town))
    run("release", "publish", *here)
    root = releases_root(_data(tmp_path), "999998")
    first = current_release(root)
    assert first is not None
    neighbour.edit("resources.csv", "ちいさフードパントリー", "となりの食料庫")
    run("town", "load", str(neighbour.town))
    run("release", "publish", *here)
    second = current_release(root)
    (root / first.version / "passages.jsonl").write_text("")
    assert run("release", "rollback", *here).code == 1
    assert current_release(root) == second
    assert not is_pinned(root)
