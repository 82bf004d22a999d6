"""Saying what is wrong with a knowledge file so that its keeper can fix it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it is, what stands there, and what to do about it."""

    file: str
    row: int | None
    column: str
    value: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}" + (f" {self.row}行目" if self.row else "")
        what = f" 「{self.column}」" if self.column else ""
        value = f"（{self.value[:60]}）" if self.value else ""
        return f"{where}{what}{value}: {self.remedy}"


class KnowledgeError(Exception):
    """The knowledge cannot be used as it stands; carries every problem found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        lines = "\n".join(f"・{problem}" for problem in problems[:20])
        more = f"\n（ほか {len(problems) - 20} 件）" if len(problems) > 20 else ""
        super().__init__(f"支援先データに直すところが {len(problems)} 件あります。\n{lines}{more}")
