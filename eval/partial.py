"""Answers kept while a run goes on, so that a run that was killed goes on where it stopped.

One line per answer is appended and flushed at once; what a kill leaves half-written is the
last line, which is dropped when the file is read again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.cases import CaseProblem, Prediction
from eval.causes import Cause

PARTIAL = "partial.jsonl"
# What must be the same for two answers to stand in one run; the day is taken over.
MADE_WITH = {
    "system": "システム",
    "code": "プログラム",
    "model": "モデル",
    "knowledge": "目録と町のデータ",
    "town": "町",
    "cases": "事例",
    "predictions": "外部の結果",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system answered to one case, and why it missed what it missed."""

    prediction: Prediction
    causes: tuple[Cause, ...] = ()


class Partial:
    """The answers of a run so far, on disk."""

    def __init__(self, path: Path, made_with: dict[str, str], answers: dict[str, Answer]) -> None:
        self.path, self.made_with, self.answers = path, made_with, answers
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written anew, whole, so that a torn last line is gone before anything is appended.
        aside = path.with_name(f".{path.name}.new")
        lines = [_line({"made_with": made_with})] + [_line(_data(a)) for a in answers.values()]
        aside.write_text("".join(lines), encoding="utf-8")
        aside.replace(path)
        self._file = path.open("a", encoding="utf-8")

    def keep(self, answer: Answer) -> None:
        """Append one answer; it survives the end of the process from here on."""
        self.answers[answer.prediction.id] = answer
        self._file.write(_line(_data(answer)))
        self._file.flush()

    def close(self, finished: bool) -> None:
        """Close the file, and delete it when the run has been written."""
        self._file.close()
        if finished:
            self.path.unlink(missing_ok=True)


def open_partial(out: Path, made_with: dict[str, str], resume: bool) -> Partial:
    """Return the answers of an interrupted run in ``out``, or none if not to ``resume``.

    Raises :class:`CaseProblem` (Japanese) when they were made with something else.
    """
    path = out / PARTIAL
    if not resume:
        return Partial(path, made_with, {})
    before, answers = _read(path) if path.exists() else _finished(out)
    if before is None:
        return Partial(path, made_with, {})
    other = [n for key, n in MADE_WITH.items() if _made(before, key) != _made(made_with, key)]
    if other:
        raise CaseProblem(
            f"{out}: 途中の結果は、いまと違うもので作られています（{'、'.join(other)}）。"
            "続きからはできません。--resume を外して、はじめから測ってください"
        )
    return Partial(path, made_with | {"date": before.get("date", "")}, answers)


def day_of(out: Path, today: str) -> str:
    """Return the day that a resumed run goes on with: the one it began on, else ``today``."""
    path = out / PARTIAL
    before, _ = _read(path) if path.exists() else _finished(out)
    return (before or {}).get("date") or today


def _made(made_with: dict[str, str], key: str) -> str:
    """Return what must be the same: of the program its digest, a commit may touch other things."""
    value = made_with.get(key, "")
    return value.rpartition(" ")[2] if key == "code" else value


def _read(path: Path) -> tuple[dict[str, str] | None, dict[str, Answer]]:
    before: dict[str, str] | None = None
    answers: dict[str, Answer] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            data = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "made_with" in data:
            before = data["made_with"]
        else:
            answer = _answer(data)
            answers[answer.prediction.id] = answer
    return before, answers


def _finished(out: Path) -> tuple[dict[str, str] | None, dict[str, Answer]]:
    """Return the answers of a run that was written whole."""
    path = out / "run.json"
    if not path.exists():
        return None, {}
    run = json.loads(path.read_text(encoding="utf-8"))
    answers = [
        _answer({"prediction": row, "causes": row.get("causes", ())}) for row in run["cases"]
    ]
    return run["provenance"] | {"system": run["system"]}, {a.prediction.id: a for a in answers}


def _answer(data: dict[str, Any]) -> Answer:
    causes = tuple(Cause(**cause) for cause in data["causes"])
    return Answer(Prediction.model_validate(data["prediction"]), causes)


def _data(answer: Answer) -> dict[str, Any]:
    return {
        "prediction": answer.prediction.model_dump(),
        "causes": [asdict(cause) for cause in answer.causes],
    }


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"
