"""``tsunagi eval run``: systems on cases, kept as they go, with a gate for continuous integration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli_shared import Town, progress_bar, settings_for
from service.errors import BadInput
from service.triage.triage import Desk
from service.wiring import open_desk

if TYPE_CHECKING:
    from eval.cases import Case
    from eval.charts import TrendPoint
    from eval.run import Run, Scores

GATE_CLOSED = 3
History = Annotated[
    Path | None,
    typer.Option(
        "--history", help="測った記録を残すファイル（ないとデータのフォルダの eval-history.db）"
    ),
]
HideNotes = Annotated[
    bool,
    typer.Option(
        "--hide-notes", help="報告書に相談の文を載せない（見ていない事例を、見ないままにする）"
    ),
]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a run must not fall below, and where the accepted one is found."""

    fail_under: tuple[str, ...]
    no_worse: bool
    history: Path


def eval_run(
    cases: Annotated[Path, typer.Option("--cases", help="事例（JSON Lines）")],
    out: Annotated[Path, typer.Option("--out", help="結果を書くフォルダ")],
    system: Annotated[
        list[str] | None,
        typer.Option("--system", help="tsunagi / bm25 / dense / hybrid（くり返せる）"),
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions",
            help="外部の結果を採点する。ファイルか、名前=ファイル（くり返せる。JSON Lines か TREC）",
        ),
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="指標を JSON で出力する")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="途中で止まった測定を、続きから測る")
    ] = False,
    fail_under: Annotated[
        list[str] | None,
        typer.Option("--fail-under", help="指標=値。下回ったら終了コード3（くり返せる）"),
    ] = None,
    no_worse: Annotated[
        bool,
        typer.Option("--no-worse", help="採用した最後の結果より、区間を外れて悪ければ終了コード3"),
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="読む人のための報告書（HTML）も書く")
    ] = None,
    hide_notes: HideNotes = False,
    history: History = None,
    town: Town = None,
) -> None:
    """事例に対する提案の正しさを測る（run.json, metrics.json, report.html）。"""
    from eval.cases import load_cases
    from eval.gate import limits_of
    from eval.history import keep_run
    from eval.run import score_run, write_run

    limits_of(fail_under or ())  # a slip is told before the minutes of measuring
    outside = [_named(word) for word in predictions or ()]
    systems = list(dict.fromkeys(system or ([] if outside else ["tsunagi"])))
    names = [*systems, *(name for name, _ in outside)]
    _check_names(systems, names)
    loaded = load_cases(cases)
    kept = history_file(history, town)
    folders = {name: out / name if len(names) > 1 else out for name in names}
    desk = open_desk(settings_for(town)) if systems else None
    results: list[tuple[Run, Scores]] = []
    for name in names:
        if name in systems and desk is not None:
            run = _measure(desk, name, loaded, cases, folders[name], resume)
        else:
            run = _outside_run(name, dict(outside)[name], loaded, cases)
        scores = score_run(run)
        write_run(run, scores, folders[name])
        (folders[name] / "partial.jsonl").unlink(missing_ok=True)
        keep_run(kept, run, scores, datetime.now().astimezone().isoformat(timespec="seconds"))
        results.append((run, scores))
    if report is not None:
        make_report(*results[0], report, hide_notes, say=not as_json_)
    _print(results, folders, as_json_)
    _close_gate(results, Gate(tuple(fail_under or ()), no_worse, kept))


def history_file(given: Path | None, town: Path | None = None) -> Path:
    """Return the history to use: the one given, else that of the data folder."""
    from eval.history import FILE

    return given or settings_for(town).data_dir / FILE


def make_report(
    run: Run,
    scores: Scores,
    file: Path,
    hide_notes: bool,
    trend: Sequence[TrendPoint] = (),
    say: bool = True,
) -> None:
    """Write the report of a run with its charts, and say where."""
    from eval.report import without_notes, write_report
    from eval.run import metrics_json, run_json

    data = run_json(run, scores)
    shown = without_notes(data) if hide_notes else data
    written = write_report(shown, metrics_json(run, scores), file, trend)
    if say:
        typer.echo(f"報告書: {file}（図と表 {len(written) - 1} 個: {file.parent / 'charts'}）")


