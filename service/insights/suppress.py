"""Small counts withheld, so that no arithmetic on the rest of the table brings one back.

Every count from 1 to 4 is withheld.  That alone is not enough: a total minus the shown counts
would give it.  So more cells are withheld with it, in the way of the classical cell suppression
(Cox 1980; Fischetti & Salazar 1999): a table with its totals is a flow in a graph whose nodes
are the rows, the columns and the two margins, and a withheld count is *not* determined by what
is shown exactly when it lies on a cycle of withheld counts along which one may be added or
taken away without any going below 0.  For each small count the cheapest such cycle is
withheld.  And in no row or column do the withheld counts add up to a small one, which a shown
total would tell.  All withheld cells look alike, so nobody sees which are small.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LEAST_SHOWN = 5
_FAR = 1 << 40
# Only where nothing else helps: a zero is the one small count that may be told.
_ZERO_COST = 50
# Totals are what people look for first.
_TOTAL_COST = 10_000


@dataclass(frozen=True, slots=True)
class Protected:
    """A table of counts to be shown; None is a withheld count.

    ``cells`` has the given shape; ``row_totals``, ``column_totals`` and ``total`` are its sums.
    """

    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    total: int | None

    @property
    def withholds(self) -> bool:
        """Whether anything is withheld."""
        every = [*self.row_totals, *self.column_totals, self.total]
        return None in every or any(None in row for row in self.cells)


def protect(counts: Sequence[Sequence[int]], keep_row_totals: bool = False) -> Protected:
    """Return the table with its totals, its small counts withheld beyond recovery.

    ``keep_row_totals``: the row totals and the total are shown whatever they are.  Tables with
    the same rows and such totals can stand beside each other without telling more together.
    Raises ValueError for a negative count, for rows of unequal length, or when a kept total is
    itself small (1 to 4): merge such rows first, see :func:`merged`.
    """
    grid = _Grid(counts, keep_row_totals)
    grid.settle()
    return grid.shown()


def protect_counts(counts: Sequence[int]) -> tuple[int | None, ...]:
    """Return counts that stand alone (without a total), the small ones withheld."""
    return tuple(None if is_small(count) else count for count in counts)


def is_small(count: int) -> bool:
    """Tell whether a count is withheld.  Zero is shown: nobody is behind it."""
    return 0 < count < LEAST_SHOWN


def merged(totals: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return groups of places so that no group's sum is small, the largest first.

    Places with enough stand alone; the others come together in the last group, and if that is
    still too small, the smallest that stood alone joins them.  A place with 0 is left out.
    All of them in one small group means that nothing can be shown.
    """
    order = sorted((i for i, n in enumerate(totals) if n), key=lambda i: (-totals[i], i))
    alone = [(i,) for i in order if not is_small(totals[i])]
    rest = tuple(i for i in order if is_small(totals[i]))
    if rest and is_small(sum(totals[i] for i in rest)) and alone:
        rest = (*alone.pop(), *rest)
    return (*alone, rest) if rest else tuple(alone)


# A count on its way through the graph: ("cell", row, column), ("row", row, 0) …
_Edge = tuple[str, int, int]
_Node = tuple[str, int]
_ROWS_END, _COLUMNS_END = ("rows", 0), ("columns", 0)


