"""One short word for everything a plan and its records say: did a change of the code change it?

Not a test: run before and after, on the real files, and compare the two lists.
    python -m tests.real_files.digest [--folder FOLDER] [--only WORDS] > before.txt
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.municipalities import read_municipalities
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from knowledge.importing.run import ImportContext
from tests.real_files.import_real import DEFAULT, TODAY, files, planned


def words_of(plan: ImportPlan) -> Iterable[str]:
    """Every row's fate and draft, then what is said of the file, in the order of the plan."""
    for row in plan.rows:
        draft = row.draft
        said = (row.place, row.fate, row.record_id, row.changes, row.conflicts, row.findings)
        yield repr((*said, row.double_of, draft.origin, draft.header, draft.cells))
        yield repr((list(draft.fields.items()), draft.proposals, draft.findings, draft.outside))
    yield repr((plan.retired, plan.merges, plan.findings, plan.proposals, plan.vanishing))
    yield repr(sorted(plan.datasets))


def words_of_records(records: Iterable[KeptRecord]) -> Iterable[str]:
    """Every record as it would be kept, with what is remembered of its rows."""
    for record in records:
        yield repr((record.id, dict(record.fields), record.state, sorted(record.unconfirmed)))
        for source in record.sources:
            place = (source.file, source.sheet, source.row, source.imported_on)
            yield repr((source.origin, dict(source.fields), dict(source.original), *place))


def digest(lines: Iterable[str]) -> str:
    """The first twelve letters of the SHA-256 of all lines."""
    total = sha256()
    for line in lines:
        total.update(line.encode())
    return total.hexdigest()[:12]


def line_of(path: Path, folder: Path) -> str:
    """The file's name, and the word for its plan, its records and its second plan."""
    listed = folder / "localgovjp" / "localgovjp-utf8.csv"
    context = ImportContext(today=TODAY, municipalities=read_municipalities(listed, listed.name))
    name = str(path.relative_to(folder))
    try:
        plan, _ = planned(path, context)
        left = frozenset(row.place for row in plan.rows if row.fate == "error")
        first = digest(words_of(plan))
        records = apply(plan, Decisions(leave_out=left))
    except ImportRefused as refused:
        return f"{name}\trefused\t{digest([str(refused)])}\t{len(refused.findings)}"
    kept = digest(words_of_records(records))
    context = ImportContext(
        today=TODAY, municipalities=context.municipalities, existing=records[:20_000]
    )
    again = digest(words_of(planned(path, context)[0])) if len(plan.rows) < 50_000 else "-"
    return f"{name}\t{first}\t{kept}\t{again}"


def main() -> int:
    """Print one line for each real file."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = Path(os.environ.get("TSUNAGI_OPENDATA", DEFAULT))
    parser.add_argument("--folder", type=Path, default=folder)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    for path in files(args.folder, args.only):
        sys.stdout.write(line_of(path, args.folder) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
