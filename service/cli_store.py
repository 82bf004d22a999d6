"""``tsunagi backup``, ``tsunagi restore`` and ``tsunagi audit``: what the keeper of the server does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import BadInput, NotReady
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.store.audit import Entry, Head

audit_app = typer.Typer(help="監査記録を確かめる、見る", no_args_is_help=True)


def backup(
    file: Annotated[Path, typer.Argument(help="作るファイル（例: tsunagi-backup.zip）")],
) -> None:
    """データベースのバックアップを作る。使っている最中でもよい。"""
    from service.store.backup import backup as write_backup

    manifest = write_backup(existing_store(), file, _now())
    typer.echo(f"バックアップを作りました: {file}（{manifest.rows:,} 行、版 {manifest.revision}）")
    typer.echo("利用者の登録を含みます。ほかの人が読めない場所に保管してください。")


def restore(
    file: Annotated[Path, typer.Argument(help="バックアップのファイル")],
    force: Annotated[bool, typer.Option("--force", help="いまの内容を捨てて入れ替える")] = False,
) -> None:
    """バックアップからデータベースを戻す。"""
    from service.store.engine import open_store
    from service.store.restore import restore as read_backup

    if not file.exists():
        raise BadInput(f"ファイルがありません: {file}")
    manifest = read_backup(open_store(Settings().store_url), file, _now(), force)
    typer.echo(f"戻しました: {manifest.created_at} のバックアップ（{manifest.rows:,} 行）")
    typer.echo(
        "ログインはすべて終わらせました。バックアップの後で止めた利用者、変えたパスワードは、元に戻っています。"
    )


@audit_app.command("verify")
def audit_verify(
    head: Annotated[
        str | None, typer.Option(help="前に控えた「番号:ハッシュ」。それより前の書き直しも見つける")
    ] = None,
) -> None:
    """監査記録が書き換えられていないか、鎖をはじめからたどって確かめる。"""
    from service.store import audit
    from service.store.engine import reading
    from service.store.errors import ChainBroken

    with reading(existing_store()) as conn:
        broken = audit.verify_chain(conn, _read_head(head))
        last, count = audit.head(conn), audit.count_entries(conn)
    if broken:
        raise ChainBroken(f"監査記録の {broken.seq} 番が正しくありません。{broken.reason}")
    if last is None:
        typer.echo("監査記録はまだありません。")
        return
    typer.echo(f"監査記録 {count:,} 件に、書き換え・抜け・削除はありません。")
    typer.echo(f"控え（紙などに写し、次に --head で渡してください）: {last.seq}:{last.hash}")


@audit_app.command("list")
def audit_list(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="この日時から（例: 2026-06-01）"),
    ] = None,
    actor: Annotated[str | None, typer.Option(help="した人の id（system、command も）")] = None,
    action: Annotated[
        str | None, typer.Option(help="したこと。person. のように種類でもよい")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="新しい方から何件")] = 100,
) -> None:
    """監査記録を古い順に見る。"""
    from service.store import audit
    from service.store.audit_words import COMMAND
    from service.store.engine import writing

    # A date without a zone is meant as the clock on the wall says.
    start = since.astimezone() if since else None
    with writing(existing_store()) as conn:
        entries = audit.list_entries(conn, start, actor, action, limit)
        seen = audit.Event(COMMAND, "audit.read", detail={"count": len(entries)})
        audit.append(conn, seen, _now())
    for entry in entries:
        typer.echo(_line(entry))
    if not entries:
        typer.echo("当てはまる監査記録はありません。")


def existing_store() -> Engine:
    """Open the configured store; raise NotReady when there is none yet."""
    from service.store.engine import open_store, sqlite_file
    from service.store.migrate import check_ready

    engine = open_store(Settings().store_url)
    file = sqlite_file(engine)
    if file and not file.exists():
        raise NotReady(f"データベースはまだありません: {file}")
    check_ready(engine)
    return engine


def _read_head(text: str | None) -> Head | None:
    from service.store.audit import Head

    if text is None:
        return None
    seq, _, digest = text.strip().partition(":")
    if not (seq.isdecimal() and len(digest) == 64):
        raise BadInput("--head は「番号:ハッシュ（64桁）」の形で指定してください。")
    return Head(int(seq), digest)


def _line(entry: Entry) -> str:
    from service.store.audit_words import ACTIONS

    when = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    what = ACTIONS.get(entry.action, entry.action)
    subject = f"{entry.subject_kind}:{entry.subject_id}" if entry.subject_kind else "-"
    return "  ".join(
        (
            f"{entry.seq:>6}",
            when,
            entry.actor,
            f"{what}（{entry.action}）",
            {"ok": "成功", "denied": "拒否", "failed": "失敗"}[entry.outcome],
            subject,
            entry.town_code or "-",
            entry.detail,
        )
    )


def _now() -> datetime:
    return datetime.now().astimezone()