class _Grid:
    """The table as a flow: columns' end → rows → columns → rows' end → columns' end."""

    def __init__(self, counts: Sequence[Sequence[int]], keep_row_totals: bool) -> None:
        self.rows = len(counts)
        self.columns = len(counts[0]) if counts else 0
        if any(len(row) != self.columns for row in counts):
            raise ValueError("the rows of a table must be of equal length")
        if any(count < 0 for row in counts for count in row):
            raise ValueError("a count is below 0")
        self.value: dict[_Edge, int] = dict(_values(counts, self.columns))
        fixed = ("row", "all") if keep_row_totals else ()
        self.fixed = {edge for edge in self.value if edge[0] in fixed}
        if any(is_small(self.value[edge]) for edge in self.fixed):
            raise ValueError("a total that is to be shown is itself small")
        self.withheld = {edge for edge, count in self.value.items() if is_small(count)}

    def settle(self) -> None:
        """Withhold more until nothing withheld is determined, nor adds up to a small count."""
        before = -1
        while len(self.withheld) != before:
            before = len(self.withheld)
            # The smallest last: it finds most help.
            for edge in sorted(self.withheld, key=lambda edge: (-self.value[edge], edge)):
                if not self.is_open(edge):
                    self.withheld |= self.cheapest_cycle(edge)
            for total, parts in self._lines():
                self._widen(total, parts)

    def _widen(self, total: _Edge, parts: Sequence[_Edge]) -> None:
        """Withhold one more of a line whose withheld counts add up to a small one."""
        hidden = sum(self.value[edge] for edge in parts if edge in self.withheld)
        if total in self.withheld or not is_small(hidden):
            return
        more = [e for e in parts if e not in self.withheld | self.fixed and self.value[e]]
        self.withheld.add(min(more, key=lambda edge: (self.value[edge], edge), default=total))

    def _lines(self) -> Iterator[tuple[_Edge, list[_Edge]]]:
        rows, columns = range(self.rows), range(self.columns)
        for r in rows:
            yield ("row", r, 0), [("cell", r, c) for c in columns]
        for c in columns:
            yield ("column", c, 0), [("cell", r, c) for r in rows]
        yield ("all", 0, 0), [("row", r, 0) for r in rows]
        yield ("all", 0, 0), [("column", c, 0) for c in columns]

    def is_open(self, edge: _Edge) -> bool:
        """Tell whether what is shown leaves the count undetermined."""
        cost = self._way(edge, up=True, only=self.withheld)[0]
        return cost < _FAR or self._way(edge, up=False, only=self.withheld)[0] < _FAR

    def cheapest_cycle(self, edge: _Edge) -> set[_Edge]:
        """Return the counts to withhold so that this one is no longer determined."""
        ways = (self._way(edge, up, only=None) for up in (True, False))
        cost, way = min(ways, key=lambda found: found[0])
        # No cycle at all: then nothing of the table is shown.
        return {edge, *way} if cost < _FAR else set(self.value) - self.fixed

    def _way(self, edge: _Edge, up: bool, only: set[_Edge] | None) -> tuple[int, list[_Edge]]:
        """Return the cheapest way back from the count's head to its tail (or the other way)."""
        if not up and self.value[edge] < 1:
            return _FAR, []
        tail, head = self._ends(edge)
        start, goal = (head, tail) if up else (tail, head)
        best: dict[_Node, int] = {start: 0}
        came: dict[_Node, tuple[_Node, _Edge]] = {}
        queue = [(0, start)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == goal:
                return cost, list(_path(came, start, goal))
            if cost > best[node]:
                continue
            for step, other in self._steps(node, edge, only):
                new = cost + self._cost(step)
                if new < best.get(other, _FAR):
                    best[other], came[other] = new, (node, step)
                    heapq.heappush(queue, (new, other))
        return _FAR, []

    def _steps(
        self, node: _Node, without: _Edge, only: set[_Edge] | None
    ) -> Iterator[tuple[_Edge, _Node]]:
        for edge in self._edges_at(node):
            if edge == without or edge in self.fixed or (only is not None and edge not in only):
                continue
            tail, head = self._ends(edge)
            if node == tail:
                yield edge, head
            elif self.value[edge] >= 1:
                yield edge, tail

    def _edges_at(self, node: _Node) -> Iterator[_Edge]:
        kind, i = node
        if kind == "r":
            yield ("row", i, 0)
            yield from (("cell", i, c) for c in range(self.columns))
        elif kind == "c":
            yield ("column", i, 0)
            yield from (("cell", r, i) for r in range(self.rows))
        else:
            yield ("all", 0, 0)
            count, name = (self.rows, "row") if node == _COLUMNS_END else (self.columns, "column")
            yield from ((name, n, 0) for n in range(count))

    def _ends(self, edge: _Edge) -> tuple[_Node, _Node]:
        kind, i, j = edge
        if kind == "cell":
            return ("r", i), ("c", j)
        if kind == "row":
            return _COLUMNS_END, ("r", i)
        if kind == "column":
            return ("c", i), _ROWS_END
        return _ROWS_END, _COLUMNS_END

    def _cost(self, edge: _Edge) -> int:
        if edge in self.withheld:
            return 0
        total = 0 if edge[0] == "cell" else _TOTAL_COST
        return total + (self.value[edge] or _ZERO_COST)

    def shown(self) -> Protected:
        """Return what may be seen."""

        def seen(*edge_parts: str | int) -> int | None:
            edge: _Edge = edge_parts  # type: ignore[assignment]  # a name and two places
            return None if edge in self.withheld else self.value[edge]

        rows, columns = range(self.rows), range(self.columns)
        return Protected(
            cells=tuple(tuple(seen("cell", r, c) for c in columns) for r in rows),
            row_totals=tuple(seen("row", r, 0) for r in rows),
            column_totals=tuple(seen("column", c, 0) for c in columns),
            total=seen("all", 0, 0),
        )


def _values(counts: Sequence[Sequence[int]], columns: int) -> Iterable[tuple[_Edge, int]]:
    for r, row in enumerate(counts):
        yield ("row", r, 0), sum(row)
        yield from ((("cell", r, c), count) for c, count in enumerate(row))
    yield from ((("column", c, 0), sum(row[c] for row in counts)) for c in range(columns))
    yield ("all", 0, 0), sum(map(sum, counts))


def _path(came: dict[_Node, tuple[_Node, _Edge]], start: _Node, goal: _Node) -> Iterator[_Edge]:
    node = goal
    while node != start:
        node, edge = came[node]
        yield edge
