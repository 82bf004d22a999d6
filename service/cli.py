"""The command ``tsunagi``: suggest, serve, index, knowledge, eval, bench, backup, audit, accounts."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from knowledge.load import load_knowledge
from service.cli_accounts import account_app, admin_app
from service.cli_errors import run_command
from service.cli_measure import bench, eval_app, model_app
from service.cli_settings import settings_command
from service.cli_shared import Town, console, progress_bar, settings_for
from service.cli_store import audit_app, backup, restore
from service.cli_towns import town_app
from service.errors import BadInput
from service.notes import decode_note
from service.present import as_json, as_text
from service.triage.note import check_note
from service.triage.triage import DEFAULT_TOP, triage
from service.wiring import open_desk, rebuild_index

app = typer.Typer(
    help="つなぎ: 一次相談窓口の相談記録から、つなぎ先の候補を示します。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
index_app = typer.Typer(help="索引（検索の土台）を作る", no_args_is_help=True)
knowledge_app = typer.Typer(help="支援先データを確かめる", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(eval_app, name="eval")
app.add_typer(model_app, name="model")
app.add_typer(audit_app, name="audit")
app.add_typer(admin_app, name="admin")
app.add_typer(account_app, name="account")
app.add_typer(town_app, name="town")
app.command()(bench)
app.command()(backup)
app.command()(restore)
app.command("settings")(settings_command)


@app.command()
def suggest(
    file: Annotated[str, typer.Argument(help="相談記録のファイル。- は標準入力")] = "-",
    as_json_: Annotated[bool, typer.Option("--json", help="JSON で出力する")] = False,
    top: Annotated[int, typer.Option("--top", min=1, max=69, help="支援分野の数")] = DEFAULT_TOP,
    town: Town = None,
) -> None:
    """相談記録を読み、つなぎ先の候補を示す。"""
    note = _read_note(file)
    # Said before the model takes its seconds to load.
    check_note(note)
    answer = triage(open_desk(settings_for(town)), note, date.today(), top)
    if as_json_:
        typer.echo(json.dumps(as_json(answer), ensure_ascii=False, indent=1))
    else:
        typer.echo(as_text(answer))


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


@knowledge_app.command("check")
def knowledge_check(
    town: Annotated[Path | None, typer.Argument(help="町のデータのフォルダ")] = None,
) -> None:
    """支援先データに誤りがないか確かめ、直し方を示す。"""
    settings = settings_for(town)
    knowledge = load_knowledge(settings.town_dir)
    today = date.today()
    from knowledge.freshness import is_stale

    stale = sum(is_stale(resource.verified_on, today) for resource in knowledge.resources)
    typer.echo(
        f"{knowledge.town.name}: 全国の制度 {len(knowledge.services)} 件、地域資源 {len(knowledge.resources)} 件。"
        f"誤りはありません。（確認から1年を過ぎた地域資源 {stale} 件）"
    )


def main() -> None:
    """The entry point of the command ``tsunagi``."""
    run_command(app)
