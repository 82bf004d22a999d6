"""The command ``tsunagi``: suggest, serve, index, knowledge, eval, bench."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from index.embedder import base_model_dir
from index.errors import IndexProblem
from knowledge.check import KnowledgeError
from knowledge.load import load_knowledge
from service.errors import BadInput, DeskError
from service.notes import decode_note
from service.present import as_json, as_text
from service.settings import Settings
from service.triage.triage import DEFAULT_TOP, Desk, NoteProblem, check_note, triage
from service.wiring import open_desk, open_embedder, rebuild_index

app = typer.Typer(
    help="つなぎ: 一次相談窓口の相談記録から、つなぎ先の候補を示します。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
index_app = typer.Typer(help="索引（検索の土台）を作る", no_args_is_help=True)
knowledge_app = typer.Typer(help="支援先データを確かめる", no_args_is_help=True)
model_app = typer.Typer(help="モデルを学習し直す", no_args_is_help=True)
eval_app = typer.Typer(help="提案の正しさを測る", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(eval_app, name="eval")
app.add_typer(model_app, name="model")

_progress_console = Console(stderr=True)
Town = Annotated[Path | None, typer.Option("--town", help="町のデータのフォルダ")]


def _settings(town: Path | None) -> Settings:
    settings = Settings()
    if town is None:
        return settings
    if not town.is_dir():
        raise BadInput(f"町のデータのフォルダがありません: {town}")
    return settings.model_copy(update={"town_dir": town})


@contextmanager
def _progress(label: str, total: int | None) -> Iterator[Progress]:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_progress_console, transient=False) as progress:
        progress.add_task(label, total=total)
        yield progress


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
    answer = triage(open_desk(_settings(town)), note, date.today(), top)
    if as_json_:
        typer.echo(json.dumps(as_json(answer), ensure_ascii=False, indent=1))
    else:
        typer.echo(as_text(answer))


def _read_note(file: str) -> str:
    if file == "-":
        if sys.stdin.isatty():
            _progress_console.print("相談記録を入力し、最後に Ctrl+D を押してください。")
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
    port: Annotated[int | None, typer.Option(help="待ち受けるポート")] = None,
    town: Town = None,
) -> None:
    """窓口の画面を開く（http://127.0.0.1:8000）。"""
    from service.server import serve_forever

    changes = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    serve_forever(_settings(town).model_copy(update=changes))


@index_app.command("build")
def index_build(
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="変わっていなければ何もしない")
    ] = False,
    town: Town = None,
) -> None:
    """支援先データから索引を作り、できあがったら入れ替える。"""
    with _progress("索引を作成", None) as progress:
        task = progress.task_ids[0]

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        version = rebuild_index(_settings(town), if_needed, advance, datetime.now().astimezone())
    typer.echo(f"索引を作りました: {version}" if version else "索引は最新です。")


@knowledge_app.command("check")
def knowledge_check(
    town: Annotated[Path | None, typer.Argument(help="町のデータのフォルダ")] = None,
) -> None:
    """支援先データに誤りがないか確かめ、直し方を示す。"""
    settings = _settings(town)
    knowledge = load_knowledge(settings.town_dir)
    today = date.today()
    from knowledge.freshness import is_stale

    stale = sum(is_stale(resource.verified_on, today) for resource in knowledge.resources)
    typer.echo(
        f"{knowledge.town.name}: 全国の制度 {len(knowledge.services)} 件、地域資源 {len(knowledge.resources)} 件。"
        f"誤りはありません。（確認から1年を過ぎた地域資源 {stale} 件）"
    )


@eval_app.command("run")
def eval_run(
    cases: Annotated[Path, typer.Option("--cases", help="事例（JSON Lines）")],
    out: Annotated[Path, typer.Option("--out", help="結果を書くフォルダ")],
    system: Annotated[
        str, typer.Option("--system", help="tsunagi / bm25 / dense / hybrid")
    ] = "tsunagi",
    predictions: Annotated[
        Path | None, typer.Option("--predictions", help="外部の結果を採点する")
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="指標を JSON で出力する")] = False,
    town: Town = None,
) -> None:
    """事例に対する提案の正しさを測る（run.json, metrics.json, report.html）。"""
    from eval.cases import load_cases, load_predictions
    from eval.run import metrics_json, predicted_run, run_system, score_run, write_run
    from eval.systems import SYSTEMS, make_system

    if system not in SYSTEMS:
        raise BadInput(f"システム名は {' / '.join(SYSTEMS)} のどれかです: {system}")
    loaded = load_cases(cases)
    if predictions is not None:
        run = predicted_run(loaded, load_predictions(predictions))
    else:
        desk = open_desk(_settings(town))
        with _progress(f"{system} で採点", len(loaded)) as progress:
            task = progress.task_ids[0]
            run = run_system(
                system,
                make_system(system, desk, date.today()),
                loaded,
                _provenance(desk, cases),
                lambda done: progress.update(task, advance=done),
            )
    scores = score_run(run)
    write_run(run, scores, out)
    if as_json_:
        typer.echo(json.dumps(metrics_json(run, scores), ensure_ascii=False, indent=1))
        return
    for name, value in scores.totals.items():
        typer.echo(
            f"{name:<24}{value.mean:.3f}  [{value.low:.3f}, {value.high:.3f}]  n={value.count}"
        )
    typer.echo(f"結果: {out}/run.json metrics.json report.html")


