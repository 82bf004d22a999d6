"""Four kinds of small chart as SVG text: presentation attributes only, the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BLUE, RED, PALE, GREY, INK = "#0017c1", "#a90000", "#c5d7fb", "#767676", "#1a1a1a"
_FONT = "'Noto Sans JP','Noto Sans CJK JP',sans-serif"
_ROW, _LEFT, _WIDTH = 26, 260, 760


@dataclass(frozen=True, slots=True)
class Mark:
    """A value with its interval (None: no interval) under a label; ``x`` where it has a place."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""
    x: float = 0.0
    size: float = 4.0


def bar_chart(title: str, marks: Sequence[Mark]) -> str:
    """Return horizontal bars from 0 to 1, with their intervals as whiskers."""
    span = _WIDTH - _LEFT - 120
    parts = []
    for n, mark in enumerate(marks):
        y = 10 + n * _ROW
        parts.append(_text(_LEFT - 8, y + 14, mark.label, "end"))
        parts.append(_rect(_LEFT, y + 3, mark.value * span, 14, PALE))
        if mark.low is not None and mark.high is not None:
            parts.append(_line(_LEFT + mark.low * span, y + 10, _LEFT + mark.high * span, y + 10))
        parts.append(_dot(_LEFT + mark.value * span, y + 10, 4))
        parts.append(_text(_LEFT + span + 12, y + 14, f"{mark.value:.2f} {mark.note}"))
    bottom = 10 + len(marks) * _ROW
    parts += _axis(_LEFT, span, bottom)
    return _svg(title, bottom + 26, parts)


def stacked_chart(
    title: str, names: Sequence[str], rows: Sequence[tuple[str, tuple[int, ...]]]
) -> str:
    """Return horizontal stacks of counts, one colour per name, the names above."""
    colours = (BLUE, "#ff7171", GREY)
    largest = max((sum(counts) for _, counts in rows), default=1) or 1
    span = _WIDTH - _LEFT - 120
    parts = []
    for n, name in enumerate(names):
        parts.append(_rect(_LEFT + n * 160, 6, 14, 14, colours[n]))
        parts.append(_text(_LEFT + n * 160 + 20, 18, name))
    for n, (label, counts) in enumerate(rows):
        y, x = 30 + n * _ROW, float(_LEFT)
        parts.append(_text(_LEFT - 8, y + 14, label, "end"))
        for colour, count in zip(colours, counts, strict=False):
            width = count / largest * span
            parts.append(_rect(x, y + 2, width, 16, colour))
            x += width
        parts.append(_text(x + 8, y + 14, "・".join(str(count) for count in counts)))
    return _svg(title, 40 + len(rows) * _ROW, parts)


def line_chart(
    title: str,
    marks: Sequence[Mark],
    x_name: str,
    y_name: str,
    diagonal: bool = False,
    y_top: float = 1.0,
) -> str:
    """Return points joined by a line over x from 0 to 1, y from 0 to ``y_top``."""
    left, top, width, height = 60, 12, 520, 260

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * width, top + (1 - y / y_top) * height

    parts = [_text(left, top + height + 40, f"横: {x_name}　縦: {y_name}")]
    for step in range(6):
        x, y = at(step / 5, y_top * step / 5)
        parts.append(_line(left, y, left + width, y, "#e6e6e6", 1))
        parts.append(_text(left - 6, y + 4, f"{y_top * step / 5:.2f}", "end"))
        if not any(mark.label for mark in marks):
            parts.append(_text(x, top + height + 18, f"{step / 5:.1f}", "middle"))
    if diagonal:
        parts.append(_line(*at(0, 0), *at(1, y_top), GREY, 1))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(m.x, m.value) for m in marks))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="2"/>')
    for mark in marks:
        x, y = at(mark.x, mark.value)
        if mark.low is not None and mark.high is not None:
            parts.append(_line(x, at(0, mark.low)[1], x, at(0, mark.high)[1]))
        parts.append(_dot(x, y, mark.size))
        if mark.label:
            parts.append(_text(x, top + height + 18, mark.label, "middle"))
    return _svg(title, top + height + 50, parts)


def _axis(left: float, span: float, bottom: float) -> list[str]:
    parts = [_line(left, bottom, left + span, bottom, GREY, 1)]
    for step in range(6):
        parts.append(_text(left + span * step / 5, bottom + 18, f"{step / 5:.1f}", "middle"))
    return parts


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    # No namespace: inside HTML it is not needed, and files get it when they are written.
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'font-family="{_FONT}" font-size="13" fill="{INK}"><title>{escape(title)}</title>'
        f"{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str = BLUE, thickness: float = 2
) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{thickness:.0f}"/>'
    )


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}"/>'
