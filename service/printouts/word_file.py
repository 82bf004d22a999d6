"""A paper as a Word file (docx), with real readings (w:ruby) that Word can edit."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from service.printouts.models import Printout
from service.printouts.pdf import foot_line, head_line
from service.printouts.ruby import Piece, pieces_of, without_readings

# What a Windows of a town hall has; others put their own in its place.
_FONT = "BIZ UDPゴシック"
_AFTER_BORDERS = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
# The file must not say when or by whom beyond what stands on the paper.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def as_docx(printout: Printout) -> bytes:
    """Return the Word file."""
    document = Document()
    body, heading, title = (15, 18, 24) if printout.is_slip else (10.5, 11.5, 17)
    _set_up(document, printout, body)
    _add(document, printout.title, title, bold=True)
    if not printout.is_slip:
        _add(document, head_line(printout), 9)
    for section in printout.sections:
        paragraph = _add(document, section.heading, heading, bold=True)
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_before = Pt(8)
        _underline(paragraph)
        for line in section.body.split("\n"):
            _add(document, line, body)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _set_up(document: DocumentType, printout: Printout, size: float) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(18)
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), _FONT)
    page.footer.paragraphs[0].text = foot_line(printout)
    about = document.core_properties
    about.title, about.author, about.comments = without_readings(printout.title), "", ""
    about.language = "ja-JP"
    about.created = about.modified = _EPOCH


def _add(document: DocumentType, line: str, size: float, bold: bool = False) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(2)
    for piece in pieces_of(line):
        run = paragraph.add_run("" if piece.reading else piece.text)
        run.bold, run.font.size = bold, Pt(size)
        if piece.reading:
            run._r.append(_ruby(piece, run, size))
    return paragraph


def _ruby(piece: Piece, run: Run, size: float) -> BaseOxmlElement:
    """Build ``w:ruby`` (ISO/IEC 29500-1, 17.3.3.25): properties, the reading, the words."""
    ruby = OxmlElement("w:ruby")
    properties = OxmlElement("w:rubyPr")
    # Half points.
    half = {
        "w:hps": round(size),
        "w:hpsRaise": round(size * 2) - 2,
        "w:hpsBaseText": round(size * 2),
    }
    for name, value in (("w:rubyAlign", "center"), *half.items(), ("w:lid", "ja-JP")):
        element = OxmlElement(name)
        element.set(qn("w:val"), str(value))
        properties.append(element)
    ruby.append(properties)
    for name, text, points in (("w:rt", piece.reading, size / 2), ("w:rubyBase", piece.text, size)):
        part = OxmlElement(name)
        inner = OxmlElement("w:r")
        part.append(inner)
        made = Run(inner, run._parent)
        made.text, made.bold, made.font.size = text, run.bold, Pt(round(points * 2) / 2)
        ruby.append(part)
    return ruby


def _underline(paragraph: Paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    below = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        below.set(qn(f"w:{name}"), value)
    borders.append(below)
    # The schema fixes the order of a paragraph's properties.
    paragraph._p.get_or_add_pPr().insert_element_before(borders, *_AFTER_BORDERS)
