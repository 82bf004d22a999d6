"""Which table gets which chart.  A chart is drawn from its table alone, withheld counts and all."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from service.insights.charts import Series, bars, lines
from service.insights.sheet import Cell, Table

# Tables whose last row holds the totals of the columns: those are drawn.
_TOTALS_BELOW = {
    "needs-district": "地区ごとの、満たせなかった困りごと",
    "needs-age": "年代ごとの、満たせなかった困りごと",
    "needs-kind": "満たせなかったわけ",
    "refusals": "断られたわけ",
}
_BARS = {
    "needs-problem": "課題ごとの、満たせなかった困りごと",
    "channels": "どこから来たか",
    "states": "つなぎの進みぐあい",
}
_MOST_BARS = 15


def chart_of(table: Table) -> Markup | None:
    """Return the chart of a table; None where the table alone says it better."""
    if not table.rows:
        return None
    if table.key in _BARS:
        rows = [row for row in table.rows if row[0] != "合計"][:_MOST_BARS]
        return bars(table.key, _BARS[table.key], [_words(r[0]) for r in rows], _counts(rows, 1))
    if table.key in _TOTALS_BELOW:
        names, totals = table.head[1:-1], table.rows[-1][1:-1]
        counts = [_count(cell) for cell in totals]
        return bars(table.key, _TOTALS_BELOW[table.key], names, counts)
    return _line_chart(table)


def _line_chart(table: Table) -> Markup | None:
    if table.key == "needs-month" and len(table.head) > 4:
        counts = tuple(_count(cell) for cell in table.rows[-1][1:-1])
        series = (Series("満たせなかった困りごと", counts),)
        return lines(table.key, "月ごとの、満たせなかった困りごと", table.head[1:-1], series)
    if table.key in ("volumes", "team"):
        rows = [row for row in table.rows if row[0] != "合計"]
        if len(rows) < 2:
            return None
        months = [_words(row[0]).partition("年")[2] for row in rows]
        columns = (1, 2, 3) if table.key == "volumes" else (2,)
        drawn = [Series(table.head[c], tuple(_counts(rows, c))) for c in columns]
        return lines(table.key, table.title, months, drawn)
    return None


def _counts(rows: Sequence[tuple[Cell, ...]], column: int) -> list[int | None]:
    return [_count(row[column]) for row in rows]


def _count(cell: Cell) -> int | None:
    return cell if isinstance(cell, int) else None


def _words(cell: Cell) -> str:
    return str(cell)
