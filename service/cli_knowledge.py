"""``tsunagi knowledge``: a town's records from the server's keyboard — seen, verified, undone.

Bringing lists in is in ``cli_knowledge_import``; its commands are part of the same group.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowledge.freshness import is_stale
from knowledge.load import load_knowledge
from service.cli_hsds import hsds_app
from service.cli_knowledge_import import add_import_commands
from service.cli_knowledge_town import TownCode, town_store, write_whole
from service.cli_people import ACTOR, now
from service.cli_shared import settings_for
from service.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.records.kept import Kept
    from service.records.proposals import KindProposal

knowledge_app = typer.Typer(
    help="支援先データを取り込む、見る、確かめる、書き出す", no_args_is_help=True
)
add_import_commands(knowledge_app)
knowledge_app.add_typer(hsds_app, name="hsds")
_LIMIT = 100_000
# How a record without a kind is named on the list and after --confirm.
_NO_KIND = "（種別なし）"
_STATES = {"active": "", "vanished": "載らなくなった", "closed": "閉じた"}


class ProblemName(StrEnum):
    """What a list can be narrowed to; a test compares it with the store's own."""

    stale = "stale"
    due_soon = "due_soon"
    no_phone = "no_phone"
    no_category = "no_category"
    duplicate = "duplicate"
    never_suggested = "never_suggested"
    unconfirmed = "unconfirmed"
    refused = "refused"
    full = "full"


class StateName(StrEnum):
    """The states of a record, and all of them."""

    active = "active"
    vanished = "vanished"
    closed = "closed"
    all = "all"


RecordId = Annotated[
    str, typer.Argument(metavar="ID", help="記録の番号（`knowledge list` の先頭）")
]
Problem = Annotated[
    ProblemName | None,
    typer.Option(
        "--problem",
        help="期限切れ stale、もうすぐ期限 due_soon、電話なし no_phone、支援分野なし no_category、重なり duplicate、"
        "示されていない never_suggested、分野が未確認 unconfirmed、断られた refused、満員・停止 full",
    ),
]


@knowledge_app.command("check")
def knowledge_check(
    town: Annotated[Path | None, typer.Argument(help="町のデータのフォルダ")] = None,
) -> None:
    """町のデータのフォルダに誤りがないか確かめ、直し方を示す。"""
    knowledge = load_knowledge(settings_for(town).town_dir)
    today = date.today()
    stale = sum(is_stale(resource.verified_on, today) for resource in knowledge.resources)
    typer.echo(
        f"{knowledge.town.name}: 全国の制度 {len(knowledge.services)} 件、地域資源 {len(knowledge.resources)} 件。"
        f"誤りはありません。（確認から1年を過ぎた地域資源 {stale} 件）"
    )


@knowledge_app.command("list")
def knowledge_list(
    problem: Problem = None,
    text: Annotated[str, typer.Option("--text", help="名前や説明の言葉")] = "",
    category: Annotated[str, typer.Option("--category", help="支援分野のコード")] = "",
    state: Annotated[
        StateName,
        typer.Option(
            "--state", help="使っている active、載らなくなった vanished、閉じた closed、すべて all"
        ),
    ] = StateName.active,
    town: TownCode = None,
) -> None:
    """支援先の記録を見る。"""
    from service.records.listing import Filters, list_records

    engine, code = town_store(town)
    filters = Filters(
        text=text,
        category=category,
        state="" if state is StateName.all else state.value,
        problem=problem.value if problem else "",
    )
    page = list_records(engine, code, filters, date.today(), 0, _LIMIT)
    _echo_records(page.rows, "当てはまる記録はありません。")


@knowledge_app.command("due")
def knowledge_due(
    problem: Problem = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="何件まで")] = 50,
    town: TownCode = None,
) -> None:
    """確かめる順に見る。断られたものが先、次に期限の早いもの。"""
    from service.records.listing import Filters, list_records, work_list

    engine, code = town_store(town)
    today = date.today()
    if problem is None:
        rows = work_list(engine, code, today, limit)
    else:
        filters = Filters(problem=problem.value, sort="due")
        rows = list_records(engine, code, filters, today, 0, limit).rows
    _echo_records(rows, "確かめるものはありません。")


@knowledge_app.command("verify")
def knowledge_verify(
    record_id: RecordId,
    by: Annotated[str, typer.Option("--by", help="確かめた人の役職（氏名ではなく）")],
    town: TownCode = None,
) -> None:
    """記録を今日確かめたことにする。提案のままの支援分野も、確かめたことになる。"""
    from service.records.keep import verify_record

    engine, code = town_store(town)
    kept = verify_record(engine, code, record_id, by, ACTOR, now(), date.today())
    typer.echo(f"「{kept.name}」を確かめました。次の期限は {kept.due_on} です。")


