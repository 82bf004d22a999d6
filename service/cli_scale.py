"""``tsunagi bench --scale``: a very large town, from importing its list to answering a note."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path

import typer
from rich.progress import TextColumn

from knowledge.models import Knowledge
from service.cli_shared import progress_bar
from service.errors import BadInput
from service.settings import Settings
from service.wiring import open_embedder

Measured = Callable[[str], AbstractContextManager[list[str]]]


def bench_scale(settings: Settings, source: Path, limit: int | None) -> None:
    """Measure a list of a very large town, from the import to an answer, and print the report."""
    from eval.cases import CASES_DIR, load_cases
    from eval.scale import run_scale, scale_text

    if not source.is_file():
        raise BadInput(
            f"ファイルがありません: {source}\n町が取り込める CSV（.csv か .csv.gz）を指定してください。"
        )
    today, now = date.today(), datetime.now().astimezone()
    folder = settings.data_dir / "scale"
    with progress_bar("", None) as progress:
        task = progress.task_ids[0]

        def advance(label: str, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            progress.columns = (TextColumn(label), *progress.columns[1:])

        report = run_scale(
            source,
            limit,
            folder,
            lambda path, measured: import_for_scale(
                path, settings.town_dir, folder, measured, now, today
            ),
            lambda: open_embedder(settings),
            [case.note for case in load_cases(CASES_DIR / "dev.jsonl")],
            now,
            advance,
        )
    typer.echo(scale_text(report))


def import_for_scale(
    source: Path, town_dir: Path, folder: Path, measured: Measured, now: datetime, today: date
) -> Knowledge:
    """Import ``source`` into a fresh store in ``folder`` and return what a desk would then know.

    Rows with errors are left out.  Raises ImportRefused when the file cannot be imported.
    """
    from knowledge.importing.apply import Decisions
    from knowledge.load import load_national
    from service.records.importing import ImportOptions, carry_out, plan_import
    from service.records.seeding import seed_from_folder
    from service.records.town_knowledge import read_knowledge, towns_with_records
    from service.store.engine import open_store
    from service.store.migrate import migrate

    database = folder / "scale.db"
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    engine = open_store(f"sqlite:///{database}")
    migrate(engine)
    seed_from_folder(engine, town_dir, "scale", now)
    (town,) = towns_with_records(engine)
    # A list that does not say its date gives records without one, which no desk shows.
    options = ImportOptions(as_of=today)
    with measured("取り込みの計画") as said:
        planned = plan_import(engine, town, source, source.name, options, today)
        said.append(f"{len(planned.plan.rows):,} 行")
    wrong = frozenset(
        row.place for row in planned.plan.rows if any(f.level == "error" for f in row.findings)
    )
    decisions = Decisions(leave_out=wrong, accept_vanished=True)
    with measured("取り込み（データベースへ）") as said:
        result = carry_out(engine, town, planned, decisions, "scale", now)
        said.append(f"{result.added:,} 件、誤りで除いた行 {len(wrong):,}")
    del planned
    with measured("データベースから支援先データを読む") as said:
        knowledge = read_knowledge(engine, town, load_national())
        said.append(f"地域資源 {len(knowledge.resources):,} 件")
    engine.dispose()
    return knowledge
