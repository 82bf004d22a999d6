"""``tsunagi case``: the cases of a town, from the server's own keyboard."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_people import ACTOR, confirmed, now, private_output, ready_store
from service.cli_releases import home_code
from service.cli_towns import checked_code
from service.errors import BadInput
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.cases.models import Case

case_app = typer.Typer(
    help="記録に残した相談を見る、書き出す、消す（本文は伏せた言葉だけです）", no_args_is_help=True
)
TownCode = Annotated[
    str | None, typer.Option("--town", help="団体コード（6桁）。省くと TSUNAGI_TOWN_DIR の町")
]
Named = Annotated[str, typer.Argument(help="相談の番号（例: 2026-0003）か id")]


@case_app.command("list")
def case_list(
    state: Annotated[
        str, typer.Option(help="open（対応中）、closed（終わった）、all（すべて）")
    ] = "open",
    due: Annotated[str, typer.Option(help="overdue（過ぎた）か week（7日のうち）")] = "",
    flag: Annotated[bool, typer.Option("--flag", help="緊急・通報の判断がまだのものだけ")] = False,
    text: Annotated[str, typer.Option(help="この言葉を含むもの（伏せた本文から探す）")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="何件まで")] = 50,
    town: TownCode = None,
) -> None:
    """相談の一覧を見る。"""
    from service.cases.days import day_of
    from service.cases.listing import Filters, list_cases

    if state not in ("open", "closed", "all") or due not in ("", "overdue", "week"):
        raise BadInput("--state は open・closed・all、--due は overdue・week から選んでください。")
    code, engine = _code(town), ready_store()
    filters = Filters("" if state == "all" else state, due, flag, text=text)
    page = list_cases(engine, code, filters, day_of(now()), limit=limit)
    _note_list(engine, code, len(page.rows))
    for case in page.rows:
        typer.echo(_line(case))
    counts = page.counts
    typer.echo(
        f"{page.total:,} 件（対応中 {counts['open']:,}、期限を過ぎた {counts['overdue']:,}、"
        f"7日のうち {counts['week']:,}、緊急・通報の判断がまだ {counts['flags']:,}）"
    )


@case_app.command("due")
def case_due(
    days: Annotated[int, typer.Option(min=0, max=366, help="何日先まで")] = 7,
    town: TownCode = None,
) -> None:
    """確かめる日が近い相談とつなぎを、過ぎたものから見る。"""
    from service.cases.days import day_of
    from service.cases.listing import reminders

    code, engine = _code(town), ready_store()
    found = reminders(engine, code, day_of(now()), days)
    _note_list(engine, code, len(found))
    for one in found:
        typer.echo(f"{one.case.label}  {one.words}")
    if not found:
        typer.echo(f"{days}日のうちに確かめるものはありません。")


@case_app.command("show")
def case_show(named: Named, town: TownCode = None) -> None:
    """相談を1件見る。見たことは監査記録に残る。"""
    from service.cases.keep import see_case

    code, engine, case_id = _found(named, town)
    case = see_case(engine, code, case_id, ACTOR, now())
    for line in _lines(case):
        typer.echo(line)


@case_app.command("history")
def case_history(named: Named, town: TownCode = None) -> None:
    """相談の版を、新しい順に見る。"""
    from service.cases.keep import history_of, see_case

    code, engine, case_id = _found(named, town)
    see_case(engine, code, case_id, ACTOR, now())
    for version in history_of(engine, code, case_id):
        typer.echo(f"第{version.revision}版  {_when(version.at)}  {version.action_words}")
        for line in version.words:
            typer.echo(f"    {line}")


@case_app.command("export")
def case_export(
    named: Named,
    file: Annotated[str, typer.Argument(help="作るファイル。- は標準出力")] = "-",
    town: TownCode = None,
) -> None:
    """相談を、前の版も合わせて JSON で書き出す。"""
    from service.cases.keep import export_case

    code, engine, case_id = _found(named, town)
    with private_output(file) as out:
        out.write(export_case(engine, code, case_id, ACTOR, now()) + "\n")


@case_app.command("erase")
def case_erase(
    named: Named,
    yes: Annotated[bool, typer.Option("--yes", help="確かめずに消す")] = False,
    town: TownCode = None,
) -> None:
    """相談を1件、前の版も合わせて消す。元に戻せない。"""
    from service.cases.keep import erase_case, get_case

    code, engine, case_id = _found(named, town)
    label = get_case(engine, code, case_id).label
    if not yes and not confirmed(f"相談 {label} を、前の版も合わせて消しますか。"):
        typer.echo("消しませんでした。")
        return
    erase_case(engine, code, case_id, ACTOR, now())
    typer.echo(f"消しました: {label}。集計のための数（課題と支援の種類のコード）は残ります。")
    typer.echo("前に作ったバックアップには残っています。要らなくなったら捨ててください。")


def _note_list(engine: Engine, code: str, count: int) -> None:
    from service.store import audit
    from service.store.engine import writing

    with writing(engine) as conn:
        event = audit.Event(ACTOR, "case.list", None, code, detail={"count": count})
        audit.append(conn, event, now())


def _found(named: str, town: str | None) -> tuple[str, Engine, str]:
    from service.cases.listing import find_case

    code, engine = _code(town), ready_store()
    return code, engine, find_case(engine, code, named)


def _code(town: str | None) -> str:
    return checked_code(town) if town is not None else home_code(Settings())


def _line(case: Case) -> str:
    from service.cases.words import CASE_STATES, CONSENTS

    problems = "、".join(problem.label for problem in case.problems[:3])
    parts = (
        case.label,
        CASE_STATES[case.state],
        f"次の日 {case.due_on}" if case.due_on else "次の日なし",
        f"同意 {CONSENTS[case.consent]}",
        f"つなぎ {len(case.referrals)}件",
        "★緊急・通報" if case.has_open_flag else "",
        problems,
    )
    return "  ".join(part for part in parts if part)


def _lines(case: Case) -> tuple[str, ...]:
    from service.cases.words import AGE_GROUPS, CHANNELS, FLAG_DECISIONS, REFERRAL_STATES, REFUSED

    lines = [
        _line(case),
        f"受け付け: {_when(case.opened_at)}  {CHANNELS[case.channel]}",
        f"年代: {AGE_GROUPS[case.age_group]}  地区: {case.district or '分からない'}",
        f"相談（伏せた言葉）: {case.text}",
    ]
    lines += [
        f"緊急・通報: {flag.label}（{flag.duty}） {FLAG_DECISIONS[flag.decision]}"
        for flag in case.flags
    ]
    for referral in case.referrals:
        reason = f"（{REFUSED[referral.reason]}）" if referral.reason else ""
        day = f"  次の日 {referral.next_on}" if referral.next_on else ""
        lines.append(
            f"つなぎ {referral.id}: {referral.target.name}  {REFERRAL_STATES[referral.state]}{reason}{day}"
        )
    if case.memo:
        lines.append(f"メモ: {case.memo}")
    return tuple(lines)


def _when(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
