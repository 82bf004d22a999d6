"""``tsunagi knowledge hsds``: the town's records to and from other software, as HSDS 3.0."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_knowledge_town import TownCode, town_store, write_whole
from service.cli_people import ACTOR, now
from service.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from knowledge.importing.apply import Decisions
    from service.records.exchange import Form
    from service.records.importing import Planned

hsds_app = typer.Typer(
    help="ほかのソフトと HSDS 3.0（Open Referral）でやりとりする", no_args_is_help=True
)
_FORMS: dict[str, Form] = {".json": "json", ".zip": "package"}
_ADVICE = (
    "ファイルを直すか、1件ずつの誤りなら `--leave-out-errors`、"
    "載らなくなったものが本当になくなったなら `--accept-vanished` を付けてください。"
)


@hsds_app.command("export")
def hsds_export(
    out: Annotated[Path, typer.Argument(help="書き出すファイル（.json か .zip）")],
    with_services: Annotated[
        bool, typer.Option("--with-services", help="全国の制度も入れる")
    ] = False,
    town: TownCode = None,
) -> None:
    """町の支援先を HSDS に書き出す。.json は JSON、.zip は表形式（datapackage.json と CSV）。"""
    from service.records.exchange import as_hsds, exportable
    from service.records.national import national_parts

    form = _FORMS.get(out.suffix.lower())
    if form is None:
        raise BadInput("ファイルの名前を .json（JSON）か .zip（表形式）で終わらせてください。")
    engine, code = town_store(town)
    national = national_parts()
    found = exportable(engine, code, national)
    write_whole(out, as_hsds(found, national, form, with_services))
    typer.echo(f"書き出しました: {out}（{found.town.name}の支援先 {len(found.resources):,} 件）")
    if found.left_out:
        typer.echo(
            f"支援分野か確認日がない {found.left_out:,} 件は書き出していません。"
            "`tsunagi knowledge list --problem no_category` などで確かめてください。"
        )


@hsds_app.command("import")
def hsds_import(
    file: Annotated[Path, typer.Argument(help="HSDS の JSON、zip、または表形式のフォルダ")],
    town: TownCode = None,
    leave_out_errors: Annotated[
        bool, typer.Option("--leave-out-errors", help="取り込めない支援先を除き、残りを取り込む")
    ] = False,
    accept_vanished: Annotated[
        bool, typer.Option("--accept-vanished", help="半分を超えて載らなくなっていても、引退させる")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="1件ずつの結果を書く CSV ファイル")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="どうなるかを見るだけ。何も変えない")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="確かめずに取り込む")] = False,
) -> None:
    """HSDS の支援先を取り込む。全部か、何もなしか。"""
    from knowledge.importing.apply import Decisions
    from knowledge.importing.findings import ImportRefused
    from knowledge.importing.report import report_csv, report_text
    from service.records.exchange import plan_hsds

    if not file.exists():
        raise BadInput(f"ファイルがありません: {file}")
    engine, code = town_store(town)
    planned = plan_hsds(engine, code, file, file.name, date.today())
    typer.echo(report_text(planned.plan))
    if report is not None:
        write_whole(report, report_csv(planned.plan).encode("utf-8-sig"))
        typer.echo(f"1件ずつの結果: {report}")
    if plan:
        typer.echo("見るだけなので、何も変えていません。")
        raise typer.Exit(1 if planned.plan.errors else 0)
    bad = (row.place for row in planned.plan.rows if leave_out_errors and row.fate == "error")
    decisions = Decisions(leave_out=frozenset(bad), accept_vanished=accept_vanished)
    try:
        _carry_out(engine, code, planned, decisions, yes)
    except ImportRefused as error:
        typer.echo(f"エラー: {error}\n何も変わっていません。{_ADVICE}", err=True)
        raise typer.Exit(1) from error


def _carry_out(
    engine: Engine, code: str, planned: Planned, decisions: Decisions, yes: bool
) -> None:
    """Refuse before anybody is asked; then ask, and write.  Raises ImportRefused."""
    from knowledge.importing.apply import apply
    from service.records.importing import carry_out

    # In memory only, for its refusal.
    apply(planned.plan, decisions)
    if not yes and not sys.stdin.isatty():
        raise BadInput("確かめられる人がいません。取り込んでよければ `--yes` を付けてください。")
    if not yes and not typer.confirm("取り込みますか", err=True):
        typer.echo("取り込みませんでした。何も変わっていません。")
        return
    result = carry_out(engine, code, planned, decisions, ACTOR, now())
    typer.echo(
        f"取り込みました（取り込みの番号 {result.import_id}）。"
        f"新しい記録 {result.added:,} 件、変わった記録 {result.changed:,} 件。"
        "窓口が動いていれば1分ほどで出ます。"
    )
