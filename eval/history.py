"""Every run kept in one SQLite file: what with, how good, and where each case stood.

No note is kept, only ids and codes: the cases may come from a desk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.cases import CaseProblem
from eval.charts import TrendPoint
from eval.metrics import Estimate
from eval.run import Run, Scores

FILE = "eval-history.db"
_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, system TEXT NOT NULL, code TEXT NOT NULL,
  model TEXT NOT NULL, knowledge TEXT NOT NULL, cases TEXT NOT NULL, cases_hash TEXT NOT NULL,
  total INTEGER NOT NULL, labelled INTEGER NOT NULL, accepted_at TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS metrics (
  run_id INTEGER NOT NULL REFERENCES runs(id), name TEXT NOT NULL, mean REAL NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (run_id, name));
CREATE TABLE IF NOT EXISTS answers (
  run_id INTEGER NOT NULL REFERENCES runs(id), case_id TEXT NOT NULL, places TEXT NOT NULL,
  missed_flags TEXT NOT NULL, wrong_flags TEXT NOT NULL, route TEXT NOT NULL,
  PRIMARY KEY (run_id, case_id));
"""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run of the history; ``accepted_at`` is empty until somebody accepts it."""

    id: int
    at: str
    system: str
    code: str
    model: str
    knowledge: str
    cases: str
    cases_hash: str
    total: int
    labelled: int
    accepted_at: str
    metrics: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Where the primaries of one case stood (None: not in the list), and its flags."""

    places: dict[str, int | None]
    missed_flags: tuple[str, ...]
    wrong_flags: tuple[str, ...]
    route: str


def keep_run(file: Path, run: Run, scores: Scores, at: str) -> int:
    """Add a run, whole or not at all; return its number.  ``at`` is ISO 8601."""
    made = run.provenance
    name, _, digest = made.get("cases", "").rpartition(" ")
    with _open(file) as db:
        number = db.execute(
            "INSERT INTO runs(at, system, code, model, knowledge, cases, cases_hash, total, labelled)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (at, run.system, made.get("code", ""), made.get("model", ""),
             made.get("knowledge", ""), name, digest, len(run.cases), len(scores.rows)),
        ).lastrowid or 0  # fmt: skip
        db.executemany(
            "INSERT INTO metrics VALUES (?,?,?,?,?,?)",
            [
                (number, metric, v.mean, v.low, v.high, v.count)
                for metric, v in scores.totals.items()
            ],
        )
        db.executemany("INSERT INTO answers VALUES (?,?,?,?,?,?)", _answer_rows(number, run))
    return number


def list_runs(file: Path, cases_hash: str = "", system: str = "") -> list[KeptRun]:
    """Return the kept runs, oldest first, of one case set and one system if given."""
    with _open(file) as db:
        rows = db.execute(
            "SELECT * FROM runs WHERE (?1 = '' OR cases_hash = ?1) AND (?2 = '' OR system = ?2)"
            " ORDER BY id",
            (cases_hash, system),
        ).fetchall()
        return [_kept(db, row) for row in rows]


def get_run(file: Path, number: int) -> KeptRun:
    """Return one kept run; raise :class:`CaseProblem` when there is no such number."""
    for kept in list_runs(file):
        if kept.id == number:
            return kept
    raise CaseProblem(
        f"番号 {number} の記録はありません。番号は `tsunagi eval history list` で見られます"
    )


def answers_of(file: Path, number: int) -> dict[str, KeptAnswer]:
    """Return the answers of a kept run by case id."""
    with _open(file) as db:
        rows = db.execute("SELECT * FROM answers WHERE run_id = ? ORDER BY case_id", (number,))
        return {
            row["case_id"]: KeptAnswer(
                json.loads(row["places"]),
                tuple(json.loads(row["missed_flags"])),
                tuple(json.loads(row["wrong_flags"])),
                row["route"],
            )
            for row in rows
        }


def accept_run(file: Path, number: int, at: str) -> KeptRun:
    """Mark a run as the one that later ones must not fall behind."""
    get_run(file, number)
    with _open(file) as db:
        db.execute("UPDATE runs SET accepted_at = ? WHERE id = ?", (at, number))
    return get_run(file, number)


def last_accepted(file: Path, cases_hash: str, system: str) -> KeptRun | None:
    """Return the run accepted last for the same cases and system, or None."""
    accepted = [run for run in list_runs(file, cases_hash, system) if run.accepted_at]
    return max(accepted, key=lambda run: (run.accepted_at, run.id), default=None)


def export_lines(file: Path) -> Iterator[str]:
    """Yield every kept run with its answers as one line of JSON, oldest first."""
    for run in list_runs(file):
        answers = {key: asdict(answer) for key, answer in answers_of(file, run.id).items()}
        yield json.dumps(asdict(run) | {"answers": answers}, ensure_ascii=False)


def trend_of(file: Path, run: Run) -> list[TrendPoint]:
    """Return the kept runs of the same system on the same cases as ``run``, oldest first.

    ``file`` is a history, or what :func:`export_lines` wrote.
    """
    digest = run.provenance.get("cases", "").rpartition(" ")[2]
    if not file.exists() or not digest:
        return []
    if file.suffix == ".jsonl":
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        rows = [x for x in lines if (x["cases_hash"], x["system"]) == (digest, run.system)]
    else:
        rows = [asdict(kept) for kept in list_runs(file, digest, run.system)]
    return [_point(row) for row in rows if "recall_primary@5" in row["metrics"]]


def _point(row: dict[str, Any]) -> TrendPoint:
    value = row["metrics"]["recall_primary@5"]
    return TrendPoint(row["at"][:10], row["code"], value["mean"], value["low"], value["high"])


@contextmanager
def _open(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the history, made if it is not there; all changes of the block or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, timeout=30)) as db:
        db.row_factory = sqlite3.Row
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                db.executescript(f"{_TABLES} PRAGMA user_version = {_FORMAT};")
        except sqlite3.DatabaseError as error:
            raise CaseProblem(f"{file}: 評価の記録として読めません（{error}）") from error
        if version not in (0, _FORMAT):
            raise CaseProblem(f"{file}: 新しい版のつなぎの記録です。つなぎを新しくしてください")
        with db:
            yield db


def _kept(db: sqlite3.Connection, row: sqlite3.Row) -> KeptRun:
    found = db.execute("SELECT * FROM metrics WHERE run_id = ? ORDER BY rowid", (row["id"],))
    metrics = {m["name"]: Estimate(m["mean"], m["low"], m["high"], m["count"]) for m in found}
    return KeptRun(**dict(row), metrics=metrics)


def _answer_rows(number: int, run: Run) -> list[tuple[int, str, str, str, str, str]]:
    rows: list[tuple[int, str, str, str, str, str]] = []
    for case in run.cases:
        answer = run.predictions[case.id]
        place = {code: n for n, code in enumerate(answer.ranked, start=1)}
        wanted, shown = set(case.red_flags), set(answer.red_flags)
        rows.append(
            (
                number,
                case.id,
                json.dumps({code: place.get(code) for code in case.primary or ()}),
                json.dumps(sorted(wanted - shown)),
                # Without labels nothing is known to be wrong.
                json.dumps(sorted(shown - wanted) if case.is_labelled else []),
                answer.route,
            )
        )
    return rows
