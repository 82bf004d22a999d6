"""Import every real open-data file and print rows, fates, seconds and memory.

Not a test: the files are never committed, so it reads them where they are.
    python -m tests.real_files.import_real [--folder FOLDER] [--only WORDS] [--again]
The folder is ``TSUNAGI_OPENDATA`` or ``../shared/opendata`` beside the repository.
``--again`` imports each file a second time onto its own result: all rows must be the same.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.municipalities import NO_MUNICIPALITIES, read_municipalities
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from knowledge.importing.run import ImportContext, plan_file

DEFAULT = Path(__file__).parents[3] / "shared" / "opendata"
TODAY = date(2026, 11, 24)
ENDINGS = (".csv", ".xlsx", ".json", ".gz")


def files(folder: Path, only: str) -> Iterator[Path]:
    """Yield the tables of the folder, the schemas and lists of columns left out."""
    for path in sorted(folder.rglob("*")):
        table = path.suffix in ENDINGS and path.name != "attributes.csv"
        if table and "schemas" not in path.parts and only in str(path):
            yield path


def planned(path: Path, context: ImportContext) -> tuple[ImportPlan, bool]:
    """Return the plan of a file; a proposed mapping is confirmed as it is, as a keeper in haste would."""
    plan = plan_file(path, path.name, context)
    if plan.rows or not plan.proposals:
        return plan, False
    mappings = tuple(item.proposal.form for item in plan.proposals)
    context = ImportContext(today=TODAY, municipalities=context.municipalities, existing=context.existing, mappings=mappings)  # fmt: skip
    return plan_file(path, path.name, context), True


def read_seconds(path: Path) -> float:
    """Return how long the table library alone takes to read the file."""
    from openpyxl import load_workbook

    started = time.process_time()
    if path.suffix == ".xlsx":
        book = load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            for _ in sheet.iter_rows(values_only=True):
                pass
    elif path.suffix in (".csv", ".gz"):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            for _ in csv.DictReader(text):
                pass
    return time.process_time() - started


def measure(path: Path, folder: Path, again: bool) -> str:
    """Return the table's line for one file."""
    listed = folder / "localgovjp" / "localgovjp-utf8.csv"
    known = read_municipalities(listed, listed.name) if listed.exists() else NO_MUNICIPALITIES
    reading = read_seconds(path)
    started = time.process_time()
    name = str(path.relative_to(folder))
    try:
        plan, mapped = planned(path, ImportContext(today=TODAY, municipalities=known))
    except ImportRefused as refused:
        return f"| {name} | 断る: {refused.findings[0].remedy} | | | | | |"
    seconds = time.process_time() - started
    fates = "、".join(f"{fate} {count}" for fate, count in plan.counts.items() if count)
    if plan.errors and not plan.rows:
        fates = f"断る: {plan.errors[0].remedy}"
    elif again:
        fates += _second_time(path, plan, known)
    checks = sum(f.level == "check" for row in plan.rows for f in row.findings)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    form = ("対応表 " if mapped else "") + "、".join(plan.forms)
    return f"| {name} | {form} | {fates} | {checks} | {len(plan.merges)} | {reading:.2f} → {seconds:.2f} | {memory} |"


def _second_time(path: Path, plan: ImportPlan, known: object) -> str:
    errors = frozenset(row.place for row in plan.rows if row.fate == "error")
    records: tuple[KeptRecord, ...] = apply(plan, Decisions(leave_out=errors))
    context = ImportContext(today=TODAY, municipalities=known, existing=records)  # type: ignore[arg-type]
    counts = planned(path, context)[0].counts
    return " ／もう一度: " + "、".join(f"{fate} {count}" for fate, count in counts.items() if count)


def summary(lines: Iterable[str]) -> str:
    """Return how many files were read by a form, by a proposed mapping, or not, and why not."""
    ways: Counter[str] = Counter()
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")] if "|" in line else ["", "", "失敗"]
        refused = next((cell for cell in cells if cell.startswith("断る")), "")
        mapped = "列の対応を提案して読めた" if cells[2].startswith("対応表") else "様式が分かった"
        ways[refused or mapped] += 1
    return "".join(f"{count:4} {way}\n" for way, count in ways.most_common())


def main() -> int:
    """Print one line per file; each runs in a process of its own, so that its memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path(os.environ.get("TSUNAGI_OPENDATA", DEFAULT))
    )
    parser.add_argument("--only", default="")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--one", type=Path)
    args = parser.parse_args()
    if not args.folder.is_dir():
        sys.stdout.write(
            f"{args.folder} がありません。--folder か TSUNAGI_OPENDATA で場所を示してください\n"
        )
        return 0
    if args.one:
        sys.stdout.write(measure(args.one, args.folder, args.again) + "\n")
        return 0
    sys.stdout.write(
        "| ファイル | 様式 | 行の結果 | 確かめる | まとめる候補 | 読むだけ → 計画（CPU秒） | 最大メモリ MB |\n"
    )
    sys.stdout.write("|---|---|---|---|---|---|---|\n")
    lines = []
    for path in files(args.folder, args.only):
        command = [sys.executable, "-m", "tests.real_files.import_real", "--folder", str(args.folder), "--one", str(path)]  # fmt: skip
        again = ["--again"] if args.again else []
        done = subprocess.run([*command, *again], check=False, stdout=subprocess.PIPE, text=True)
        lines.append(done.stdout)
        sys.stdout.write(done.stdout)
        sys.stdout.flush()
    sys.stdout.write(summary(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
