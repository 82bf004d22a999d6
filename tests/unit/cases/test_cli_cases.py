"""``tsunagi case`` as the keeper of the server types it."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine

from service.cases.days import day_of
from service.cases.listing import Filters, list_cases
from service.cli import main
from service.store.engine import open_store
from service.store.migrate import migrate
from tests.fixtures.kept_cases import FLAG, SALON, contacted, do, opened
from tests.fixtures.records_world import actions
from tests.fixtures.store_world import TOWN, add_towns


class Told(NamedTuple):
    """What the command said."""

    code: int
    out: str
    error: str


Run = Callable[..., Told]


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    """The store the command finds by itself: two cases, one overdue, one with a red flag."""
    engine = open_store(f"sqlite:///{tmp_path}/tsunagi.db")
    migrate(engine)
    add_towns(engine)
    now = datetime.now(UTC)
    yesterday = day_of(datetime.now(UTC)) - timedelta(days=1)
    case = opened(engine, now, chosen=((SALON, "近い"),))
    do(engine, case, contacted(at=now, next_on=yesterday), now=now)
    opened(engine, now, flags=(FLAG,))
    return engine


@pytest.fixture
def run(
    store: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run the command in this process."""
    assert store
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)

    def call(*arguments: str) -> Told:
        words = ["tsunagi", "case", *arguments, "--town", TOWN.code]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Told(int(ended.value.code or 0), said.out, said.err)

    return call


def _label(number: int) -> str:
    return f"{day_of(datetime.now(UTC)).year}-{number:04d}"


def test_the_list_shows_no_more_than_it_is_asked_for(run: Run) -> None:
    told = run("list")
    first, second, counts = told.out.splitlines()
    assert first.startswith(_label(2))
    assert "★緊急・通報" in first
    assert "つなぎ 1件" in second
    assert counts.startswith("2 件（対応中 2、期限を過ぎた 1、7日のうち 0、")
    assert _label(1) in run("list", "--due", "overdue").out
    assert run("list", "--state", "closed").out.startswith("0 件")
    assert "--state は" in run("list", "--state", "gone").error


def test_what_is_due_is_said_in_words(run: Run) -> None:
    told = run("due")
    assert told.out.startswith(f"{_label(1)}  青葉いきいきサロン（連絡した）を確かめる日: ")
    assert "1日過ぎています" in told.out


def test_a_case_is_shown_and_its_versions_told(run: Run, store: Engine) -> None:
    shown = run("show", _label(1))
    assert "さびしい" in shown.out
    assert "つなぎ r1: 青葉いきいきサロン  連絡した" in shown.out
    told = run("history", _label(1))
    assert told.out.startswith("第2版")
    assert "    青葉いきいきサロン: これから連絡 → 連絡した" in told.out
    assert actions(store)[-2:] == ["case.see", "case.see"]
    missing = run("show", _label(9))
    assert (missing.code, "ありません" in missing.error) == (1, True)


def test_an_export_is_a_file_of_its_owners_alone(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    assert run("export", _label(1), str(file)).code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["case"]["number"] == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "すでにあります" in run("export", _label(1), str(file)).error


def test_an_erased_case_is_gone_and_asked_about_first(
    run: Run, store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli_cases.confirmed", lambda _: False)
    assert "消しませんでした" in run("erase", _label(1)).out
    assert "消しました" in run("erase", _label(1), "--yes").out
    rows = list_cases(store, TOWN.code, Filters(""), day_of(datetime.now(UTC))).rows
    assert [case.number for case in rows] == [2]
