"""``tsunagi release``: the releases of a town's knowledge, from the server's own keyboard."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_people import ready_store
from service.cli_shared import progress_bar
from service.cli_towns import checked_code
from service.errors import NotReady
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

release_app = typer.Typer(help="支援先データの版を見る、出す、前の版にもどす", no_args_is_help=True)
TownCode = Annotated[
    str | None, typer.Option("--town", help="団体コード（6桁）。省くと TSUNAGI_TOWN_DIR の町")
]


@release_app.command("list")
def release_list(town: TownCode = None) -> None:
    """版の一覧を、新しい順に見る。"""
    from index.release import is_pinned, list_releases

    root = _root(_code(town))
    found = list_releases(root)
    for release in found:
        mark = "*" if release.is_current else " "
        made = datetime.fromisoformat(release.created_at).astimezone()
        typer.echo(
            f"{mark} {release.version}  {made:%Y-%m-%d %H:%M:%S}  支援先 {release.records:,} 件"
        )
    if not found:
        typer.echo(
            "版はまだありません。`tsunagi serve` か `tsunagi release publish` で作られます。"
        )
    elif is_pinned(root):
        typer.echo("自動の更新を止めています。`tsunagi release resume` で再開します。")


@release_app.command("publish")
def release_publish(town: TownCode = None) -> None:
    """いまの支援先データで新しい版を作り、窓口に出す。止めていた自動の更新も再開する。"""
    from service.store.audit_words import COMMAND
    from service.wiring import open_shelf

    code, engine = _code(town), ready_store()
    with progress_bar("版を作成", None) as progress:
        task = progress.task_ids[0]

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        shelf = open_shelf(Settings(), engine, COMMAND, advance)
        wanted, there = shelf.revision(code), shelf.on_disk(code)
        if not wanted:
            raise NotReady(
                f"団体コード {code} の支援先データがまだありません。"
                "`tsunagi town load フォルダ` か `tsunagi knowledge import` で入れてください。"
            )
        is_newest = there is not None and there[1] == wanted and not shelf.is_pinned(code)
        version = None if is_newest else shelf.publish(code)
    typer.echo(f"版を作りました: {version}" if version else "窓口の版は最新です。")


@release_app.command("rollback")
def release_rollback(
    version: Annotated[str | None, typer.Argument(help="版。省くと、いまの1つ前")] = None,
    town: TownCode = None,
) -> None:
    """前の版にもどす。再開するまで、自動の更新は止まる。"""
    code, engine = _code(town), ready_store()
    back = _go_back(_root(code), version)
    _record(engine, code, "release.roll_back", back)
    typer.echo(f"もどしました: {back}（動いている窓口も、数秒で切り替わります）")
    typer.echo("支援先の変更は、`tsunagi release resume` で再開するまで窓口に出ません。")


@release_app.command("resume")
def release_resume(town: TownCode = None) -> None:
    """止めていた自動の更新を再開する。"""
    from index.release import is_pinned, resume

    code, engine = _code(town), ready_store()
    if not is_pinned(_root(code)):
        typer.echo("自動の更新は止まっていません。")
        return
    resume(_root(code))
    _record(engine, code, "release.resume", None)
    typer.echo("再開しました。動いている窓口には、支援先の変更が1分ほどで出ます。")


def home_code(settings: Settings) -> str:
    """Return the code of the configured folder's town.  Raises KnowledgeError."""
    from knowledge.load import load_town

    return load_town(settings.town_dir / "town.yaml").code


def _code(town: str | None) -> str:
    return checked_code(town) if town is not None else home_code(Settings())


def _root(code: str) -> Path:
    from service.shelf import releases_root

    return releases_root(Settings().data_dir, code)


def _go_back(root: Path, version: str | None) -> str:
    """Go back, but not to a release that cannot be loaded.  Raises IndexProblem."""
    from index.embedder import model_digest
    from index.errors import IndexProblem
    from index.release import current_release, is_pinned, load_release, resume, roll_back

    before, was_pinned = current_release(root), is_pinned(root)
    back = roll_back(root, version)
    try:
        load_release(root, model_digest(Settings().model))
    except IndexProblem:
        if before is not None:
            roll_back(root, before.version)
        if not was_pinned:
            resume(root)
        raise
    return back


def _record(engine: Engine, code: str, action: str, version: str | None) -> None:
    from service.cli_people import ACTOR, now
    from service.store.audit import Event, append
    from service.store.engine import writing

    with writing(engine) as conn:
        append(conn, Event(ACTOR, action, ("release", version) if version else None, code), now())
