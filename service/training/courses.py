"""The courses (研修の課程): invented cases by sector, each with its judgement and the lesson.

No case of the evaluation is among them, and none is ever trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

_FOLDER = Path(__file__).with_name("cases")
# In the order in which a newcomer takes them.
COURSES: Mapping[str, str] = MappingProxyType(
    {
        "elderly": "高齢",
        "disability": "障害",
        "child": "こども",
        "poverty": "生活困窮",
        "listening": "聞き取り",
        "silence": "断る・聞き返す",
        "danger": "緊急・通報",
        "mixed": "複合の課題",
        "hamlet": "小さな町の地域資源",
    }
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wrong(_Part):
    """A tempting wrong choice: a category or a red flag, and why not."""

    code: str
    why: str = Field(min_length=1)


class TrainingCase(_Part):
    """One case of a course.

    ``primary``, ``acceptable`` and ``red_flags`` are codes of the taxonomy, as in the
    evaluation's cases; ``why`` has one line for each primary category.
    """

    id: str
    difficulty: Literal[1, 2, 3]
    note: str = Field(min_length=40, max_length=500)
    primary: tuple[str, ...] = Field(min_length=1, max_length=5)
    acceptable: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = Field(min_length=1)
    why: str = Field(min_length=1)
    law: str = ""
    ask: tuple[str, ...] = Field(min_length=1)
    lesson: str = Field(min_length=1)


@cache
def course(name: str) -> tuple[TrainingCase, ...]:
    """Return the cases of a course in their order.  Raises KeyError for an unknown one."""
    if name not in COURSES:
        raise KeyError(name)
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return tuple(TrainingCase.model_validate(case) for case in yaml.safe_load(text))