def _measure(
    desk: Desk, name: str, loaded: tuple[Case, ...], cases: Path, out: Path, resume: bool
) -> Run:
    from eval.causes import causes_of
    from eval.partial import day_of, open_partial
    from eval.provenance import provenance
    from eval.remembered import one_thread, remembering
    from eval.run import run_system
    from eval.systems import make_system

    today = date.fromisoformat(day_of(out, date.today().isoformat()) if resume else _today())
    made_with = provenance(desk, cases, today)
    partial = open_partial(out, made_with | {"system": name}, resume)
    desk = remembering(desk)
    try:
        with one_thread(), progress_bar(f"{name} で採点", len(loaded)) as progress:
            task = progress.task_ids[0]
            return run_system(
                name,
                make_system(name, desk, today),
                loaded,
                made_with,
                lambda done: progress.update(task, advance=done),
                (lambda case, answer: causes_of(desk, case, answer, today))
                if name == "tsunagi"
                else (lambda case, answer: ()),
                partial,
            )
    finally:
        # It goes only when run.json has been written: until then a kill costs nothing.
        partial.close(finished=False)


def _outside_run(name: str, file: Path, loaded: tuple[Case, ...], cases: Path) -> Run:
    from eval.cases import load_predictions
    from eval.provenance import cases_name
    from eval.run import predicted_run
    from eval.trec import is_trec, load_trec

    found = load_trec(file) if is_trec(file) else load_predictions(file)
    made_with = {
        "tsunagi": version("tsunagi"),
        "cases": cases_name(cases),
        "predictions": cases_name(file),
        "date": _today(),
    }
    return predicted_run(loaded, found, name, made_with)


def _named(word: str) -> tuple[str, Path]:
    """Read ``NAME=FILE`` or a bare file; a file whose own name holds ``=`` stays a file."""
    name, sign, file = word.partition("=")
    if sign and name and not Path(word).exists():
        return name, Path(file)
    return "predictions", Path(word)


def _check_names(systems: Sequence[str], names: Sequence[str]) -> None:
    from eval.systems import SYSTEMS

    for name in systems:
        if name not in SYSTEMS:
            raise BadInput(f"システム名は {' / '.join(SYSTEMS)} のどれかです: {name}")
    for name in names:
        if len(names) != len(set(names)):
            raise BadInput(
                f"同じ名前の結果が2つあります: {name}。--predictions 名前=ファイル で区別してください"
            )
        if Path(name).name != name or name.startswith("."):
            raise BadInput(f"結果の名前には使えません: {name}。英数字の名前にしてください")


def _print(results: Sequence[tuple[Run, Scores]], folders: dict[str, Path], as_json_: bool) -> None:
    from eval.run import metrics_json

    if as_json_:
        found: dict[str, Any] = {run.system: metrics_json(run, s) for run, s in results}
        data = found if len(found) > 1 else next(iter(found.values()))
        typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    for run, scores in results:
        if len(results) > 1:
            typer.echo(f"■ {run.system}")
        for name, value in scores.totals.items():
            typer.echo(
                f"{name:<24}{value.mean:.3f}  [{value.low:.3f}, {value.high:.3f}]  n={value.count}"
            )
        typer.echo(f"結果: {folders[run.system]}/run.json metrics.json report.html")
    if len(results) > 1:
        folders_ = " ".join(str(folder) for folder in folders.values())
        typer.echo(f"差を確かめるには: tsunagi eval compare {folders_}")


def _close_gate(results: Sequence[tuple[Run, Scores]], gate: Gate) -> None:
    """Exit with :data:`GATE_CLOSED` when the first system fails what was asked of it."""
    from eval.gate import behind, below_limits, limits_of
    from eval.history import last_accepted

    run, scores = results[0]
    lines = below_limits(scores.totals, limits_of(gate.fail_under))
    if gate.no_worse:
        digest = run.provenance["cases"].rpartition(" ")[2]
        accepted = last_accepted(gate.history, digest, run.system)
        if accepted is None:
            lines.append(
                "この事例とシステムで採用した結果がまだないので、比べられません。"
                "`tsunagi eval history accept 番号` で採用してください"
            )
        else:
            lines += behind(scores.totals, accepted)
    for line in lines:
        typer.echo(f"不合格: {line}", err=True)
    if lines:
        raise typer.Exit(GATE_CLOSED)


def _today() -> str:
    return date.today().isoformat()
