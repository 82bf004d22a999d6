"""The evaluator's further commands: ``tsunagi eval compare|history|report|tune-threshold|trec``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_eval_run import HideNotes, History, eval_run, history_file, make_report
from service.cli_shared import Town, progress_bar, settings_for
from service.errors import BadInput
from service.wiring import open_desk

if TYPE_CHECKING:
    from eval.compare import Comparison
    from eval.metrics import Estimate

history_app = typer.Typer(help="これまでに測った結果", no_args_is_help=True)
_NOTE_CHARS = 60


def add_commands(app: typer.Typer) -> None:
    """Register the commands of this file, and ``run``, on ``tsunagi eval``."""
    app.command("run")(eval_run)
    app.command("compare")(eval_compare)
    app.add_typer(history_app, name="history")
    app.command("report")(eval_report)
    app.command("tune-threshold")(eval_tune_threshold)
    app.command("trec")(eval_trec)


def eval_compare(
    folders: Annotated[
        list[Path], typer.Argument(metavar="A B…", help="eval run の結果のフォルダ（2つ以上）")
    ],
    as_json_: Annotated[bool, typer.Option("--json", help="JSON で出力する")] = False,
    show: Annotated[int, typer.Option("--show", help="見せる変わった事例の数", min=0)] = 20,
) -> None:
    """結果どうしの差が偶然と言えるかを、同じ事例ごとに比べて確かめる（最初のものが基準）。"""
    from eval.compare import compare_runs
    from eval.run import read_run

    if len(folders) < 2:
        raise BadInput("比べるには、結果のフォルダが2つ以上要ります。")
    runs = [(str(folder), read_run(folder)) for folder in folders]
    found = compare_runs(runs)
    if as_json_:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1))
        return
    base = runs[0][1].provenance
    for name, run in runs[1:]:
        keys = sorted({*base, *run.provenance} - {"date", "index"})
        other = [k for k in keys if base.get(k) != run.provenance.get(k)]
        typer.echo(f"{name} で違うもの: {'、'.join(other) or 'なし'}")
    typer.echo(_comparison_text(found, show))


def _comparison_text(found: Comparison, show: int) -> str:
    lines = [f"基準: {found.base}　同じ事例 {found.cases} 件"]
    if found.left_out:
        lines.append(f"片方にしかないか、内容の違う事例 {found.left_out} 件は除きました")
    for name in dict.fromkeys(d.other for d in found.differences):
        lines.append(f"■ {name}")
        lines.append(f"{'指標':<22}  基準   これ     差  [95%区間]          p      p（Holm）")
        for d in found.differences:
            if d.other == name:
                mark = " *" if d.p_holm < 0.05 else ""
                lines.append(
                    f"{d.metric:<24}{d.base_value:.3f}  {d.other_value:.3f}  {d.difference:+.3f}"
                    f"  [{d.low:+.3f}, {d.high:+.3f}]  {d.p:.4f}  {d.p_holm:.4f}{mark}"
                )
        changed = [c for c in found.changed if c.other == name]
        lines.append(
            f"答えの変わった事例 {len(changed)} 件（+ 見つけるようになった、- 見落とすようになった、!+ 不要な緊急が増えた、!- 減った）"
        )
        for c in changed[:show]:
            words = [f"+{x}" for x in c.gained] + [f"-{x}" for x in c.lost]
            words += [f"!+{x}" for x in c.wrong_flags_more] + [f"!-{x}" for x in c.wrong_flags_less]
            lines.append(f"  {c.id} {' '.join(words)}")
            lines.append(f"      {' '.join(c.note.split())[:_NOTE_CHARS]}")
        if len(changed) > show:
            lines.append(f"  ほか {len(changed) - show} 件（--show で増やせます）")
    lines.append("* は、何度も比べたことを割り引いても（Holm）、偶然とは言いにくい差（5%）")
    return "\n".join(lines)


@history_app.command("list")
def history_list(history: History = None) -> None:
    """測った結果を、古い順に並べる。"""
    from eval.history import list_runs

    runs = list_runs(history_file(history))
    if not runs:
        typer.echo("まだ1度も測っていません。`tsunagi eval run` で測ると、ここに残ります。")
    for run in runs:
        value = run.metrics.get("recall_primary@5")
        recall = f"recall@5 {value.mean:.3f}" if value else "recall@5 —"
        accepted = "　採用" if run.accepted_at else ""
        typer.echo(
            f"{run.id:>4}  {run.at[:16]}  {run.system:<10} {run.cases} {run.cases_hash}"
            f"（{run.labelled}件）  {recall}  {run.code}{accepted}"
        )


@history_app.command("show")
def history_show(
    number: Annotated[int, typer.Argument(help="番号（list の左端）")], history: History = None
) -> None:
    """1回の結果をくわしく見る。"""
    from eval.history import get_run

    run = get_run(history_file(history), number)
    for title, value in (
        ("番号", str(run.id)),
        ("日時", run.at),
        ("システム", run.system),
        ("プログラム", run.code or "—"),
        ("モデル", run.model or "—"),
        ("目録と町のデータ", run.knowledge or "—"),
        ("事例", f"{run.cases} {run.cases_hash}（{run.total}件、採点{run.labelled}件）"),
        ("採用", run.accepted_at or "していない"),
    ):
        typer.echo(f"{title}: {value}")
    for name, v in run.metrics.items():
        typer.echo(f"{name:<24}{v.mean:.3f}  [{v.low:.3f}, {v.high:.3f}]  n={v.count}")


@history_app.command("diff")
def history_diff(
    first: Annotated[int, typer.Argument(metavar="A", help="前の番号")],
    second: Annotated[int, typer.Argument(metavar="B", help="あとの番号")],
    history: History = None,
) -> None:
    """2回の間に変わったことを、事例ごとの順位まで見る。"""
    from eval.history import answers_of, get_run
    from eval.history_diff import changed_answers, changed_parts

    file = history_file(history)
    one, two = get_run(file, first), get_run(file, second)
    for line in changed_parts(one, two):
        typer.echo(line)
    for name in dict.fromkeys([*one.metrics, *two.metrics]):
        typer.echo(f"{name:<24}{_mean(one.metrics.get(name))} → {_mean(two.metrics.get(name))}")
    lines = changed_answers(answers_of(file, first), answers_of(file, second))
    typer.echo(f"変わった事例 {len(lines)} 件")
    for line in lines:
        typer.echo(f"  {line}")


@history_app.command("accept")
def history_accept(
    number: Annotated[int, typer.Argument(help="番号（list の左端）")], history: History = None
) -> None:
    """この結果を採用する（eval run --no-worse の基準になる）。"""
    from eval.history import accept_run

    at = datetime.now().astimezone().isoformat(timespec="seconds")
    run = accept_run(history_file(history), number, at)
    typer.echo(f"採用しました: 番号 {run.id}（{run.system}、{run.cases}）")


@history_app.command("export")
def history_export(history: History = None) -> None:
    """全部の結果を JSON Lines で出力する（相談の文は入っていない）。"""
    from eval.history import export_lines

    for line in export_lines(history_file(history)):
        typer.echo(line)


def eval_report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="eval run の結果のフォルダ")],
    file: Annotated[
        Path | None, typer.Option("--out", help="書き出す HTML（ないと OUT/report.html）")
    ] = None,
    history: History = None,
    trend: Annotated[
        bool, typer.Option("--trend/--no-trend", help="これまでの移り変わりを入れる")
    ] = True,
    hide_notes: HideNotes = False,
) -> None:
    """読む人のための報告書（HTML）と、図ごとの SVG と CSV を作る。"""
    from eval.history import trend_of
    from eval.run import read_run, score_run

    run = read_run(out)
    points = trend_of(history_file(history), run) if trend else []
    make_report(run, score_run(run), file or out / "report.html", hide_notes, points)


def eval_tune_threshold(
    cases: Annotated[Path, typer.Option("--cases", help="開発用の事例（JSON Lines）")],
    kind: Annotated[
        str, typer.Option("--for", help="flags: 緊急の印を出す確からしさ / silence: 黙る確からしさ")
    ],
    recall: Annotated[
        float | None, typer.Option("--recall", help="保ちたい再現率（0〜1）", min=0, max=1)
    ] = None,
    specificity: Annotated[
        float | None, typer.Option("--specificity", help="保ちたい特異度（0〜1）", min=0, max=1)
    ] = None,
    town: Town = None,
) -> None:
    """しきい値を動かすとどうなるかを表にする（プログラムは変えない）。"""
    from eval.cases import load_cases
    from eval.sealed import refuse_sealed
    from eval.thresholds import KINDS, sweep, sweep_text

    if kind not in KINDS:
        raise BadInput(f"--for は {' / '.join(KINDS)} のどちらかです: {kind}")
    if recall is not None and specificity is not None:
        raise BadInput("--recall と --specificity は、どちらか1つにしてください。")
    refuse_sealed(cases)
    loaded = load_cases(cases)
    desk = open_desk(settings_for(town))
    with progress_bar("読み取り", len(loaded)) as progress:
        task = progress.task_ids[0]
        found = sweep(
            desk,
            loaded,
            next(k for k in KINDS if k == kind),
            date.today(),
            recall,
            specificity,
            lambda done: progress.update(task, advance=done),
        )
    wanted = recall is not None or specificity is not None
    typer.echo(sweep_text(found, wanted))


def eval_trec(
    run: Annotated[Path, typer.Option("--run", help="eval run の結果のフォルダ")],
    folder: Annotated[Path, typer.Option("--dir", help="書き出すフォルダ")],
) -> None:
    """結果と正解を TREC の形（run.trec, qrels.trec）で書き出す。"""
    from eval.run import read_run
    from eval.trec import write_trec

    written: Sequence[Path] = write_trec(read_run(run), folder)
    typer.echo(
        f"書きました: {'、'.join(str(path) for path in written)}（正しい先3点、つないでよい先1点）"
    )


def _mean(value: Estimate | None) -> str:
    return f"{value.mean:.3f}" if value else "—"
