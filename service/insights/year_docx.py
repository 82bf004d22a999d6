"""The year's report as a Word document, to be corrected and handed in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from service.insights.sheet import WITHHELD_NOTE, Table
from service.insights.year import YearReport

if TYPE_CHECKING:
    from docx.document import Document

_FONT = "游ゴシック"


def year_docx(report: YearReport) -> bytes:
    """Return the report as .docx."""
    import docx

    document = docx.Document()
    _set_font(document)
    document.core_properties.title = report.title
    document.core_properties.author = report.town_name
    document.add_heading(report.title, level=0)
    document.add_paragraph(f"{report.town_name}　作成日 {report.made_on.isoformat()}")
    for section in report.sections:
        document.add_heading(section.heading, level=1)
        for line in section.lines:
            document.add_paragraph(line)
        for table in section.tables:
            _add_table(document, table)
    document.add_heading("書き足すこと", level=1)
    for line in (report.remarks or "（なし）").splitlines():
        document.add_paragraph(line)
    document.add_paragraph(WITHHELD_NOTE)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _add_table(document: Document, table: Table) -> None:
    document.add_heading(table.title, level=2)
    grid = document.add_table(rows=1, cols=len(table.head), style="Table Grid")
    for cell, words in zip(grid.rows[0].cells, table.head, strict=True):
        cell.text = words
    for row in table.rows:
        for cell, value in zip(grid.add_row().cells, row, strict=True):
            cell.text = "＊" if value is None else f"{value:,}" if isinstance(value, int) else value
    document.add_paragraph(table.note)


def _set_font(document: Document) -> None:
    """Have Japanese text use a font that every Word in Japan has."""
    from docx.oxml.ns import qn

    style = document.styles["Normal"]
    style.font.name = _FONT
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
