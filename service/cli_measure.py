"""The commands for evaluators: ``tsunagi eval``, ``tsunagi model`` and ``tsunagi bench``.

``eval`` is imported inside the commands: the desk itself never needs it.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TextColumn

from index.embedder import base_model_dir
from knowledge.load import load_knowledge
from service.cli_eval import add_commands
from service.cli_scale import bench_scale
from service.cli_shared import Town, progress_bar, settings_for
from service.errors import BadInput
from service.settings import Settings
from service.wiring import open_desk, open_embedder, rebuild_index

model_app = typer.Typer(help="モデルを学習し直す", no_args_is_help=True)
eval_app = typer.Typer(help="提案の正しさを測る", no_args_is_help=True)
add_commands(eval_app)


@eval_app.command("agreement")
def eval_agreement() -> None:
    """学習用の事例の正解と、別の人が見ずに付け直した正解の一致を測る。"""
    from eval.agreement import agreement, flag_agreement
    from eval.cases import CASES_DIR, load_cases
    from eval.train.data import load_writers
    from eval.train.pipeline import FLAGS_DIR, TRAIN_DIR

    first = load_writers(TRAIN_DIR, sorted(path.stem for path in TRAIN_DIR.glob("*.jsonl")))
    codes = [category.code for category in load_knowledge(Settings().town_dir).categories]
    found = agreement(first, load_cases(CASES_DIR / "agreement.jsonl"), codes)
    typer.echo(f"つなぎ先 {found.notes} 件")
    typer.echo(f"κ（primary） {found.kappa_primary:.3f}　κ（緊急） {found.kappa_red_flags:.3f}")
    typer.echo(f"付け直しの上位5件に元の primary が入る割合 {found.recall_at_5:.3f}")
    typer.echo(
        f"元の primary が付け直しでも primary か acceptable {found.primary_is_acceptable:.3f}"
    )
    first = load_writers(FLAGS_DIR, sorted(path.stem for path in FLAGS_DIR.glob("*.jsonl")))
    flags = flag_agreement(first, load_cases(CASES_DIR / "flags_agreement.jsonl"))
    typer.echo(f"緊急の学習用 {flags.notes} 件　κ {flags.kappa:.3f}")
    for name, value in (("再現率", flags.recall), ("特異度", flags.specificity)):
        if value:
            typer.echo(
                f"付け直した人の{name} {value.mean:.3f} [{value.low:.3f}, {value.high:.3f}] n={value.count}"
            )


@eval_app.command("read")
def eval_read() -> None:
    """読み取りだけを測る（否定・過去・推測の読み分けと、登場人物）。"""
    from eval.reading import reading_text

    typer.echo(reading_text())


@eval_app.command("masking")
def eval_masking(
    split: Annotated[str, typer.Option("--split", help="test（評価用）か dev（作成用）")] = "test",
) -> None:
    """個人情報の検出を、印を付けた創作の記録で測る（種類ごと、書き手ごと）。"""
    from eval.masking_score import NOTES_DIR, load_marked, score_notes, summarise
    from eval.masking_text import masking_text
    from service.triage.masking import gazetteer_of

    if not (NOTES_DIR / f"{split}.jsonl").exists():
        raise BadInput(f"--split は test か dev です: {split}")
    gazetteer = gazetteer_of(load_knowledge())
    typer.echo(masking_text(summarise(score_notes(load_marked(split), gazetteer))))


@eval_app.command("held-out")
def eval_held_out(
    cases: Annotated[Path, typer.Option("--cases", help="事例（JSON Lines）")],
) -> None:
    """学習のあとに増えた分野でも見つかるかを、分野ごと隠して測る。"""
    from eval.cases import load_cases
    from eval.held_out import held_out_recall

    loaded = load_cases(cases)
    desk = open_desk(Settings())
    with progress_bar("分野を隠して採点", len(loaded)) as progress:
        task = progress.task_ids[0]
        found = held_out_recall(
            desk, loaded, date.today(), lambda done: progress.update(task, advance=done)
        )
    for title, value in (
        ("学習した分野として", found.known),
        ("学習のあとに増えた分野として", found.newcomer),
        ("ふつうの検索（hybrid）", found.hybrid),
    ):
        typer.echo(
            f"{title}: 上位5件に入る割合 {value.mean:.3f}"
            f"  [{value.low:.3f}, {value.high:.3f}]  n={value.count}"
        )


@eval_app.command("duplicates")
def eval_duplicates(
    show: Annotated[int, typer.Option("--show", help="近い順に見せる組の数")] = 10,
) -> None:
    """学習用の相談記録と評価用の事例が似すぎていないかを、調整前のモデルで確かめる。"""
    from eval.cases import CASES_DIR, load_cases
    from eval.train.duplicates import TOO_CLOSE, closest_pairs
    from eval.train.pipeline import FLAGS_DIR, TRAIN_DIR

    evaluation = [
        case
        for name in ("dev", "test", "red_flags_test")
        for case in load_cases(CASES_DIR / f"{name}.jsonl")
    ]
    paths = sorted([*TRAIN_DIR.glob("*.jsonl"), *FLAGS_DIR.glob("*.jsonl")])
    training = [case for path in paths for case in load_cases(path)]
    embedder = open_embedder(Settings().model_copy(update={"model": "base"}))
    with progress_bar("埋め込み", len(training) + len(evaluation)) as progress:
        task = progress.task_ids[0]
        pairs = closest_pairs(
            embedder, training, evaluation, lambda done: progress.update(task, advance=done)
        )
    close = [pair for pair in pairs if pair.similarity >= TOO_CLOSE]
    typer.echo(
        f"学習用 {len(training)} 件のうち、評価用に近すぎる（{TOO_CLOSE} 以上）もの {len(close)} 件"
    )
    for pair in pairs[: max(show, len(close))]:
        typer.echo(f"{pair.similarity:.3f} {pair.training.id} {pair.evaluation.id}")


@eval_app.command("ablate")
def eval_ablate(
    out: Annotated[Path, typer.Option("--out", help="書き出す Markdown")] = Path(
        "eval/ABLATIONS.md"
    ),
) -> None:
    """部品を1つずつ外して、それぞれの効き目を測る。"""
    from eval.ablations import ablation_report
    from eval.cases import CASES_DIR, load_cases
    from eval.train.data import load_writers
    from eval.train.pipeline import RANKER_WRITERS, TRAIN_DIR

    sets = {"開発用": "dev", "評価用": "test"}
    cases = {title: load_cases(CASES_DIR / f"{name}.jsonl") for title, name in sets.items()}
    fit = load_writers(TRAIN_DIR, RANKER_WRITERS)
    settings = Settings()
    base = settings.model_copy(update={"model": "base", "data_dir": settings.data_dir / "ablation"})
    rebuild_index(base, True, lambda done, total: None, datetime.now().astimezone())
    desks = {"製品": open_desk(settings), "調整前のモデル": open_desk(base)}
    others = len(desks) - 1
    total = len(fit) * (1 + others) + len(desks) * sum(map(len, cases.values()))
    with progress_bar("部品の効き目", total) as progress:
        task = progress.task_ids[0]
        text = ablation_report(
            desks, fit, cases, date.today(), lambda done: progress.update(task, advance=done)
        )
    aside = out.with_name(f".{out.name}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(out)
    typer.echo(f"書きました: {out}")


@model_app.command("train")
def model_train(
    step: Annotated[str, typer.Option("--step", help="adapter / memory / ranker / all")] = "all",
) -> None:
    """創作の相談記録から、付け足しの重み・分類・事例の記憶・順位づけを学習し直す（CPU で1時間ほど）。"""
    from eval.train.pipeline import RANKER_FILE, train_adapter, train_ranker, write_memory
    from eval.train.ranker import admit_new_features

    if step not in ("adapter", "memory", "ranker", "all"):
        raise BadInput(f"--step は adapter / memory / ranker / all のどれかです: {step}")
    settings = Settings()
    knowledge = load_knowledge(settings.town_dir)
    with progress_bar("", None) as progress:
        task = progress.task_ids[0]

        def advance(label: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            progress.columns = (TextColumn(label), *progress.columns[1:])

        if step in ("adapter", "all"):
            open_embedder(settings.model_copy(update={"model": "base"}))
            train_adapter(knowledge, base_model_dir(settings.models_dir), advance)
        if step in ("memory", "all"):
            write_memory(knowledge, open_embedder(settings), advance)
        if step in ("ranker", "all"):
            rebuild_index(
                settings,
                True,
                lambda done, total: advance("索引", done, total),
                datetime.now().astimezone(),
            )
            admit_new_features(RANKER_FILE)
            train_ranker(open_desk(settings), date.today(), advance)
    typer.echo("学習しました。`tsunagi eval run` で確かめてください。")


def bench(
    repeats: Annotated[int, typer.Option("--repeats", min=3, help="長さごとの回数")] = 30,
    as_json_: Annotated[bool, typer.Option("--json", help="JSON で出力する")] = False,
    precision: Annotated[
        bool, typer.Option("--precision", help="数値の形式（bf16・int8）を開発用の事例で比べる")
    ] = False,
    scale: Annotated[
        Path | None, typer.Option("--scale", help="大きな一覧（CSV）で、取り込みから検索までを測る")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="--scale で使う行の数（ないと全部）")
    ] = None,
    town: Town = None,
) -> None:
    """triage() の速さを、埋め込みだけの時間と並べて測る。"""
    from eval.bench import bench_text, run_bench

    settings = settings_for(town)
    if scale is not None:
        bench_scale(settings, scale, limit)
        return
    if precision:
        _bench_precision(settings)
        return
    result = run_bench(lambda: open_desk(settings), date.today(), repeats)
    typer.echo(json.dumps(result, ensure_ascii=False, indent=1) if as_json_ else bench_text(result))


def _bench_precision(settings: Settings) -> None:
    from eval.cases import CASES_DIR, load_cases
    from eval.precision import compare_precisions, precision_text

    cases = load_cases(CASES_DIR / "dev.jsonl")
    desk = open_desk(settings)
    with progress_bar("数値の形式", len(cases) * 3) as progress:
        task = progress.task_ids[0]
        rows = compare_precisions(
            desk, cases, date.today(), lambda done: progress.update(task, advance=done)
        )
    typer.echo(precision_text(rows))
