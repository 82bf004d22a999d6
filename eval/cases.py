"""Reading evaluation cases and predictions from JSON Lines, with errors that name the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

CASES_DIR = Path(__file__).parent / "cases"
M = TypeVar("M", bound=BaseModel)


class CaseProblem(Exception):
    """The file cannot be used; the message (Japanese) names file, line and remedy."""


class Case(BaseModel):
    """One labelled note.  ``primary`` is None for a case without labels: run, not scored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    note: str
    primary: tuple[str, ...] | None = None
    acceptable: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    label_origin: str = ""
    voice: str = ""

    @property
    def is_labelled(self) -> bool:
        """True when the case can be scored: by its categories, or by its red flags alone.

        A case that gives red flags and no ``primary`` at all is scored on the flags only.
        """
        return bool(self.primary) or (self.primary is None and "red_flags" in self.model_fields_set)


class Prediction(BaseModel):
    """What a system answers to one case: category codes best first, each once.

    ``scores``, if given, are the chances of ``ranked``, in the same order; None: no scores.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str
    ranked: tuple[str, ...]
    scores: tuple[float, ...] | None = None
    red_flags: tuple[str, ...] = ()
    route: Literal["refer", "other_department", "insufficient", "none"] = "refer"

    @field_validator("ranked", "red_flags")
    @classmethod
    def _each_once_at_its_best_rank(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(codes))


def load_cases(path: Path) -> tuple[Case, ...]:
    """Return the cases of a file in order; raise :class:`CaseProblem` for any fault."""
    return _load(path, Case)


def load_predictions(path: Path) -> dict[str, Prediction]:
    """Return an outside engine's predictions by case id."""
    return {p.id: p for p in _load(path, Prediction)}


def _load(path: Path, model: type[M]) -> tuple[M, ...]:
    items: list[M] = []
    seen: set[str] = set()
    for line, data in _lines(path):
        try:
            item = model.model_validate(data)
        except ValidationError as error:
            fault = error.errors()[0]
            field = ".".join(str(part) for part in fault["loc"])
            raise CaseProblem(
                f"{path.name} {line}行目「{field}」: 項目が足りないか形が違います（{fault['msg']}）"
            ) from error
        key = str(data["id"])
        if key in seen:
            raise CaseProblem(f"{path.name} {line}行目: id「{key}」が重なっています")
        seen.add(key)
        items.append(item)
    if not items:
        raise CaseProblem(f"{path.name}: 事例が1件もありません")
    return tuple(items)


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CaseProblem(f"{path}: ファイルがありません") from error
    except UnicodeDecodeError as error:
        raise CaseProblem(f"{path.name}: 文字コードが UTF-8 ではありません") from error
    # Not splitlines(): a note may hold U+2028 or U+0085.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError as error:
            raise CaseProblem(
                f"{path.name} {number}行目: JSON として読めません（{error.msg}）"
            ) from error
