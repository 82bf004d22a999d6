"""Charts as inline SVG: bars and lines, with a title and a description for screen readers.

No script and no style attribute (the content security policy allows neither): colours come
from insights.css by class.  A series is told by its dashes and its marks as well as by colour.
The table behind a chart says everything again; a withheld count is not drawn but marked ＊.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_BAR_HEIGHT, _BAR_GAP, _LABEL_WIDTH, _BAR_WIDTH = 22, 10, 240, 230
_LABEL_CHARS = 16
_PLOT_WIDTH, _PLOT_HEIGHT, _LEFT, _TOP = 490, 180, 44, 14
_MARK = 4
_MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and a count for each place on the axis (None: withheld)."""

    name: str
    counts: tuple[int | None, ...]


def bars(
    key: str, title: str, labels: Sequence[str], counts: Sequence[int | None], unit: str = "件"
) -> Markup:
    """Return bars lying one below the other, each with its label and its count."""
    most = max((count for count in counts if count), default=1)
    pieces = []
    for place, (label, count) in enumerate(zip(labels, counts, strict=True)):
        y = place * (_BAR_HEIGHT + _BAR_GAP) + 4
        width = round(_BAR_WIDTH * (count or 0) / most, 1)
        words = "＊" if count is None else f"{count:,}{unit}"
        pieces.append(
            f'<text x="{_LABEL_WIDTH - 8}" y="{y + 16}" text-anchor="end">{_short(label)}</text>'
            f'<rect class="bar" x="{_LABEL_WIDTH}" y="{y}" width="{width}" height="{_BAR_HEIGHT}"/>'
            f'<text x="{_LABEL_WIDTH + width + 8}" y="{y + 16}">{escape(words)}</text>'
        )
    height = len(labels) * (_BAR_HEIGHT + _BAR_GAP) + 8
    described = "、".join(
        f"{label} {'伏せた数' if count is None else f'{count}{unit}'}"
        for label, count in zip(labels, counts, strict=True)
    )
    return _svg(key, title, described, _LABEL_WIDTH + _BAR_WIDTH + 90, height, pieces)


def lines(
    key: str, title: str, labels: Sequence[str], series: Sequence[Series], unit: str = "件"
) -> Markup:
    """Return lines over the places of ``labels`` (months), with an axis from 0."""
    top = _round_up(max((c for line in series for c in line.counts if c), default=1))
    pieces = [*_grid(top), *_ticks(labels)]
    for number, line in enumerate(series):
        pieces += _line(number, line, len(labels), top)
    pieces += _legend(series)
    described = "。".join(
        f"{line.name}: "
        + "、".join(
            f"{label} {'伏せた数' if count is None else f'{count}{unit}'}"
            for label, count in zip(labels, line.counts, strict=True)
        )
        for line in series
    )
    width, height = _LEFT + _PLOT_WIDTH + 20, _TOP + _PLOT_HEIGHT + 30 + 26
    return _svg(key, title, described, width, height, pieces)


def _line(number: int, line: Series, places: int, top: int) -> list[str]:
    points = [
        (_x(place, places), _y(count, top)) if count is not None else None
        for place, count in enumerate(line.counts)
    ]
    pieces, run = [], list[tuple[float, float]]()
    for point in [*points, None]:
        if point is not None:
            run.append(point)
            continue
        if len(run) > 1:
            path = " ".join(f"{x},{y}" for x, y in run)
            pieces.append(f'<polyline class="line line-{number % 3}" points="{path}"/>')
        run = []
    pieces += [_mark(number, *point) for point in points if point is not None]
    pieces += [
        f'<text x="{_x(place, places)}" y="{_TOP + _PLOT_HEIGHT - 6}" text-anchor="middle">＊</text>'
        for place, point in enumerate(points)
        if point is None
    ]
    return pieces


def _mark(number: int, x: float, y: float) -> str:
    kind = number % 3
    if kind == 0:
        return f'<circle class="mark mark-0" cx="{x}" cy="{y}" r="{_MARK}"/>'
    if kind == 1:
        corner = f'x="{x - _MARK}" y="{y - _MARK}" width="{2 * _MARK}" height="{2 * _MARK}"'
        return f'<rect class="mark mark-1" {corner}/>'
    points = f"{x},{y - _MARK - 1} {x - _MARK - 1},{y + _MARK} {x + _MARK + 1},{y + _MARK}"
    return f'<polygon class="mark mark-2" points="{points}"/>'


def _legend(series: Sequence[Series]) -> list[str]:
    pieces, x, y = [], float(_LEFT), _TOP + _PLOT_HEIGHT + 44
    for number, line in enumerate(series):
        pieces.append(f'<polyline class="line line-{number % 3}" points="{x},{y} {x + 34},{y}"/>')
        pieces.append(_mark(number, x + 17, y))
        pieces.append(f'<text x="{x + 42}" y="{y + 5}">{escape(line.name)}</text>')
        x += 70 + 15 * len(line.name)
    return pieces


def _grid(top: int) -> list[str]:
    pieces = []
    for count in (0, top // 2, top) if top > 1 else (0, top):
        y = _y(count, top)
        pieces.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{_LEFT + _PLOT_WIDTH}" y2="{y}"/>'
            f'<text x="{_LEFT - 8}" y="{y + 5}" text-anchor="end">{count:,}</text>'
        )
    return pieces


def _ticks(labels: Sequence[str]) -> list[str]:
    every = -(-len(labels) // _MOST_LABELS)
    y = _TOP + _PLOT_HEIGHT + 20
    return [
        f'<text x="{_x(place, len(labels))}" y="{y}" text-anchor="middle">{escape(label)}</text>'
        for place, label in enumerate(labels)
        if place % every == 0
    ]


def _x(place: int, places: int) -> float:
    return round(_LEFT + _PLOT_WIDTH * (place + 0.5) / places, 1)


def _y(count: int, top: int) -> float:
    return round(_TOP + _PLOT_HEIGHT * (1 - count / top), 1)


def _round_up(count: int) -> int:
    """Return the next even number that reads well at the top of an axis."""
    step: int = 10 ** (len(str(count)) - 1)
    top = -(-count // step) * step
    return top + top % 2


def _short(label: str) -> str:
    return str(escape(label if len(label) <= _LABEL_CHARS else f"{label[: _LABEL_CHARS - 1]}…"))


def _svg(
    key: str, title: str, described: str, width: float, height: float, pieces: Sequence[str]
) -> Markup:
    return Markup(  # noqa: S704  every word in it was escaped
        f'<svg class="chart" role="img" aria-labelledby="{key}-title {key}-desc" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(described)}</desc>{"".join(pieces)}</svg>'
    )
