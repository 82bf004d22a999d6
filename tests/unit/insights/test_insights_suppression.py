"""Small counts stay withheld, whatever is added up or taken away."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.insights.suppress import (
    LEAST_SHOWN,
    Protected,
    is_small,
    merged,
    protect,
    protect_counts,
)

_COUNTS = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 9])
_SHAPES = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 2), (4, 1)]
_TABLES = st.sampled_from(_SHAPES).flatmap(
    lambda shape: st.lists(
        st.lists(_COUNTS, min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def test_a_small_count_is_withheld_and_so_is_what_would_give_it_away() -> None:
    # 中町 3, 萌黄台 20, 川原田 30, in all 53: without a second gap, 53 - 20 - 30 = 3.
    found = protect([[3, 20, 30]], keep_row_totals=True)
    assert found.cells == ((None, None, 30),)
    assert found.row_totals == (53,)
    assert found.withholds


def test_a_table_without_small_counts_is_shown_whole() -> None:
    found = protect([[5, 6], [7, 0]])
    assert found == Protected(((5, 6), (7, 0)), (11, 7), (12, 6), 18)
    assert not found.withholds


def test_zero_is_shown_nobody_is_behind_it() -> None:
    assert protect_counts([0, 1, 4, 5]) == (0, None, None, 5)


@settings(max_examples=150, deadline=None)
@given(_TABLES)
def test_no_withheld_count_can_be_derived_from_the_rest(table: list[list[int]]) -> None:
    found = protect(table)
    _assert_nothing_small_is_shown(found)
    _assert_nothing_small_is_left_over(table, found)
    _assert_not_derivable(table, found)


@settings(max_examples=150, deadline=None)
@given(_TABLES)
def test_nor_when_the_totals_of_the_rows_are_shown(table: list[list[int]]) -> None:
    rows = [row for row in table if sum(row) >= LEAST_SHOWN]
    if not rows:
        return
    found = protect(rows, keep_row_totals=True)
    assert None not in (*found.row_totals, found.total)
    _assert_nothing_small_is_left_over(rows, found)
    _assert_not_derivable(rows, found)


@given(st.lists(st.lists(_COUNTS, min_size=8, max_size=8), min_size=10, max_size=10))
@settings(max_examples=30, deadline=None)
def test_a_large_table_is_protected_too_and_what_is_shown_is_true(table: list[list[int]]) -> None:
    found = protect(table)
    _assert_nothing_small_is_shown(found)
    _assert_nothing_small_is_left_over(table, found)
    for row, shown in zip(table, found.cells, strict=True):
        assert all(cell is None or cell == count for cell, count in zip(shown, row, strict=True))


@given(st.lists(st.integers(0, 12), max_size=8))
def test_rows_too_small_to_stand_alone_come_together(totals: list[int]) -> None:
    groups = merged(totals)
    sums = [sum(totals[place] for place in group) for group in groups]
    assert sum(sums) == sum(totals)
    assert sorted(p for g in groups for p in g) == [i for i, n in enumerate(totals) if n]
    # Only all of them together may still be too few.
    assert not any(map(is_small, sums)) or len(groups) == 1


def test_a_small_total_cannot_be_promised() -> None:
    with pytest.raises(ValueError, match="small"):
        protect([[3, 1]], keep_row_totals=True)
    with pytest.raises(ValueError, match="below 0"):
        protect([[-1]])
    with pytest.raises(ValueError, match="equal length"):
        protect([[1, 2], [3]])


def _assert_nothing_small_is_shown(found: Protected) -> None:
    shown = [*found.row_totals, *found.column_totals, found.total, *sum(found.cells, ())]
    assert not any(is_small(count) for count in shown if count is not None)


def _assert_nothing_small_is_left_over(table: list[list[int]], found: Protected) -> None:
    """A shown total minus the shown counts of its line must not be small either."""
    columns = range(len(table[0]))
    lines = [*zip(found.row_totals, found.cells, strict=True)]
    lines += [(found.column_totals[c], tuple(row[c] for row in found.cells)) for c in columns]
    lines += [(found.total, found.row_totals), (found.total, found.column_totals)]
    for total, parts in lines:
        if total is not None:
            assert not is_small(total - sum(part or 0 for part in parts)), (table, found)


def _assert_not_derivable(table: list[list[int]], found: Protected) -> None:
    """Try every table that fits what is shown: each withheld count must differ somewhere."""
    rows, columns = range(len(table)), range(len(table[0]))
    hidden = [(r, c) for r in rows for c in columns if found.cells[r][c] is None]
    most = max(max(row) for row in table) + 1
    seen: dict[tuple[str, int, int], set[int]] = {}
    for counts in product(range(most + 1), repeat=len(hidden)) if len(hidden) < 5 else ():
        guess = [list(row) for row in found.cells]
        for (r, c), count in zip(hidden, counts, strict=True):
            guess[r][c] = count
        full = [[cell or 0 for cell in row] for row in guess]
        sums = _sums(full)
        if all(shown is None or shown == sums[key] for key, shown in _shown_sums(found).items()):
            for key, value in sums.items():
                seen.setdefault(key, set()).add(value)
    for key, values in seen.items():
        assert _shown_sums(found)[key] is not None or len(values) > 1, (table, found, key)


def _sums(table: list[list[int]]) -> dict[tuple[str, int, int], int]:
    found = {("cell", r, c): count for r, row in enumerate(table) for c, count in enumerate(row)}
    found |= {("row", r, 0): sum(row) for r, row in enumerate(table)}
    found |= {("column", c, 0): sum(row[c] for row in table) for c in range(len(table[0]))}
    return found | {("all", 0, 0): sum(map(sum, table))}


def _shown_sums(found: Protected) -> dict[tuple[str, int, int], int | None]:
    shown = {("cell", r, c): n for r, row in enumerate(found.cells) for c, n in enumerate(row)}
    shown |= {("row", r, 0): n for r, n in enumerate(found.row_totals)}
    shown |= {("column", c, 0): n for c, n in enumerate(found.column_totals)}
    return shown | {("all", 0, 0): found.total}
