"""``tsunagi knowledge import`` and what belongs to it: mappings, the template, past imports."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_knowledge_town import TownCode, town_store, write_whole
from service.cli_people import ACTOR, now
from service.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from knowledge.importing.apply import Decisions
    from knowledge.importing.form import Form
    from knowledge.importing.plan import ImportPlan
    from service.records.importing import ImportOptions, Planned

mapping_app = typer.Typer(help="知らない形の表の、列の対応", no_args_is_help=True)
_ENDINGS = (".csv", ".xlsx")


class Only(StrEnum):
    """Which rows of a nation-wide list are taken."""

    all = "all"
    town = "town"
    prefecture = "prefecture"


Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV、XLSX、JSON、それらの .gz")]
Dataset = Annotated[
    str,
    typer.Option("--dataset", help="一覧の名前（次の版と結びつける）。省くとファイル名から"),
]
Source = Annotated[str, typer.Option("--source", help="出典。省くと一覧の種類から")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="いつの時点の一覧か（例: 2026-04-01）"),
]
OnlyRows = Annotated[
    Only,
    typer.Option("--only", help="町の行だけ town、都道府県の行だけ prefecture、すべて all"),
]
Companions = Annotated[
    list[Path] | None, typer.Option("--with", help="いっしょに読む表（追加情報）")
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="列の対応（`knowledge mapping propose` が書く YAML）"),
]
LeaveOut = Annotated[
    bool, typer.Option("--leave-out-errors", help="取り込めない行を除き、残りを取り込む")
]
AcceptVanished = Annotated[
    bool, typer.Option("--accept-vanished", help="半分を超えて載らなくなっていても、引退させる")
]
Report = Annotated[Path | None, typer.Option("--report", help="1行ずつの結果を書く CSV ファイル")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="どうなるかを見るだけ。何も変えない")]
Yes = Annotated[bool, typer.Option("--yes", help="確かめずに取り込む")]
_MAP_FIRST = "`tsunagi knowledge mapping propose ファイル 対応.yaml` で列の対応を作り、直して `--mapping 対応.yaml` で渡してください。"


@dataclass(frozen=True, slots=True)
class _Asked:
    """How the command was asked to go about it."""

    plan_only: bool
    leave_out_errors: bool
    accept_vanished: bool
    yes: bool


def add_import_commands(app: typer.Typer) -> None:
    """Put this file's commands into the group ``tsunagi knowledge``."""
    app.command("import")(knowledge_import)
    app.command("imports")(knowledge_imports)
    app.command("template")(knowledge_template)
    app.add_typer(mapping_app, name="mapping")


def knowledge_import(
    files: Files,
    town: TownCode = None,
    dataset: Dataset = "",
    source: Source = "",
    as_of: AsOf = None,
    only: OnlyRows = Only.all,
    companions: Companions = None,
    mapping: MappingFile = None,
    leave_out_errors: LeaveOut = False,
    accept_vanished: AcceptVanished = False,
    report: Report = None,
    plan: PlanOnly = False,
    yes: Yes = False,
) -> None:
    """町が公開している一覧を取り込む。ファイルごとに、全部か、何もなしか。"""
    from service.records.importing import ImportOptions

    engine, code = town_store(town)
    options = ImportOptions(
        dataset=dataset,
        source=source,
        as_of=as_of.date() if as_of else None,
        only=only.value,
        companions=tuple((path.name, path) for path in companions or ()),
        mappings=(_read_mapping(mapping),) if mapping else (),
    )
    asked = _Asked(plan, leave_out_errors, accept_vanished, yes)
    reports: list[str] = []
    done = [_one_file(engine, code, file, options, asked, reports) for file in files]
    if report is not None:
        _write_reports(report, reports)
    if not all(done):
        raise typer.Exit(1)


def _one_file(
    engine: Engine,
    code: str,
    file: Path,
    options: ImportOptions,
    asked: _Asked,
    reports: list[str],
) -> bool:
    """Plan one file, show it, ask, and carry it out; return False when it was refused."""
    from knowledge.importing.findings import ImportRefused
    from knowledge.importing.report import report_csv, report_text
    from service.records.exchange import plan_any
    from service.records.importing import carry_out

    try:
        planned = plan_any(engine, code, file, file.name, options, date.today())
        typer.echo(report_text(planned.plan))
        reports.append(report_csv(planned.plan))
        if asked.plan_only:
            return _plan_shown(planned.plan)
        decisions = _decisions(planned.plan, asked)
        if not _go_ahead(planned, decisions, asked):
            typer.echo("取り込みませんでした。何も変わっていません。")
            return True
        result = carry_out(engine, code, planned, decisions, ACTOR, now())
    except ImportRefused as error:
        typer.echo(f"エラー: {error}\n何も変わっていません。{_advice(error)}", err=True)
        return False
    typer.echo(
        f"取り込みました（取り込みの番号 {result.import_id}）。新しい記録 {result.added:,} 件、変わった記録 {result.changed:,} 件。"
        "窓口が動いていれば1分ほどで出ます。提案のままの支援分野は `tsunagi knowledge list --problem unconfirmed` で確かめてください。"
    )
    return True


