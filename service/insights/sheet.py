"""A table of figures as the page shows it, and as a CSV that is safe to open."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

# What stands in the place of a withheld count.
WITHHELD = "5未満など"
WITHHELD_NOTE = "「＊」は伏せた数です。5未満（1〜4）の数と、それが引き算で分からないように一緒に伏せた数（0や5以上のこともあります）を、区別しないで伏せています。"
Cell = int | str | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A table.  The first cell of a row names it; None is a withheld count.

    ``key`` names the table in addresses and file names, ``note`` says how it was counted.
    """

    key: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def withholds(self) -> bool:
        """Whether a count is withheld."""
        return any(None in row for row in self.rows)


def table_csv(table: Table) -> str:
    """Return the table as CSV; a withheld count is 「5未満など」."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_safe(cell) for cell in table.head])
    for row in table.rows:
        writer.writerow([WITHHELD if cell is None else _safe(cell) for cell in row])
    return text.getvalue()


def _safe(cell: int | str) -> int | str:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    is_formula = isinstance(cell, str) and cell.lstrip().startswith(_FORMULA_STARTS)
    return f"'{cell}" if is_formula or (isinstance(cell, str) and cell[:1] in "\t\r") else cell


def percent(part: int, whole: int) -> str:
    """Return ``73%``; 「－」 of nothing."""
    return f"{round(100 * part / whole)}%" if whole else "－"
