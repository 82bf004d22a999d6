"""What the commands about people ask, look up and show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from service.cli_store import existing_store
from service.errors import BadInput, NotFound
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from service.accounts.rules import SignInRules
    from service.store.accounts import Person

ACTOR = "command"
TownCode = Annotated[
    str | None, typer.Option("--town-code", help="団体コード。自治体が1つだけなら省ける")
]
_MAX_PASSWORD_BYTES = 4_096


def now() -> datetime:
    """Return the time, with its zone."""
    return datetime.now().astimezone()


def prepared_store(settings: Settings) -> Engine:
    """Open the store, made or brought up to date first: these commands may come first of all."""
    from service.store.engine import open_store
    from service.store.migrate import migrate

    engine = open_store(settings.store_url)
    migrate(engine)
    return engine


def ready_store() -> Engine:
    """Return the store that is there, brought up to date; raise NotReady when there is none."""
    from service.store.migrate import migrate

    engine = existing_store()
    migrate(engine)
    return engine


def find_person(engine: Engine, login: str) -> Person:
    """Return the person with this login.  Raises :class:`NotFound`."""
    from service.store import accounts
    from service.store.engine import reading

    with reading(engine) as conn:
        person = accounts.find_by_login(conn, login)
    if person is None:
        raise NotFound(
            f"ログイン名「{login}」の利用者は登録されていません。`tsunagi account list` で確かめてください。"
        )
    return person


def code_of_town(engine: Engine, code: str | None) -> str:
    """Return the given code, or that of the only town there is.  Raises :class:`BadInput`."""
    from service.store.engine import reading
    from service.store.towns import list_towns

    if code is not None:
        return code
    with reading(engine) as conn:
        towns = list_towns(conn)
    if len(towns) == 1:
        return towns[0].code
    known = "、".join(f"{town.code} {town.name}" for town in towns)
    raise BadInput(
        f"どの自治体での役割か、--town-code で指定してください（登録: {known or 'なし'}）。"
    )


def person_line(conn: Connection, person: Person, rules: SignInRules) -> str:
    """Return a line of the list: login, name, state, roles as ``code:role``."""
    from service.accounts.one_time import is_one_time_over
    from service.store import grants

    over = is_one_time_over(person, now(), rules)
    states = [
        words
        for words, holds in (
            ("停止中", person.disabled_at is not None),
            ("一時停止中", person.locked_until is not None and person.locked_until > now()),
            ("一度限りのパスワードの期限切れ", over),
            ("初回のパスワード変更待ち", person.must_change_password and not over),
        )
        if holds
    ]
    roles = [f"{grant.town_code}:{grant.role}" for grant in grants.grants_of(conn, person.id)]
    return "  ".join(
        (
            person.login,
            person.display_name,
            "・".join(states) or "利用中",
            " ".join(roles) or "役割なし",
        )
    )


def new_password(from_stdin: bool) -> str:
    """Return the password, asked for twice without showing it, or one line of standard input.

    Raises :class:`BadInput` when the two differ, or when nobody can be asked.
    """
    if from_stdin:
        line = sys.stdin.buffer.readline(_MAX_PASSWORD_BYTES)
        try:
            return line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadInput("パスワードを UTF-8 で渡してください。") from error
    if not sys.stdin.isatty():
        raise BadInput(
            "パスワードを尋ねられません。`--password-stdin` を付け、標準入力から渡してください。"
        )
    typer.echo("パスワードは12文字以上にしてください。入力した文字は表示されません。", err=True)
    first: str = typer.prompt("パスワード", hide_input=True, err=True)
    if first != typer.prompt("もう一度", hide_input=True, err=True):
        raise BadInput("2回のパスワードが違います。もう一度、はじめから実行してください。")
    return first


def tell_password(password: str, rules: SignInRules) -> None:
    """Show a one-time password: it is stored nowhere, so this is the only time."""
    typer.echo(f"一度限りのパスワード: {password}")
    typer.echo("本人に直接渡してください。二度と表示できません。最初のログインで変更を求めます。")
    typer.echo(f"{rules.one_time.days}日のうちに使われないと、使えなくなります（再発行できます）。")


def confirmed(question: str) -> bool:
    """Ask and return the answer.  Raises :class:`BadInput` when nobody can be asked."""
    if not sys.stdin.isatty():
        raise BadInput("確かめられる人がいません。消してよければ `--yes` を付けてください。")
    return typer.confirm(f"{question}元に戻せません", err=True)


@contextmanager
def private_output(file: str) -> Iterator[TextIO]:
    """Give standard output for ``-``, else a new file that only its owner can read.

    Raises :class:`BadInput` rather than overwrite a file.
    """
    if file == "-":
        yield sys.stdout
        return
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise BadInput(f"ファイルがすでにあります。別の名前にしてください: {file}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        yield out