def _plan_shown(plan: ImportPlan) -> bool:
    typer.echo("見るだけなので、何も変えていません。")
    if plan.errors and plan.proposals:
        typer.echo(_MAP_FIRST)
    return not plan.errors


def _decisions(plan: ImportPlan, asked: _Asked) -> Decisions:
    from knowledge.importing.apply import Decisions

    bad = {row.place for row in plan.rows if row.fate == "error"} if asked.leave_out_errors else ()
    return Decisions(leave_out=frozenset(bad), accept_vanished=asked.accept_vanished)


def _go_ahead(planned: Planned, decisions: Decisions, asked: _Asked) -> bool:
    """Refuse before anybody is asked; then ask.  Raises ImportRefused or :class:`BadInput`."""
    from knowledge.importing.apply import apply

    # In memory only, for its refusal.
    apply(planned.plan, decisions)
    if asked.yes:
        return True
    if not sys.stdin.isatty():
        raise BadInput("確かめられる人がいません。取り込んでよければ `--yes` を付けてください。")
    return typer.confirm("取り込みますか", err=True)


def _advice(error: Exception) -> str:
    text = str(error)
    if "列の対応" in text:
        return _MAP_FIRST
    return "ファイルを直すか、行の誤りなら `--leave-out-errors`、載らなくなったものが本当になくなったなら `--accept-vanished` を付けてください。"


def _write_reports(report: Path, reports: Sequence[str]) -> None:
    # One header for all files.
    bodies = [text if not n else text.partition("\r\n")[2] for n, text in enumerate(reports)]
    write_whole(report, "".join(bodies).encode("utf-8-sig"))
    typer.echo(f"1行ずつの結果: {report}")


def _read_mapping(file: Path) -> Form:
    from knowledge.importing.findings import ImportRefused
    from knowledge.importing.form import read_form

    try:
        return read_form(file.read_bytes(), file.name)
    except FileNotFoundError as error:
        raise BadInput(f"ファイルがありません: {file}") from error
    except ImportRefused as error:
        raise BadInput(str(error)) from error


def knowledge_imports(town: TownCode = None) -> None:
    """これまでの取り込みを、新しい順に見る。"""
    from knowledge.importing.report import FATES
    from service.records.importing import imports_of

    engine, code = town_store(town)
    past = imports_of(engine, code)
    for one in past:
        when = one.at.astimezone().strftime("%Y-%m-%d %H:%M")
        counts = "、".join(
            f"{words} {one.counts[f]:,}" for f, words in FATES.items() if one.counts.get(f)
        )
        typer.echo(f"{one.id}  {when}  {one.by}  {one.file}  {counts}")
    if not past:
        typer.echo("取り込みはまだありません。")


def knowledge_template(
    out: Annotated[Path, typer.Argument(help="作るファイル（.csv か .xlsx）")],
) -> None:
    """つなぎの様式（空の表）を作る。"""
    from knowledge.importing.form import FORMS_DIR, read_form
    from knowledge.importing.template import write_template

    ending = out.suffix.lower()
    if ending not in _ENDINGS:
        raise BadInput("ファイルの名前を .csv か .xlsx で終わらせてください。")
    if ending == ".xlsx":
        write_whole(out, write_template())
    else:
        form = read_form((FORMS_DIR / "template_ja.yaml").read_bytes(), "template_ja.yaml")
        write_whole(out, (",".join(form.columns) + "\r\n").encode("utf-8-sig"))
    typer.echo(f"様式を作りました: {out}。書き込んだら `tsunagi knowledge import` で取り込めます。")


@mapping_app.command("propose")
def mapping_propose(
    file: Annotated[Path, typer.Argument(help="知らない形の表")],
    out: Annotated[Path, typer.Argument(help="書き出す YAML ファイル")],
) -> None:
    """列の対応を提案し、YAML に書く。直してから `knowledge import --mapping` で渡す。"""
    from knowledge.importing.findings import ImportRefused
    from knowledge.importing.form import save_form
    from knowledge.importing.run import ImportContext, plan_file

    try:
        plan = plan_file(file, file.name, ImportContext(today=date.today()))
    except ImportRefused as error:
        typer.echo(f"エラー: {error}", err=True)
        raise typer.Exit(1) from error
    if not plan.proposals:
        known = "、".join(plan.forms) or "記録のない表"
        raise BadInput(
            f"{file.name}: 対応を作る必要はありません（{known}）。そのまま取り込めます。"
        )
    proposal = plan.proposals[0].proposal
    write_whole(out, save_form(proposal.form))
    doubtful = "、".join(proposal.unplaced) or "なし"
    typer.echo(f"書きました: {out}。意味が分からなかった列: {doubtful}")
    if not proposal.has_name:
        typer.echo("名前の列が分かりません。YAML で、名前の入った列を name にしてください。")
    typer.echo("使える役割は docs/import.md にあります。")
