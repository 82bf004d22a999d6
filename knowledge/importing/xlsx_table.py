"""Reading the sheets of an XLSX as text, after making sure it is not packed to explode."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # no stubs
from openpyxl.utils.exceptions import InvalidFileException

from knowledge.importing.csv_table import too_wide
from knowledge.importing.findings import Finding, ImportRefused, Place, refuse
from knowledge.importing.limits import Limits
from knowledge.importing.tables import Blob, Row, Sheet, Table

_ZEROS = re.compile(r"0{2,20}")
_BROKEN = "ブックが壊れているか、途中で切れています。Excel で開けるか確かめ、受け取り直してください"
_TRAP = "よそのファイルを読ませる仕掛け（XML の実体）が入っています。表計算ソフトのファイルにはないものです。出した所に確かめてください"
# Faults openpyxl raises on a damaged workbook, by its issue tracker and by trying.
_FAULTS = (
    zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, AttributeError,
    IndexError, EOFError, OSError, SyntaxError,
)  # fmt: skip


def read_xlsx(blob: Blob, limits: Limits) -> Table:
    """Return the sheets of a workbook; hidden ones are left out and named."""
    place = Place(blob.name)
    _check_parts(blob, limits)
    names, findings = _sheet_names(blob)
    if not names:
        raise refuse(place, "シートがありません。データのあるブックを選んでください")

    def reader(name: str) -> Sheet:
        return Sheet(blob.name, name, lambda: _rows(blob, name, limits))

    return Table(blob.name, "xlsx", tuple(reader(name) for name in names), findings)


def _check_parts(blob: Blob, limits: Limits) -> None:
    """Refuse a zip that is no workbook or would unpack to too much, before unpacking any of it."""
    place = Place(blob.name)
    try:
        with blob.open() as stream, zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise refuse(place, _BROKEN) from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise refuse(place, "XLSX ではありません。圧縮ファイルなら、中の CSV か XLSX を取り出して選んでください")  # fmt: skip
    # zipfile itself never hands out more than these sizes, even when they are lies.
    total = sum(part.file_size for part in parts)
    bomb = any(
        part.file_size > limits.ratio_from_bytes
        and part.file_size > part.compress_size * limits.unpack_ratio
        for part in parts
    )
    if bomb or total > limits.unpacked_bytes:
        raise refuse(place, "ほどくと大きすぎます（圧縮爆弾のおそれ）。取り込みません")


def _sheet_names(blob: Blob) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    try:
        with blob.open() as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            shown = tuple(s.title for s in book.worksheets if s.sheet_state == "visible")
            hidden = [s.title for s in book.worksheets if s.sheet_state != "visible"]
            book.close()
    except _FAULTS as error:
        raise refuse(Place(blob.name), _remedy(error)) from error
    said = "非表示のシートは読みません。要るときは表示してから保存してください"
    return shown, tuple(Finding(Place(blob.name, name), "", "", said, "note") for name in hidden)


def _rows(blob: Blob, name: str, limits: Limits) -> Iterator[Row]:
    cells_read = 0
    number = 0
    with blob.open() as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheet = book[name]
            # The size written in the file is often wrong (one cell, or a million rows).
            sheet.reset_dimensions()
            for number, row in enumerate(sheet.iter_rows(), start=1):
                cells = [_text(cell) for cell in row]
                while cells and not cells[-1]:
                    cells.pop()
                cells_read += len(row)
                if len(cells) > limits.columns:
                    place = Place(blob.name, name, number)
                    raise refuse(place, too_wide(len(cells), limits))
                if cells_read > limits.cells:
                    remedy = "セルが多すぎます。シートの下や右の空の行・列を消すか、分けてください"
                    raise refuse(Place(blob.name, name, number), remedy)
                yield number, cells
            book.close()
        except ImportRefused:
            raise
        except _FAULTS as error:
            raise refuse(Place(blob.name, name, number), _remedy(error)) from error


def _remedy(error: Exception) -> str:
    # openpyxl wraps what defusedxml raises.
    trapped = any(isinstance(e, DefusedXmlException) for e in (error, error.__cause__))
    return _TRAP if trapped else _BROKEN


def _text(cell: Any) -> str:
    """Return what a person sees in the cell, as near as the stored value allows."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        return _padded(value, cell.number_format)
    return _time_text(value) if isinstance(value, date | time) else str(value)


def _padded(value: int, number_format: str) -> str:
    """Put back zeros that only the format shows: 11011 as 000000 is 011011."""
    zeros = _ZEROS.fullmatch(number_format or "")
    return str(value).zfill(len(zeros[0])) if zeros else str(value)


def _time_text(value: date | time) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime):
        if value.time() == time(0):
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="minutes")
    return value.isoformat()
