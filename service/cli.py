"""The command ``tsunagi``: the desk itself here, all else in the modules ``cli_…``."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_accounts import account_app, admin_app
from service.cli_cases import case_app
from service.cli_errors import run_command
from service.cli_knowledge import knowledge_app
from service.cli_measure import bench, eval_app, model_app
from service.cli_releases import home_code, release_app
from service.cli_settings import settings_command
from service.cli_shared import Town, console, progress_bar, settings_for
from service.cli_store import audit_app, backup, restore
from service.cli_towns import town_app
from service.desk_problems import nothing_known
from service.errors import BadInput, NotReady
from service.notes import decode_note
from service.present import as_json, as_text
from service.settings import Settings
from service.triage.note import check_note
from service.triage.triage import DEFAULT_TOP, Desk, triage
from service.wiring import open_desk, open_desks, rebuild_index

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    help="つなぎ: 一次相談窓口の相談記録から、つなぎ先の候補を示します。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
index_app = typer.Typer(help="索引（検索の土台）を作る", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(eval_app, name="eval")
app.add_typer(model_app, name="model")
app.add_typer(audit_app, name="audit")
app.add_typer(admin_app, name="admin")
app.add_typer(account_app, name="account")
app.add_typer(town_app, name="town")
app.add_typer(release_app, name="release")
app.add_typer(case_app, name="case")
app.command()(bench)
app.command()(backup)
app.command()(restore)
app.command("settings")(settings_command)


@app.command()
def suggest(
    file: Annotated[str, typer.Argument(help="相談記録のファイル。- は標準入力")] = "-",
    as_json_: Annotated[bool, typer.Option("--json", help="JSON で出力する")] = False,
    top: Annotated[int, typer.Option("--top", min=1, max=69, help="支援分野の数")] = DEFAULT_TOP,
    town: Annotated[
        str | None, typer.Option("--town", help="団体コード（6桁）か、町のデータのフォルダ")
    ] = None,
) -> None:
    """相談記録を読み、つなぎ先の候補を示す。"""
    note = _read_note(file)
    # Said before the model takes its seconds to load.
    check_note(note)
    answer = triage(_desk_for(town), note, date.today(), top)
    if as_json_:
        typer.echo(json.dumps(as_json(answer), ensure_ascii=False, indent=1))
    else:
        typer.echo(as_text(answer))


def _desk_for(town: str | None) -> Desk:
    """Return the desk of a code (from the store), of a folder, or of the home town.

    The home town's comes from the store once it is there, as on the page, else from its folder.
    """
    if town is not None and not _is_code(town):
        return open_desk(settings_for(Path(town)))
    settings = Settings()
    engine = _store_with(town or home_code(settings), must_be=town is not None)
    if engine is None:
        return open_desk(settings)
    code = town or home_code(settings)
    desks = open_desks(settings, engine, code)
    desks.refresh(code)
    return desks.of(code)


def _is_code(town: str) -> bool:
    return len(town) == 6 and town.isascii() and town.isdecimal() and not Path(town).is_dir()


def _store_with(code: str, must_be: bool) -> Engine | None:
    """Return the store if it knows the town; None without one, NotReady if it ``must_be``."""
    from sqlalchemy import inspect

    from service.cli_store import existing_store
    from service.records.town_knowledge import knowledge_revision

    try:
        engine = existing_store()
    except NotReady:
        if must_be:
            raise
        return None
    # A store that an earlier program made knows nothing of towns until `serve` brings it up.
    if inspect(engine).has_table("town_profiles") and knowledge_revision(engine, code):
        return engine
    if must_be:
        raise nothing_known()
    return None


def _read_note(file: str) -> str:
    if file == "-":
        if sys.stdin.isatty():
            console.print("相談記録を入力し、最後に Ctrl+D を押してください。")
        return decode_note(sys.stdin.buffer.read(), "標準入力")
    try:
        return decode_note(Path(file).read_bytes(), file)
    except FileNotFoundError as error:
        raise BadInput(f"ファイルがありません: {file}") from error
    except IsADirectoryError as error:
        raise BadInput(f"フォルダではなく、相談記録のファイルを指定してください: {file}") from error


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="待ち受けるアドレス")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="待ち受けるポート")] = None,
    town: Town = None,
) -> None:
    """窓口の画面を開く（http://127.0.0.1:8000）。"""
    from service.server import serve_forever

    changes = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    serve_forever(settings_for(town).model_copy(update=changes))


@index_app.command("build")
def index_build(
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="変わっていなければ何もしない")
    ] = False,
    town: Town = None,
) -> None:
    """支援先データから索引を作り、できあがったら入れ替える。"""
    with progress_bar("索引を作成", None) as progress:
        task = progress.task_ids[0]

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        version = rebuild_index(settings_for(town), if_needed, advance, datetime.now().astimezone())
    typer.echo(f"索引を作りました: {version}" if version else "索引は最新です。")


def main() -> None:
    """The entry point of the command ``tsunagi``."""
    run_command(app)
