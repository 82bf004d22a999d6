"""``tsunagi admin``, ``account`` and ``town`` as the keeper of the server types them."""

from __future__ import annotations

import io
import json
import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from sqlalchemy import Engine

from service.accounts.sign_in import sign_in
from service.cli import main
from service.cli_accounts import RoleName
from service.cli_people import new_password
from service.errors import BadInput
from service.store.engine import open_store, writing
from service.store.migrate import upgrade
from service.store.tables import ROLES
from service.store.towns import save_town
from tests.fixtures.accounts_world import OTHER_PASSWORD, PASSWORD, RULES
from tests.fixtures.store_world import NOW, TOWN, write_old_sequence


class Told(NamedTuple):
    """What the command said."""

    code: int
    out: str
    error: str


Run = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process, with its data in a folder of the test and cheap hashes."""
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)
    monkeypatch.setattr("service.accounts.rules.rules_from", lambda _: RULES)

    def call(*arguments: str, typed: bytes = b"") -> Told:
        monkeypatch.setattr(sys, "argv", ["tsunagi", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Told(ended.value.code, out, error)

    return call


@pytest.fixture
def town_run(run: Run) -> Run:
    """The same, once Hanako is the admin of the sample town."""
    made = _create(run)
    assert made.code == 0, made.error
    assert "みどり町の管理者「hanako」" in made.out
    return run


def _create(run: Run, login: str = "hanako", typed: str = f"{PASSWORD}\n") -> Told:
    return run(
        "admin", "create", login, "--name", "山田 花子", "--password-stdin", typed=typed.encode()
    )


def _refused(told: Told, words: str) -> None:
    assert (told.code, told.out) == (1, "")
    assert words in told.error
    assert "Traceback" not in told.error


def _store(tmp_path: Path) -> Engine:
    return open_store(f"sqlite:///{tmp_path}/tsunagi.db")


def _comes_in(tmp_path: Path, login: str, password: str) -> str:
    engine = _store(tmp_path)
    try:
        return sign_in(engine, login, password, "", "", NOW, RULES).viewer.display_name
    finally:
        engine.dispose()


def test_the_choices_of_the_command_are_the_roles_of_the_store() -> None:
    assert tuple(RoleName) == ROLES


def test_the_first_admin_is_made_on_an_empty_machine_and_signs_in(
    town_run: Run, tmp_path: Path
) -> None:
    assert _comes_in(tmp_path, "hanako", PASSWORD) == "山田 花子"
    assert town_run("account", "list").out == "hanako  山田 花子  利用中  000000:admin\n"
    assert town_run("town", "list").out == "000000  みどり町  市町村\n"


def test_a_second_first_admin_is_refused(town_run: Run) -> None:
    _refused(_create(town_run, "taro"), "すでに登録されています")


def test_a_weak_password_and_one_that_cannot_be_asked_for_are_refused(run: Run) -> None:
    _refused(_create(run, typed="himitsu\n"), "12文字以上")
    _refused(_create(run, typed=""), "12文字以上")
    bad = run("admin", "create", "x", "--name", "y", "--password-stdin", typed=b"\x83n\x83i\n")
    _refused(bad, "UTF-8")
    _refused(run("admin", "create", "x", "--name", "y"), "--password-stdin")


def test_the_password_is_asked_for_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [PASSWORD, OTHER_PASSWORD, PASSWORD, PASSWORD]

    def ask(_question: str, hide_input: bool, err: bool) -> str:
        assert hide_input
        assert err
        return answers.pop(0)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "prompt", ask)
    with pytest.raises(BadInput, match="2回のパスワード"):
        new_password(from_stdin=False)
    assert new_password(from_stdin=False) == PASSWORD
    assert answers == []


def test_an_invited_person_gets_a_password_that_works(town_run: Run, tmp_path: Path) -> None:
    told = town_run("account", "invite", "Taro", "--name", "太郎", "--role", "staff")
    password = re.search(r"パスワード: (\S+)", told.out)
    assert password
    assert _comes_in(tmp_path, "taro", password[1]) == "太郎"
    assert "taro  太郎  初回のパスワード変更待ち  000000:staff" in town_run("account", "list").out
    _refused(town_run("account", "invite", "taro", "--name", "次郎"), "すでに使われています")
    assert "役割はまだありません" in town_run("account", "invite", "jiro", "--name", "次郎").out
    assert "jiro  次郎  初回のパスワード変更待ち  役割なし" in town_run("account", "list").out


def test_a_one_time_password_says_how_long_it_is_good_and_the_list_when_it_is_not(
    town_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = town_run("account", "invite", "taro", "--name", "太郎")
    assert "14日のうち" in told.out
    monkeypatch.setattr("service.cli_people.now", lambda: datetime.now(UTC) + timedelta(days=15))
    assert "taro  太郎  一度限りのパスワードの期限切れ" in town_run("account", "list").out


def test_a_database_of_an_earlier_version_is_brought_up_to_date_first(
    run: Run, tmp_path: Path
) -> None:
    engine = _store(tmp_path)
    with writing(engine) as conn:
        upgrade(conn, "0002")
        save_town(conn, TOWN)
    write_old_sequence(engine, "hanako")
    engine.dispose()
    assert run("account", "list").out.startswith("hanako  hanako さん  利用中  999999:")


def test_who_looked_at_people_and_audit_is_recorded(town_run: Run) -> None:
    town_run("account", "list")
    assert "person.list" in town_run("audit", "list").out
    (line,) = town_run("audit", "list", "--action", "audit.read").out.splitlines()
    assert "command" in line
    assert '"count":' in line


def test_roles_are_given_and_taken_in_the_only_town_or_a_named_one(town_run: Run) -> None:
    town_run("account", "invite", "taro", "--name", "太郎")
    assert "与えました" in town_run("account", "grant", "taro", "staff").out
    assert "すでに" in town_run("account", "grant", "TARO", "staff").out
    assert town_run("town", "add", "990000", "ためし県").code == 0
    _refused(town_run("account", "grant", "taro", "keeper"), "990000 ためし県")
    at_prefecture = ("--town-code", "990000")
    assert town_run("account", "grant", "taro", "prefecture", *at_prefecture).code == 0
    _refused(
        town_run("account", "grant", "taro", "prefecture", "--town-code", "000000"), "みどり町"
    )
    _refused(town_run("account", "grant", "taro", "staff", "--town-code", "1"), "団体コード")
    assert "外しました" in town_run("account", "revoke", "taro", "prefecture", *at_prefecture).out
    assert (
        "持っていません" in town_run("account", "revoke", "taro", "prefecture", *at_prefecture).out
    )
    assert town_run("account", "grant", "taro", "king").code == 2


def test_the_last_admin_is_neither_revoked_nor_disabled_nor_erased(town_run: Run) -> None:
    _refused(town_run("account", "revoke", "hanako", "admin"), "最後の管理者")
    _refused(town_run("account", "disable", "hanako"), "最後の管理者")
    _refused(town_run("account", "erase", "hanako", "--yes"), "最後の管理者")


def test_a_person_is_disabled_enabled_and_given_a_new_password(
    town_run: Run, tmp_path: Path
) -> None:
    town_run("account", "invite", "taro", "--name", "太郎", "--role", "staff")
    assert town_run("account", "disable", "taro").code == 0
    assert "停止中" in town_run("account", "list").out
    assert town_run("account", "enable", "taro").code == 0
    password = re.search(r": (\S+)", town_run("account", "reset-password", "taro").out)
    assert password
    assert _comes_in(tmp_path, "taro", password[1]) == "太郎"
    assert "0 件" in town_run("account", "end-sessions", "hanako").out
    assert "ログインを" in town_run("account", "end-sessions", "taro").out
    actions = town_run("audit", "list", "--actor", "command").out
    for action in ("person.disable", "person.enable", "password.reset", "session.end"):
        assert action in actions


def test_a_person_s_data_is_given_out_into_a_private_new_file(
    town_run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "taro.json"
    town_run("account", "invite", "taro", "--name", "太郎")
    assert town_run("account", "export", "taro", str(file)).code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["person"]["display_name"] == "太郎"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    _refused(town_run("account", "export", "taro", str(file)), "すでにあります")
    assert json.loads(town_run("account", "export", "taro").out)["person"]["login"] == "taro"
    _refused(town_run("account", "export", "nai", str(tmp_path / "nai.json")), "account list")
    assert not (tmp_path / "nai.json").exists()
    # Recorded each time it was given out, and only then.
    assert town_run("audit", "list", "--action", "person.export").out.count("person.export") == 2


def test_a_person_s_data_is_erased_only_when_that_is_meant(
    town_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    town_run("account", "invite", "taro", "--name", "太郎")
    _refused(town_run("account", "erase", "taro"), "--yes")
    monkeypatch.setattr("service.cli_accounts.confirmed", lambda _: False)
    assert "消しませんでした" in town_run("account", "erase", "taro").out
    monkeypatch.setattr("service.cli_accounts.confirmed", lambda _: True)
    assert "バックアップ" in town_run("account", "erase", "taro").out
    assert "taro" not in town_run("account", "list").out
    _refused(town_run("account", "erase", "taro", "--yes"), "登録されていません")


@pytest.mark.parametrize("code", ["99", "99000a", "９９００００", "9900000"])
def test_a_town_s_code_has_six_digits(run: Run, code: str) -> None:
    _refused(run("town", "add", code, "ためし県"), "6桁")


@pytest.mark.parametrize(
    "arguments",
    [
        ("account", "list"),
        ("account", "invite", "x", "--name", "y"),
        ("account", "erase", "x", "--yes"),
        ("town", "list"),
    ],
)
def test_without_a_database_this_is_said_and_none_is_made(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    _refused(run(*arguments), "まだありません")
    assert list(tmp_path.iterdir()) == []