def _provenance(desk: Desk, cases: Path) -> dict[str, str]:
    """Return what a run was made with, so that it can be repeated."""
    import hashlib
    from importlib.metadata import version

    manifest = desk.index.manifest
    return {
        "tsunagi": version("tsunagi"),
        "model": f"{manifest.model_name} {manifest.model_digest[:12]}",
        "knowledge": manifest.knowledge_fingerprint[:12],
        "town": manifest.town,
        "index": manifest.version,
        "cases": f"{cases.name} {hashlib.sha256(cases.read_bytes()).hexdigest()[:12]}",
        "date": date.today().isoformat(),
    }


@model_app.command("train")
def model_train(
    step: Annotated[str, typer.Option("--step", help="adapter / head / ranker / all")] = "all",
) -> None:
    """創作の相談記録から、付け足しの重み・分類・順位づけを学習し直す（CPU で1時間ほど）。"""
    from eval.train.pipeline import train_adapter, train_head, train_ranker

    if step not in ("adapter", "head", "ranker", "all"):
        raise BadInput(f"--step は adapter / head / ranker / all のどれかです: {step}")
    settings = Settings()
    knowledge = load_knowledge(settings.town_dir)
    with _progress("", None) as progress:
        task = progress.task_ids[0]

        def advance(label: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            progress.columns = (TextColumn(label), *progress.columns[1:])

        if step in ("adapter", "all"):
            open_embedder(settings.model_copy(update={"model": "base"}))
            train_adapter(knowledge, base_model_dir(settings.models_dir), advance)
        if step in ("head", "all"):
            train_head(knowledge, open_embedder(settings), advance)
        if step in ("ranker", "all"):
            rebuild_index(
                settings,
                True,
                lambda done, total: advance("索引", done, total),
                datetime.now().astimezone(),
            )
            train_ranker(open_desk(settings), date.today(), advance)
    typer.echo("学習しました。`tsunagi eval run` で確かめてください。")


@app.command()
def bench(
    repeats: Annotated[int, typer.Option("--repeats", min=3, help="長さごとの回数")] = 30,
    as_json_: Annotated[bool, typer.Option("--json", help="JSON で出力する")] = False,
    town: Town = None,
) -> None:
    """triage() の速さを、埋め込みだけの時間と並べて測る。"""
    from eval.bench import bench_text, run_bench

    settings = _settings(town)
    result = run_bench(lambda: open_desk(settings), date.today(), repeats)
    typer.echo(json.dumps(result, ensure_ascii=False, indent=1) if as_json_ else bench_text(result))


def main() -> None:
    """Run the command; say what went wrong in Japanese, on stderr, without a traceback."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.UsageError as error:
        _fail(_usage_message(error), 2)
    except (DeskError, IndexProblem, KnowledgeError, NoteProblem) as error:
        _fail(str(error), 1)
    except (KeyboardInterrupt, click.Abort):
        _fail("中止しました。", 130)
    except OSError as error:
        _fail(
            f"ファイルの読み書きができません: {error.filename or ''} {error.strerror or error}", 1
        )
    except Exception as error:
        _fail_unless_known(error)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _fail_unless_known(error: Exception) -> None:
    """Errors of rooms that are imported late are known by name only here."""
    from pydantic import ValidationError

    from eval.cases import CaseProblem

    if isinstance(error, CaseProblem):
        _fail(str(error), 1)
    if isinstance(error, ValidationError):
        names = "、".join(f"TSUNAGI_{str(e['loc'][0]).upper()}" for e in error.errors() if e["loc"])
        _fail(f"設定の値が正しくありません: {names}", 2)
    raise error


def _fail(message: str, code: int) -> None:
    typer.echo(f"エラー: {message}", err=True)
    sys.exit(code)


def _usage_message(error: click.UsageError) -> str:
    """Say a usage error of click in Japanese."""
    path = error.ctx.command_path if error.ctx else "tsunagi"
    ask = f"使い方は `{path} --help` で見られます。"
    if isinstance(error, click.NoSuchOption):
        return f"知らないオプションです: {error.option_name}。{ask}"
    if isinstance(error, click.MissingParameter):
        name = error.param.opts[0] if error.param and error.param.opts else ""
        return f"{name} が指定されていません。{ask}"
    if isinstance(error, click.BadParameter):
        name = error.param.opts[0] if error.param and error.param.opts else ""
        return f"{name} の値が正しくありません（{error.message}）。{ask}"
    return f"命令が読めません（{error.format_message()}）。{ask}"
