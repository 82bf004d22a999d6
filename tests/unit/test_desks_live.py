"""From a change in the store to the card at the desk: real releases, swapped under load."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from starlette.testclient import TestClient

from index.release import is_pinned, list_releases
from knowledge.load import load_national
from service.app import create_app
from service.desks import Desks
from service.records.keep import close_record, edit_record, get_record
from service.records.town_knowledge import seed_from_folder
from service.settings import Settings
from service.shelf import StoreShelf, releases_root
from service.store import audit
from service.store.engine import open_store, reading
from service.store.migrate import migrate
from service.store.record_tables import record_shown
from service.triage.triage import Desk, triage
from tests.conftest import REPOSITORY
from tests.fixtures.shelf_world import real_shelf
from tests.fixtures.tiny import write_tiny

NOTE = "冷蔵庫が空で、次の給料日まで二週間ある。"
TODAY = date(2026, 6, 1)
HERE, PANTRY = "999999", "chiisa.pantry"


@dataclass
class Live:
    """A store with one seeded town, and the shelf of its releases."""

    engine: Engine
    shelf: StoreShelf
    data_dir: Path

    @property
    def root(self) -> Path:
        return releases_root(self.data_dir, HERE)

    def rename(self, name: str) -> None:
        """Do what a keeper does on the page of the record."""
        kept = get_record(self.engine, HERE, PANTRY)
        edit_record(self.engine, HERE, PANTRY, {"name": name}, kept.revision, "keeper", _now())

    def close(self) -> None:
        kept = get_record(self.engine, HERE, PANTRY)
        close_record(self.engine, HERE, PANTRY, kept.revision, "keeper", _now())


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, desk: Desk) -> Iterator[Path]:
    """A data folder with a seeded store and its first release, made once."""
    folder = tmp_path_factory.mktemp("live")
    live = _open(folder, desk)
    tiny = write_tiny(folder / "tiny")
    # As a town's window the pantry would have no card of its own.
    tiny.edit("town.yaml", "  poverty.food: chiisa.pantry\n", "")
    seed_from_folder(live.engine, tiny.town, "system", _now())
    live.shelf.publish(HERE)
    live.engine.dispose()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def live(started: Path, tmp_path: Path, desk: Desk) -> Iterator[Live]:
    """A copy of it, to be changed."""
    shutil.copytree(started, tmp_path / "var", symlinks=True)
    (tmp_path / "var" / "vectors").unlink()
    found = _open(tmp_path / "var", desk)
    yield found
    found.engine.dispose()


def _open(folder: Path, desk: Desk) -> Live:
    engine = open_store(f"sqlite:///{folder}/tsunagi.db")
    migrate(engine)
    vectors = REPOSITORY / "var" / "vectors"
    return Live(engine, real_shelf(engine, folder, desk, load_national(), vectors), folder)


def _now() -> datetime:
    return datetime.now(UTC)


def _names(desk: Desk) -> list[str]:
    return [card.name for card in triage(desk, NOTE, TODAY).suggestions]


def test_no_request_is_dropped_while_desks_are_swapped(live: Live) -> None:
    desks = Desks(HERE, live.shelf)
    settings = Settings(mode="single", data_dir=live.data_dir)
    app = create_app(desks, lambda: TODAY, settings=settings, engine=live.engine)
    versions, finished = {desks.of(HERE).index.manifest.version}, threading.Event()

    def ask() -> list[tuple[int, str, tuple[str, ...]]]:
        with TestClient(app, "http://localhost:8000") as browser:
            seen: list[tuple[int, str, tuple[str, ...]]] = []
            while len(seen) < 50 or not finished.is_set():
                answer = browser.post("/api/triage", json={"note": NOTE})
                told = answer.json()
                names = [card["name"] for card in told["suggestions"]]
                pantry = tuple(name for name in names if name.startswith("食料庫"))
                seen.append((answer.status_code, told["model"]["index"], pantry))
            return seen

    live.rename("食料庫 0")
    versions.add(desks.refresh(HERE) or "")
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for change in range(1, 6):
            live.rename(f"食料庫 {change}")
            versions.add(desks.refresh(HERE) or "")
        finished.set()
        seen = [answer for asked in asking for answer in asked.result()]
    assert len(seen) >= 200
    assert {status for status, _, _ in seen} == {200}
    assert {version for _, version, _ in seen} <= versions
    # Each version shows the name it was made of, and no other.
    shown = {(version, pantry) for _, version, pantry in seen}
    assert len(shown) == len({version for version, _ in shown})
    assert all(len(pantry) == 1 for _, pantry in shown), shown
    assert len(versions) == 7
    assert "食料庫 5" in _names(desks.of(HERE))


def test_the_watcher_brings_a_change_to_the_desk(live: Live) -> None:
    from tests.fixtures.shelf_world import until

    desks = Desks(HERE, live.shelf, poll_seconds=0.1)
    assert "ちいさフードパントリー" in _names(desks.of(HERE))
    desks.start()
    try:
        live.close()
        until(lambda: "ちいさフードパントリー" not in _names(desks.of(HERE)))
    finally:
        desks.stop()
    with reading(live.engine) as conn:
        published = audit.list_entries(conn, action="release.publish")
        assert audit.verify_chain(conn) is None
    assert [entry.actor for entry in published] == ["system", "system"]
    assert published[-1].subject_id == desks.of(HERE).index.manifest.version


def test_going_back_holds_until_somebody_goes_on(live: Live) -> None:
    desks = Desks(HERE, live.shelf)
    first = desks.of(HERE).index.manifest.version
    live.rename("食料庫")
    desks.refresh(HERE)
    desks.go_back(HERE, first)
    live.rename("もっと新しい食料庫")
    assert desks.refresh(HERE) is None
    assert desks.of(HERE).index.manifest.version == first
    assert "ちいさフードパントリー" in _names(desks.of(HERE))
    # Started again, the desk is still the one that was chosen.
    assert Desks(HERE, live.shelf).of(HERE).index.manifest.version == first
    desks.go_on(HERE)
    desks.refresh(HERE)
    assert "もっと新しい食料庫" in _names(desks.of(HERE))
    assert not is_pinned(live.root)


def test_what_cannot_answer_is_never_released(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    from service import shelf as the_shelf

    desks = Desks(HERE, live.shelf)
    before, there = desks.of(HERE), list_releases(live.root)

    def broken(*_: object) -> None:
        raise KeyError("a record nobody can rank")

    live.rename("こわれた食料庫")
    monkeypatch.setattr(the_shelf, "triage", broken)
    with pytest.raises(KeyError):
        desks.refresh(HERE)
    assert desks.of(HERE) is before
    assert list_releases(live.root) == there


def test_a_release_by_hand_that_fails_leaves_the_pin(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service import shelf as the_shelf

    desks = Desks(HERE, live.shelf)
    desks.go_back(HERE, desks.of(HERE).index.manifest.version)
    monkeypatch.setattr(the_shelf, "triage", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        live.shelf.publish(HERE)
    assert is_pinned(live.root)
    monkeypatch.undo()
    assert live.shelf.publish(HERE) == list_releases(live.root)[0].version
    assert (is_pinned(live.root), list_releases(live.root)[0].is_current) == (False, True)


def test_an_invented_note_is_read_before_a_desk_is_used(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service import shelf as the_shelf

    read: list[str] = []
    monkeypatch.setattr(the_shelf, "triage", lambda _desk, note, _today: read.append(note))
    Desks(HERE, live.shelf).of(HERE)
    assert read == [the_shelf.INVENTED_NOTE]
    # Nobody asked for it, so nobody is said to have.
    with reading(live.engine) as conn:
        assert audit.list_entries(conn, action="desk.triage") == ()


def test_a_card_that_was_shown_is_counted_with_the_audit(live: Live) -> None:
    desks = Desks(HERE, live.shelf)
    settings = Settings(mode="single", data_dir=live.data_dir)
    app = create_app(desks, lambda: TODAY, settings=settings, engine=live.engine)
    browser = TestClient(app, "http://localhost:8000")
    for _ in range(2):
        assert browser.post("/api/triage", json={"note": NOTE}).status_code == 200
    with reading(live.engine) as conn:
        rows = conn.execute(select(record_shown)).all()
        (first, _second) = audit.list_entries(conn, action="desk.triage")
    shown = {row.record_id: (row.day, row.times) for row in rows}
    assert shown[PANTRY] == ("2026-06-01", 2)
    # With the note nothing is kept, and the audit does not say what was shown.
    assert "食" not in first.detail
    assert PANTRY not in json.dumps(first.detail)


def test_a_restored_store_with_the_same_counters_is_noticed(live: Live, desk: Desk) -> None:
    twin = shutil.copytree(live.data_dir, live.data_dir.parent / "twin", symlinks=True)
    (twin / "vectors").unlink()
    other = _open(twin, desk)
    live.rename("こちらの食料庫")
    other.rename("あちらの食料庫")
    assert live.shelf.revision(HERE) != other.shelf.revision(HERE)
    other.engine.dispose()
