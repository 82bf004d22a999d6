"""A paper as PDF: A4, black on white, the font inside, readings above their words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from service.printouts.fonts import NAMES, Weight, drawable, fonts_for
from service.printouts.line_breaking import Atom, atoms_of, lines_of
from service.printouts.models import Printout, Section
from service.printouts.ruby import pieces_of, without_readings
from service.printouts.wording import day

_MM = 72 / 25.4
_MARGIN = 16 * _MM
_BOTTOM = _MARGIN + 4 * _MM
_WIDTH, _HEIGHT = A4
_ROOM = _WIDTH - 2 * _MARGIN


@dataclass(frozen=True, slots=True)
class _Style:
    """Sizes in points; ``leading`` from one line to the next."""

    weight: Weight
    size: float
    leading: float

    @property
    def ruby(self) -> float:
        return self.size / 2

    @property
    def font(self) -> str:
        return NAMES[self.weight]


_SLIP = {
    "title": _Style("bold", 24, 42),
    "heading": _Style("bold", 18, 36),
    "body": _Style("regular", 15, 29),
}
_SHEET = {
    "title": _Style("bold", 17, 24),
    "heading": _Style("bold", 11.5, 18),
    "body": _Style("regular", 10.5, 15),
}
_SMALL = _Style("regular", 9, 14)


def as_pdf(printout: Printout) -> bytes:
    """Return the PDF; the same paper gives the same bytes."""
    with fonts_for(drawable(_all_text(printout))):
        out = BytesIO()
        canvas = Canvas(out, A4, invariant=True, pageCompression=1, lang="ja")
        canvas.setTitle(without_readings(printout.title))
        _Writer(canvas, printout).write()
        canvas.save()
    return out.getvalue()


class _Writer:
    """Puts lines on pages from the top; ``_y`` is where the next line's foot may be."""

    def __init__(self, canvas: Canvas, printout: Printout) -> None:
        self._canvas, self._printout = canvas, printout
        self._styles = _SLIP if printout.is_slip else _SHEET
        self._y, self._page = _HEIGHT - _MARGIN, 1

    def write(self) -> None:
        self._paragraph(self._printout.title, self._styles["title"])
        if not self._printout.is_slip:
            self._paragraph(head_line(self._printout), _SMALL)
        for section in self._printout.sections:
            if self._printout.is_slip:
                self._keep_together(section)
            self._heading(section.heading)
            for line in section.body.split("\n"):
                self._paragraph(line, self._styles["body"])
        self._foot()

    def _keep_together(self, section: Section) -> None:
        """Begin a page for a place that does not fit any more, so that nobody has half of it."""
        style, head = self._styles["body"], self._styles["heading"]
        lines = sum(len(_lines(line, style)) for line in section.body.split("\n"))
        height = head.leading * 1.8 + style.leading * lines
        if self._y - height < _BOTTOM <= _HEIGHT - _MARGIN - height:
            self._next_page()

    def _heading(self, heading: str) -> None:
        style, after = self._styles["heading"], self._styles["body"].leading
        # Not alone at the foot of a page.
        if self._y - style.leading * 1.4 - after < _BOTTOM:
            self._next_page()
        self._y -= style.leading * 0.4
        self._paragraph(heading, style)
        self._canvas.setLineWidth(0.8)
        below = self._y - style.size * 0.35
        self._canvas.line(_MARGIN, below, _WIDTH - _MARGIN, below)
        self._y -= style.size * 0.35

    def _paragraph(self, text: str, style: _Style) -> None:
        for line in _lines(text, style):
            if self._y - style.leading < _BOTTOM:
                self._next_page()
            self._y -= style.leading
            self._line(line, style)

    def _line(self, line: list[Atom], style: _Style) -> None:
        x, run, run_x = _MARGIN, "", _MARGIN
        for atom in line:
            if not atom.reading:
                run, run_x = run + atom.text, run_x if run else x
            else:
                self._draw(run, run_x, self._y, style.font, style.size)
                run = ""
                self._with_reading(atom, x, style)
            x += atom.width
        self._draw(run, run_x, self._y, style.font, style.size)

    def _with_reading(self, atom: Atom, x: float, style: _Style) -> None:
        text = stringWidth(atom.text, style.font, style.size)
        over = stringWidth(atom.reading, style.font, style.ruby)
        self._draw(atom.text, x + (atom.width - text) / 2, self._y, style.font, style.size)
        above = self._y + style.size * 0.98
        self._draw(atom.reading, x + (atom.width - over) / 2, above, style.font, style.ruby)

    def _draw(self, text: str, x: float, y: float, font: str, size: float) -> None:
        if text:
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, text)

    def _next_page(self) -> None:
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self._y = _HEIGHT - _MARGIN

    def _foot(self) -> None:
        words = f"{foot_line(self._printout)}　{self._page}".strip("　")
        self._draw(drawable(words), _MARGIN, _MARGIN * 0.7, _SMALL.font, _SMALL.size)


def head_line(printout: Printout) -> str:
    """Return what stands under the title: whose paper, of which case, of which day."""
    when = f"{day(printout.printed_on)} 作成" if printout.printed_on else ""
    return "　".join(
        word for word in (printout.town_name, f"相談番号 {printout.number}", when) if word
    )


def foot_line(printout: Printout) -> str:
    """Return what stands at the foot of every page."""
    if printout.is_slip:
        return ""
    return f"取扱注意　用件のほかに使わず、鍵のかかる所にしまうこと　{printout.number}"


def _lines(text: str, style: _Style) -> list[list[Atom]]:
    atoms = atoms_of(
        pieces_of(drawable(text)),
        lambda words: stringWidth(words, style.font, style.size),
        lambda words: stringWidth(words, style.font, style.ruby),
    )
    return lines_of(atoms, _ROOM)


def _all_text(printout: Printout) -> str:
    return "".join(_texts(printout))


def _texts(printout: Printout) -> Iterator[str]:
    yield printout.title
    yield head_line(printout)
    yield foot_line(printout)
    for section in printout.sections:
        yield section.heading
        yield section.body
