"""Taking the cells of a row by what they mean, and saying which rows are no records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from knowledge.importing.findings import Finding, Place
from knowledge.importing.recognise import Column, Layout
from knowledge.importing.roles import MANY
from knowledge.importing.text import fold_header

# Roles that say nothing by themselves: a row with only these is an empty line of a form.
_BARE = frozenset(("serial", "code", "prefecture", "city", "prefecture_city", "as_of", "source", "join", "source_url", "license"))  # fmt: skip
_FOOT = re.compile(r"\s*(?:※|注[)）:：\s]|合計|小計|総計|計$|出典|資料[:：])")
# What a spreadsheet would run as a formula: =…, @NAME(…), +1+cmd|…
_FORMULA = re.compile(r"\s*(?:=|@[A-Za-z][\w.]*\(|[+\-][A-Za-z][\w.]*[(!|]|[+\-]\d+[+\-*/].*[(!|])")
_PART = "\x1f"
_ANY_FORMULA = re.compile(_PART + _FORMULA.pattern)
_MAYBE_FORMULA = re.compile(_PART + r"(?:[=@+\-]|[^\S\x1f])")


class Cells(NamedTuple):
    """The filled cells of one row: one per role, and lists for the roles of several columns."""

    one: dict[str, str]
    many: dict[str, list[tuple[str, str]]]

    def get(self, role: str) -> str:
        """Return the cell of a role, or an empty text."""
        return self.one.get(role, "")

    def texts(self, role: str) -> list[str]:
        """Return the cells of a role that several columns may have."""
        return [text for _, text in self.many.get(role, ())]


@dataclass(frozen=True, slots=True)
class RowReader:
    """A layout made ready for reading many rows."""

    header: tuple[str, ...]
    name_header: str
    # ``pick`` takes the cells of ``single`` out of a row that has all columns, in one step.
    single: tuple[str, ...]
    pick: Callable[[Sequence[str]], tuple[str, ...]]
    several: tuple[tuple[int, str, str], ...]
    headers: Mapping[str, str]
    constants: Mapping[str, str]
    # Every role a row of this layout can have a cell or a constant for.
    roles: frozenset[str]

    def cells(self, row: Sequence[str]) -> Cells:
        """Return the filled cells of a row; constants fill what the row leaves empty."""
        missing = len(self.header) - len(row)
        if missing > 0:
            row = [*row, *[""] * missing]
        filled = zip(self.single, self.pick(row), strict=True)
        one = {role: cell for role, cell in filled if cell and not cell.isspace()}
        for role, value in self.constants.items():
            one.setdefault(role, value)
        many: dict[str, list[tuple[str, str]]] = {}
        for index, role, header in self.several:
            cell = row[index]
            if cell and not cell.isspace():
                many.setdefault(role, []).append((header, cell))
        return Cells(one, many)


def row_reader(layout: Layout, sheet: str) -> RowReader:
    """Return the reader of a layout's rows."""
    used = [column for column in layout.columns if column.role != "ignore"]
    # Reversed: of two columns of one role the first filled one counts.
    single = [c for c in reversed(used) if c.role not in MANY]
    labels = {fold_header(header): label for header, label in layout.form.labels.items()}
    constants = layout.form.constants_for(sheet)
    return RowReader(
        header=layout.header,
        name_header=next((c.header for c in layout.columns if c.role == "name"), ""),
        single=tuple(c.role for c in single),
        pick=_picker([c.index for c in single]),
        several=tuple(
            (c.index, c.role, labels.get(fold_header(c.header), c.header))
            for c in used
            if c.role in MANY
        ),
        headers=_headers(used),
        constants=constants,
        roles=frozenset((*(c.role for c in used), *constants)),
    )


def _picker(indexes: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(indexes) > 1:
        return itemgetter(*indexes)
    return lambda row: tuple(row[index] for index in indexes)


def _headers(columns: Sequence[Column]) -> dict[str, str]:
    """Return the header to name in a message about a role."""
    named: dict[str, str] = {}
    for column in columns:
        named.setdefault(column.role, column.header)
    return named


def is_no_record(cells: Cells, row: Sequence[str], reader: RowReader) -> bool:
    """True for blank rows, numbered empty lines, headers printed again and foot notes."""
    if "name" not in cells.one:
        constant = reader.constants
        said = {role for role, value in cells.one.items() if constant.get(role) != value} - _BARE
        if not said and not cells.many:
            return True
        filled = [cell for cell in row if cell.strip()]
        return len(filled) == 1 and bool(_FOOT.match(filled[0]))
    name = cells.one["name"]
    if name == reader.name_header:
        return True
    return bool(_FOOT.match(name)) and sum(bool(cell.strip()) for cell in row) <= 2


def formula_findings(place: Place, header: Sequence[str], row: Sequence[str]) -> list[Finding]:
    """Return an error for every cell that a spreadsheet would run as a formula."""
    # One search over the whole row for what may begin one, then for one: nearly none has any.
    joined = _PART + _PART.join(row)
    if not _MAYBE_FORMULA.search(joined) or not _ANY_FORMULA.search(joined):
        return []
    found: list[Finding] = []
    for index, cell in enumerate(row):
        if _FORMULA.match(cell):
            column = header[index] if index < len(header) else f"列{index + 1}"
            remedy = (
                "表計算ソフトの式として働く値です。式の先頭の記号を消すか、この行を除いてください"
            )
            found.append(Finding(place, column, cell, remedy, "error"))
    return found
