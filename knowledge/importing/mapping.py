"""Proposing a mapping for a table nobody has described yet; the keeper confirms it once."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.importing.form import Form
from knowledge.importing.recognise import join_headers
from knowledge.importing.roles import MANY
from knowledge.importing.tables import Row
from knowledge.importing.text import fold_header
from knowledge.importing.wording import is_no, is_yes

_WORDS = Path(__file__).parent / "words" / "headers.csv"
_SIGNATURE = ("name", "address", "phone")
_HEIGHTS = (1, 2, 3)
# Sheet names that say nothing about what is in the sheet.
_PLAIN_SHEETS = ("sheet", "シート", "ワークシート", "data", "一覧")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping worth showing to the keeper, and the headers nobody could place."""

    form: Form
    header_rows: tuple[int, ...]
    unplaced: tuple[str, ...]
    has_name: bool


@dataclass(frozen=True, slots=True)
class _Word:
    role: str
    match: str
    word: str


def propose_mapping(rows: Sequence[Row], name: str, sheet: str = "") -> Proposal:
    """Return a mapping from the words in the header; columns it cannot place are 「describe」.

    Without any row that looks like a header the columns are 列1, 列2 … and all are
    left unused: what they mean is for the keeper to say, not to guess.
    """
    numbers, header = _find_header(rows)
    if not numbers:
        return _without_header(rows, name)
    roles: dict[str, str] = {}
    unplaced: list[str] = []
    marks = _columns_of_marks(rows, numbers[-1])
    for index, cell in enumerate(header):
        role = _role(cell)
        if role is None:
            unplaced.append(cell)
            role = "flag" if index in marks else "describe"
        elif role in roles.values() and role not in MANY:
            role = "describe"
        if cell:
            roles[cell] = role
    kind = {} if "kind" in roles.values() or _says_nothing(sheet) else {"kind": "{sheet}"}
    form = Form(
        id=f"mapping_{fold_header(name)[:40] or 'table'}",
        title=f"{name} の列の対応",
        signature=tuple(c for c, role in roles.items() if role in _SIGNATURE),
        columns=roles,
        constants=kind,
        key=("number", "kind"),
    )
    return Proposal(form, numbers, tuple(c for c in unplaced if c), "name" in roles.values())


def _columns_of_marks(rows: Sequence[Row], header_row: int) -> set[int]:
    """Return the columns that hold nothing but marks for yes and no, and at least one yes."""
    below = [cells for number, cells in rows if number > header_row]
    width = max((len(cells) for cells in below), default=0)
    columns = ({c[i].strip() for c in below if i < len(c)} - {""} for i in range(width))
    return {
        index
        for index, values in enumerate(columns)
        if any(map(is_yes, values)) and all(is_yes(v) or is_no(v) for v in values)
    }


def _find_header(rows: Sequence[Row]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the row numbers and cells of the block that names the most known columns."""
    best: tuple[int, tuple[int, ...], tuple[str, ...]] = (0, (), ())
    for start in range(len(rows)):
        for height in _HEIGHTS:
            block = rows[start : start + height]
            if len(block) < height:
                continue
            header = _distinct(join_headers([cells for _, cells in block]))
            known = {role for role in map(_role, header) if role}
            score = len(known) * 2 - height
            # Two different known columns at least: one alone may be a word in a cell.
            if len(known) >= 2 and score > best[0]:
                best = score, tuple(number for number, _ in block), header
    return best[1], best[2]


def _distinct(header: tuple[str, ...]) -> tuple[str, ...]:
    """Drop the second of two columns of one name: a mapping could not tell them apart."""
    seen: set[str] = set()
    kept: list[str] = []
    for cell in header:
        folded = fold_header(cell)
        kept.append("" if folded in seen else cell)
        seen.add(folded)
    return tuple(kept)


def _without_header(rows: Sequence[Row], name: str) -> Proposal:
    width = max((len(cells) for _, cells in rows), default=1)
    columns = {f"列{position}": "ignore" for position in range(1, width + 1)}
    form = Form(
        id=f"mapping_{fold_header(name)[:40] or 'table'}",
        title=f"{name} の列の対応",
        header="none",
        columns=columns,
    )
    return Proposal(form, (), tuple(columns), has_name=False)


def _role(header: str) -> str | None:
    """Return the role a header's words stand for; None when no word is known."""
    folded = fold_header(header)
    if not folded:
        return None
    for word in _words():
        if word.match == "exact" and folded == word.word:
            return word.role
    for word in _words():
        if word.match == "end" and folded.endswith(word.word):
            return word.role
        if word.match == "start" and folded.startswith(word.word):
            return word.role
    return None


@cache
def _words() -> tuple[_Word, ...]:
    with _WORDS.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return tuple(_Word(r["role"], r["match"], fold_header(r["word"])) for r in rows)


def _says_nothing(sheet: str) -> bool:
    return not sheet or sheet.casefold().startswith(_PLAIN_SHEETS)
