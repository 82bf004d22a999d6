"""Saying which form a sheet is of, and on which row its columns are named."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.importing.form import Form
from knowledge.importing.tables import Row, Sheet
from knowledge.importing.text import fold_header

# Titles, remarks and blank rows may stand above the header.
SEARCHED_ROWS = 30
_MAX_HEIGHT = 4
_TYPE_WORDS = ("xsd:", "ic:", "schema:")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it stands, what it is called, what it means."""

    index: int
    header: str
    role: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet's form, its columns, and the last row that belongs to its header."""

    form: Form
    columns: tuple[Column, ...]
    header: tuple[str, ...]
    header_rows: tuple[int, ...]
    unknown: tuple[str, ...]

    @property
    def first_data_row(self) -> int:
        """The row below the header."""
        return max(self.header_rows, default=0) + 1


def first_rows(sheet: Sheet) -> tuple[Row, ...]:
    """Return the rows in which a header is looked for."""
    return tuple(itertools.islice(sheet.rows(), SEARCHED_ROWS))


def recognise(rows: Sequence[Row], forms: Iterable[Form]) -> Layout | None:
    """Return the layout of a sheet that begins with ``rows``; None when no form fits.

    Of several forms the one that knows the most of the columns is taken, and of
    several rows the one that names the most; a header over two or three rows is put
    together from top to bottom.
    """
    best: Layout | None = None
    positional: Layout | None = None
    for form in forms:
        if form.header == "none":
            positional = positional or _by_position(rows, form)
            continue
        layout = _by_name(rows, form)
        if layout and (best is None or len(layout.columns) > len(best.columns)):
            best = layout
    return best or positional


def _by_position(rows: Sequence[Row], form: Form) -> Layout | None:
    """Return the layout of a sheet without a header: 列1, 列2 … exactly as many as mapped."""
    width = max((len(cells) for _, cells in rows), default=0)
    header = tuple(f"列{position}" for position in range(1, width + 1))
    columns = _columns(header, form)
    complete = len(columns) == len(form.columns) == width
    return Layout(form, columns, header, (), ()) if complete else None


def _by_name(rows: Sequence[Row], form: Form) -> Layout | None:
    wanted = form.by_header()
    signature = {fold_header(name) for name in form.signature}
    best: tuple[int, Layout] | None = None
    for start, height in itertools.product(range(len(rows)), range(1, _MAX_HEIGHT + 1)):
        block = rows[start : start + height]
        if len(block) < height:
            continue
        header = join_headers([cells for _, cells in block])
        known = {name for name in map(fold_header, header) if name in wanted}
        if signature - known or not known:
            continue
        # A taller header must name more, or the row below it is data already.
        score = len(known) * 2 - height
        if best is None or score > best[0]:
            numbers = tuple(number for number, _ in block)
            best = score, _layout(form, header, _with_rows_below(rows, numbers, wanted))
    return best[1] if best else None


def _layout(form: Form, header: tuple[str, ...], numbers: tuple[int, ...]) -> Layout:
    columns = _columns(header, form)
    taken = {column.index for column in columns}
    unknown = tuple(
        name for index, name in enumerate(header) if index not in taken and name.strip()
    )
    return Layout(form, columns, header, numbers, unknown)


def _columns(header: tuple[str, ...], form: Form) -> tuple[Column, ...]:
    roles = form.by_header()
    found = ((index, name, roles.get(fold_header(name))) for index, name in enumerate(header))
    return tuple(Column(index, name, role) for index, name, role in found if role)


def _with_rows_below(
    rows: Sequence[Row], numbers: tuple[int, ...], wanted: dict[str, str]
) -> tuple[int, ...]:
    """Add the rows right below that still describe columns (types, labels in another tongue)."""
    below = [row for row in rows if row[0] > numbers[-1]]
    for number, cells in below:
        filled = [cell for cell in cells if cell.strip()]
        typed = sum(cell.strip().startswith(_TYPE_WORDS) for cell in filled)
        named = sum(fold_header(cell) in wanted for cell in filled)
        labels = typed * 2 > len(filled) or named * 2 > len(filled)
        if not filled or not (labels or _labels_before_types(number, below)):
            break
        numbers = (*numbers, number)
    return numbers


def _labels_before_types(number: int, below: Sequence[Row]) -> bool:
    """True for a row of labels that a row of types follows (CPSV-J has keys, labels, types)."""
    following = next((cells for other, cells in below if other == number + 1), [])
    filled = [cell for cell in following if cell.strip()]
    return bool(filled) and sum(c.strip().startswith(_TYPE_WORDS) for c in filled) * 2 > len(filled)


def join_headers(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return one name per column from the rows of a header, top to bottom.

    A blank cell beside a heading that has names below it belongs to that heading: a
    merged cell keeps its text in its first column only.
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in rows]
    for level, row in enumerate(grid[:-1]):
        below = grid[level + 1]
        for index in range(1, width):
            if not row[index] and below[index] and row[index - 1] and below[index - 1]:
                row[index] = row[index - 1]
    return tuple(_joined(column) for column in zip(*grid, strict=True))


def _joined(parts: tuple[str, ...]) -> str:
    kept = [
        part for part, above in zip(parts, ("", *parts), strict=False) if part and part != above
    ]
    return "_".join(kept)
