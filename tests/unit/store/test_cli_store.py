"""``tsunagi backup``, ``restore`` and ``audit`` as the keeper of the server types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from service.settings import Settings
from service.store import accounts
from service.store.engine import open_store, reading, writing
from service.store.migrate import migrate
from tests.fixtures.store_world import NOW, add_towns, record, write_sequence

REPOSITORY = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command with its data in a folder of the test."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
        env = {**os.environ, "TSUNAGI_DATA_DIR": str(tmp_path), "TZ": "Asia/Tokyo", **environment}
        return subprocess.run(
            command, capture_output=True, cwd=REPOSITORY, env=env, check=False, timeout=120
        )

    return call


@pytest.fixture
def desk_store(tmp_path: Path) -> Engine:
    """The store the command finds by itself: one person, two audit rows."""
    engine = open_store(f"sqlite:///{tmp_path}/tsunagi.db")
    migrate(engine)
    add_towns(engine)
    write_sequence(engine, "hanako")
    engine.dispose()
    return engine


def _error(result: subprocess.CompletedProcess[bytes]) -> str:
    message = result.stderr.decode()
    assert result.returncode == 1
    assert "Traceback" not in message
    return message


def test_the_address_is_a_file_in_the_data_folder_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)
    assert Settings(data_dir=tmp_path).store_url == f"sqlite:///{tmp_path}/tsunagi.db"
    monkeypatch.setenv("TSUNAGI_DATABASE_URL", "")
    assert Settings(data_dir=tmp_path).store_url == f"sqlite:///{tmp_path}/tsunagi.db"
    monkeypatch.setenv("TSUNAGI_DATABASE_URL", "postgresql://u:himitsu@h/x")
    assert Settings().store_url == "postgresql://u:himitsu@h/x"
    assert "himitsu" not in repr(Settings())


@pytest.mark.usefixtures("desk_store")
def test_a_backup_comes_back_into_another_database(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "backup.zip")
    made = run("backup", file)
    assert made.returncode == 0, made.stderr.decode()
    assert "バックアップを作りました" in made.stdout.decode()
    other = f"sqlite:///{tmp_path}/other/new.db"
    back = run("restore", file, TSUNAGI_DATABASE_URL=other)
    assert "戻しました" in back.stdout.decode()
    assert "--force" in _error(run("restore", file, TSUNAGI_DATABASE_URL=other))
    assert run("restore", file, "--force", TSUNAGI_DATABASE_URL=other).returncode == 0
    engine = open_store(other)
    with reading(engine) as conn:
        assert accounts.find_by_login(conn, "hanako")
    engine.dispose()


@pytest.mark.usefixtures("desk_store")
def test_the_audit_verifies_and_its_head_can_be_noted(run: Run) -> None:
    told = run("audit", "verify").stdout.decode()
    assert "2 件" in told
    noted = re.search(r"2:[0-9a-f]{64}", told)
    assert noted
    assert run("audit", "verify", "--head", noted[0]).returncode == 0
    assert "2 番" in _error(run("audit", "verify", "--head", "2:" + "0" * 64))
    assert "--head" in _error(run("audit", "verify", "--head", "naiyo"))


def test_a_changed_audit_is_reported_with_its_number(desk_store: Engine, run: Run) -> None:
    with writing(desk_store) as conn:
        conn.execute(text("DROP TRIGGER audit_no_update"))
        conn.execute(text("UPDATE audit SET actor = 'system' WHERE seq = 2"))
    desk_store.dispose()
    message = _error(run("audit", "verify"))
    assert "2 番" in message
    assert "書き換え" in message


def test_the_audit_is_listed_and_narrowed(desk_store: Engine, run: Run) -> None:
    with writing(desk_store) as conn:
        person = accounts.find_by_login(conn, "hanako")
        assert person is not None
        record(conn, "person.change", person.id, NOW + timedelta(days=1))
    desk_store.dispose()

    def lines(*options: str) -> list[str]:
        return run("audit", "list", *options).stdout.decode().splitlines()

    assert len(lines()) == 3
    # To have looked is recorded too.
    assert len(lines("--action", "audit.read")) == 1
    # The wall clock of Japan: NOW is half past nine there.
    assert "2026-06-01 09:30:00" in lines()[0]
    assert "利用者を登録した（person.add）" in lines()[0]
    assert len(lines("--since", "2026-06-02", "--action", "person.")) == 1
    assert len(lines("--action", "person.")) == 2
    assert len(lines("--actor", "command", "--limit", "1")) == 1
    assert lines("--actor", "system") == ["当てはまる監査記録はありません。"]
    assert datetime.fromisoformat(lines()[2].split()[1]).date() == NOW.date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "x.zip"), "まだありません"),
        (("audit", "verify"), "まだありません"),
        (("audit", "list"), "まだありません"),
        (("restore", "nai.zip"), "nai.zip"),
        (("restore", "README.md"), "バックアップではない"),
    ],
)
def test_what_cannot_be_done_is_said_in_japanese_and_makes_no_file(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert words in _error(run(*arguments))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_address_is_said_without_the_password(run: Run) -> None:
    message = _error(run("audit", "list", TSUNAGI_DATABASE_URL="mysql://u:himitsu@h/x"))
    assert "TSUNAGI_DATABASE_URL" in message
    assert "himitsu" not in message


def test_an_address_without_a_server_is_said_without_the_password(run: Run) -> None:
    url = "postgresql://u:himitsu@127.0.0.1:1/x"
    message = _error(run("audit", "list", TSUNAGI_DATABASE_URL=url))
    assert "つながりません" in message
    assert "himitsu" not in message