@knowledge_app.command("categories")
def knowledge_categories(
    confirm: Annotated[
        list[str] | None,
        typer.Option("--confirm", metavar="種別", help="この種別の提案が正しい（何度でも）"),
    ] = None,
    town: TownCode = None,
) -> None:
    """取り込みが提案した支援分野を、種別ごとに見る。--confirm で、まとめて確かめたことにする。"""
    from service.records.national import national_parts
    from service.records.proposals import proposals_by_kind

    engine, code = town_store(town)
    groups = proposals_by_kind(engine, code)
    if confirm:
        _confirm_kinds(engine, code, groups, confirm)
        return
    labels = {category.code: category.label_ja for category in national_parts().categories}
    for group in groups:
        names = "、".join(record.name for record in group.examples)
        proposed = "、".join(labels.get(c, c) for c in group.categories)
        count = f"{len(group.records):,} 件"
        typer.echo(f"{group.kind or _NO_KIND}  {proposed}  {count}  例: {names}")
    if not groups:
        typer.echo("確かめるのを待っている支援分野はありません。")


def _confirm_kinds(
    engine: Engine, code: str, groups: tuple[KindProposal, ...], kinds: list[str]
) -> None:
    """Confirm all that was proposed for these kinds.  Raises :class:`BadInput`."""
    from service.records.proposals import Chosen, confirm_categories

    named = {group.kind or _NO_KIND for group in groups}
    if unknown := [kind for kind in kinds if kind not in named]:
        raise BadInput(
            f"提案を待っている種別にありません: {'、'.join(unknown)}。何も変えていません。"
            "`tsunagi knowledge categories` の先頭にあるとおりに書いてください。"
        )
    chosen = [
        Chosen(record.id, record.revision)
        for group in groups
        if (group.kind or _NO_KIND) in kinds
        for record in group.records
    ]
    done = confirm_categories(engine, code, chosen, ACTOR, now())
    left = f"{done.left:,} 件は、その間に変わったので、そのままです。" if done.left else ""
    typer.echo(f"{done.confirmed:,} 件の支援分野を確かめました。{left}")


@knowledge_app.command("history")
def knowledge_history(record_id: RecordId, town: TownCode = None) -> None:
    """1つの記録がいつ、だれに、どう変えられたかを見る。"""
    from service.records.keep import history_of
    from service.store.audit_words import ACTIONS

    engine, code = town_store(town)
    for version in history_of(engine, code, record_id):
        when = version.at.astimezone().strftime("%Y-%m-%d %H:%M")
        what = ACTIONS.get(version.action, version.action)
        typer.echo(f"{version.revision:>4}  {when}  {version.by}  {what}")
        for change in version.changes:
            typer.echo(f"      {change.field}: 「{change.before}」→「{change.after}」")


@knowledge_app.command("undo")
def knowledge_undo(
    record_id: RecordId,
    revision: Annotated[int, typer.Argument(help="戻す版（`knowledge history` の先頭の番号）")],
    town: TownCode = None,
) -> None:
    """記録を前の版の内容に戻す。戻したことも履歴に残り、また戻せる。"""
    from service.records.keep import get_record, undo_record

    engine, code = town_store(town)
    present = get_record(engine, code, record_id).revision
    kept = undo_record(engine, code, record_id, revision, present, ACTOR, now())
    typer.echo(f"「{kept.name}」を {revision} の内容に戻しました（いまの版は {kept.revision}）。")


@knowledge_app.command("export")
def knowledge_export(
    file: Annotated[Path, typer.Argument(help="書き出す CSV ファイル")],
    problem: Problem = None,
    state: Annotated[
        StateName, typer.Option("--state", help="どの状態のものを")
    ] = StateName.active,
    town: TownCode = None,
) -> None:
    """支援先の記録を、resources.csv と同じ列の CSV に書き出す。"""
    from service.records.listing import Filters, records_csv

    engine, code = town_store(town)
    filters = Filters(
        state="" if state is StateName.all else state.value,
        problem=problem.value if problem else "",
    )
    write_whole(file, records_csv(engine, code, filters, date.today()).encode("utf-8-sig"))
    typer.echo(f"書き出しました: {file}")


def _echo_records(rows: tuple[Kept, ...], none: str) -> None:
    today = date.today()
    for kept in rows:
        typer.echo(_line(kept, today))
    typer.echo(f"{len(rows):,} 件" if rows else none)


def _line(kept: Kept, today: date) -> str:
    fields = kept.record.fields
    stale = "（期限切れ）" if kept.is_stale(today) else ""
    said = [f"断られた: {report.reason_words}" for report in kept.reports]
    due = f"期限 {kept.due_on}{stale}" if kept.due_on else "確認日なし"
    parts = (kept.id, kept.name, fields.get("phone", ""), due, _STATES[kept.record.state], *said)
    return "  ".join(part for part in parts if part)
