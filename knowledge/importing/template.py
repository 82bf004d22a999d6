"""Our own form as an empty workbook for a keeper to fill in."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from knowledge.importing.form import FORMS_DIR, read_form

_EXAMPLE = {
    "id": "aoba.salon",
    "name": "青葉いきいきサロン",
    "kind": "サロン",
    "categories": "isolation.ibasho",
    "description": "毎週水曜、公民館で体操とお茶の時間をもちます。だれでも参加できます。",
    "for_whom": "おもに高齢者",
    "phone": "0000-00-0000",
    "hours": "毎週水曜 10:00〜12:00",
    "opening": "wed 10:00-12:00",
    "status": "受入中",
    "eligibility": "age>=65",
    "cost": "1回100円",
    "verified_on": "2026-04-01",
    "verified_by": "福祉課 地域福祉係長",
    "is_window": "0",
}
_WIDE = ("説明", "対象の条件", "最初の一歩", "住所")


def write_template() -> bytes:
    """Return an XLSX with the header of our form and a sheet with one filled-in example."""
    form = read_form((FORMS_DIR / "template_ja.yaml").read_bytes(), "template_ja.yaml")
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "支援先"
    example = book.create_sheet("記入例")
    for page in (sheet, example):
        page.append(list(form.columns))
        page.freeze_panes = "C2"
        for index, header in enumerate(form.columns, start=1):
            page.cell(1, index).font = Font(bold=True)
            width = 40 if header in _WIDE else 16
            page.column_dimensions[get_column_letter(index)].width = width
            # Text, so that the zero of a telephone number stays.
            for row in range(2, 302):
                page.cell(row, index).number_format = "@"
    example_row = [_EXAMPLE.get(role, "") for role in form.columns.values()]
    for index, value in enumerate(example_row, start=1):
        example.cell(2, index).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
