"""``tsunagi admin`` and ``tsunagi account``: people and roles, from the server's own keyboard.

Whoever may run these commands holds the database anyway: no right is asked for, and the audit
names them ``command``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_people import (
    ACTOR,
    TownCode,
    code_of_town,
    confirmed,
    find_person,
    new_password,
    now,
    person_line,
    prepared_store,
    private_output,
    ready_store,
    tell_password,
)
from service.cli_shared import Town, settings_for
from service.settings import Settings

if TYPE_CHECKING:
    from service.store.grants import Role as StoreRole

admin_app = typer.Typer(help="最初の管理者を登録する", no_args_is_help=True)
account_app = typer.Typer(help="利用者を登録する、役割を与える、止める", no_args_is_help=True)


class RoleName(StrEnum):
    """The roles of the store, as a choice on the command line; a test compares the two."""

    staff = "staff"
    trainer = "trainer"
    trainee = "trainee"
    evaluator = "evaluator"
    keeper = "keeper"
    coordinator = "coordinator"
    prefecture = "prefecture"
    admin = "admin"


Login = Annotated[str, typer.Argument(help="ログイン名")]
Role = Annotated[RoleName, typer.Argument(help="役割")]


@admin_app.command("create")
def admin_create(
    login: Login,
    name: Annotated[str, typer.Option("--name", help="表示名（氏名など）")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="パスワードを標準入力から1行読む")
    ] = False,
    town: Town = None,
) -> None:
    """最初の管理者を登録する。まだだれも登録されていないときだけ使える。"""
    from knowledge.load import load_knowledge
    from service.accounts.first_admin import create_first_admin, set_up_due
    from service.accounts.refusals import SetUpDone
    from service.accounts.rules import rules_from
    from service.accounts.town_list import town_from

    settings = settings_for(town)
    engine = prepared_store(settings)
    # Said before somebody thinks of a password.
    if not set_up_due(engine):
        raise SetUpDone
    home = town_from(load_knowledge(settings.town_dir).town)
    password = new_password(password_stdin)
    person = create_first_admin(engine, login, name, password, home, now(), rules_from(settings))
    typer.echo(f"{home.name}の管理者「{person.login}」を登録しました。画面からログインできます。")


@account_app.command("list")
def account_list() -> None:
    """利用者と役割を見る。"""
    from service.accounts.rules import rules_from
    from service.store import accounts, audit
    from service.store.engine import writing

    rules = rules_from(Settings())
    with writing(ready_store()) as conn:
        lines = [person_line(conn, person, rules) for person in accounts.list_people(conn)]
        audit.append(conn, audit.Event(ACTOR, "person.list", detail={"count": len(lines)}), now())
    typer.echo("\n".join(lines) or "利用者はまだ登録されていません。")


@account_app.command("invite")
def account_invite(
    login: Login,
    name: Annotated[str, typer.Option("--name", help="表示名（氏名など）")],
    role: Annotated[RoleName | None, typer.Option("--role", help="最初に与える役割")] = None,
    town_code: TownCode = None,
) -> None:
    """利用者を登録し、一度限りのパスワードを示す。"""
    from service.accounts import people
    from service.accounts.rules import rules_from

    engine = ready_store()
    first: tuple[str, StoreRole] | None = None
    if role is not None:
        first = (code_of_town(engine, town_code), role.value)
    rules = rules_from(Settings())
    invited = people.invite(engine, ACTOR, login, name, now(), rules, first)
    typer.echo(f"「{invited.person.login}」を登録しました。")
    tell_password(invited.one_time_password, rules)
    if first is None:
        typer.echo("役割はまだありません。`tsunagi account grant` で与えてください。")


@account_app.command("grant")
def account_grant(login: Login, role: Role, town_code: TownCode = None) -> None:
    """役割を与える。"""
    from service.accounts import people

    engine = ready_store()
    person, code = find_person(engine, login), code_of_town(engine, town_code)
    given = people.give_role(engine, ACTOR, person.id, code, role.value, now())
    typer.echo("役割を与えました。" if given else "すでにその役割を持っています。")


@account_app.command("revoke")
def account_revoke(login: Login, role: Role, town_code: TownCode = None) -> None:
    """役割を外す。"""
    from service.accounts import people

    engine = ready_store()
    person, code = find_person(engine, login), code_of_town(engine, town_code)
    taken = people.take_role(engine, ACTOR, person.id, code, role.value, now())
    typer.echo("役割を外しました。" if taken else "その役割は持っていません。")


@account_app.command("disable")
def account_disable(login: Login) -> None:
    """利用者を止める。すぐにログアウトし、ログインできなくなる。"""
    from service.accounts import people

    engine = ready_store()
    people.disable(engine, ACTOR, find_person(engine, login).id, now())
    typer.echo("利用者を止めました。1年後に、登録が自動で消えます。")


@account_app.command("enable")
def account_enable(login: Login) -> None:
    """停止を解く。パスワードの間違いによる一時停止も解ける。"""
    from service.accounts import people

    engine = ready_store()
    people.enable(engine, ACTOR, find_person(engine, login).id, now())
    typer.echo("停止を解きました。")


@account_app.command("reset-password")
def account_reset_password(login: Login) -> None:
    """パスワードを忘れた人に、一度限りのパスワードを出す。"""
    from service.accounts import people
    from service.accounts.rules import rules_from

    engine, rules = ready_store(), rules_from(Settings())
    person = find_person(engine, login)
    tell_password(people.reset_password(engine, ACTOR, person.id, now(), rules), rules)


@account_app.command("end-sessions")
def account_end_sessions(login: Login) -> None:
    """開いているログインをすべて終わらせる。"""
    from service.accounts.sign_in import end_sessions

    engine = ready_store()
    ended = end_sessions(engine, find_person(engine, login).id, now(), ACTOR)
    typer.echo(f"ログインを {ended} 件終わらせました。")


@account_app.command("export")
def account_export(
    login: Login,
    file: Annotated[str, typer.Argument(help="書き出すファイル。- は標準出力")] = "-",
) -> None:
    """1人について保存しているものを、すべて JSON で書き出す。"""
    from service.store.retention import export_person

    engine = ready_store()
    person = find_person(engine, login)
    # Opened first: what could not be written must not be recorded as given out.
    with private_output(file) as out:
        out.write(export_person(engine, person.id, now(), ACTOR) + "\n")
    if file != "-":
        typer.echo(
            f"書き出しました: {file}。個人の情報です。ほかの人が読めない場所に置いてください。"
        )


@account_app.command("erase")
def account_erase(
    login: Login,
    yes: Annotated[bool, typer.Option("--yes", help="確かめずに消す")] = False,
) -> None:
    """1人のデータを消す。元に戻せない。"""
    from service.accounts import people

    engine = ready_store()
    person = find_person(engine, login)
    if not yes and not confirmed(
        f"「{person.login}」（{person.display_name}）のデータを消しますか。"
    ):
        typer.echo("消しませんでした。")
        return
    people.erase(engine, ACTOR, person.id, now())
    typer.echo("消しました。監査記録には、だれのものか分からない番号だけが残ります。")
    typer.echo("前に作ったバックアップには残っています。要らなくなったら捨ててください。")
