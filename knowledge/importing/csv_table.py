"""Reading a CSV (or TSV) a row at a time, whatever its encoding, delimiter and line ends."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator

from knowledge.importing.encodings import decode_fault, detect_encoding
from knowledge.importing.findings import Finding, ImportRefused, Place, refuse
from knowledge.importing.limits import Limits
from knowledge.importing.tables import Blob, Row, Sheet, Table

_DELIMITERS = ",\t;|"
_PAGE_STARTS = ("<!doctype", "<html", "<?xml")


def read_csv(blob: Blob, limits: Limits) -> Table:
    """Return the one sheet of a delimited text file."""
    encoding = detect_encoding(blob)
    start = _start(blob, encoding.name)
    if start.lstrip().lower().startswith(_PAGE_STARTS):
        remedy = "ウェブページか XML です。CSV か XLSX を保存して選んでください"
        raise refuse(Place(blob.name), remedy)
    if not start.strip():
        raise refuse(Place(blob.name), "空白だけで、中身がありません。保存し直してください")
    delimiter = _delimiter(start)

    def rows() -> Iterator[Row]:
        return _rows(blob, encoding.name, delimiter, limits)

    return Table(blob.name, "csv", (Sheet(blob.name, "", rows),), encoding.findings)


def _rows(blob: Blob, encoding: str, delimiter: str, limits: Limits) -> Iterator[Row]:
    """Yield the rows, numbered as a spreadsheet would; blank ones too."""
    number = 0
    with blob.open() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            first = _without_marks(text.readline())
            lines = itertools.chain((first,), text)
            # strict: a quote out of place is reported, not guessed at.
            for number, cells in enumerate(
                csv.reader(lines, delimiter=delimiter, strict=True), start=1
            ):
                if len(cells) > limits.columns:
                    raise refuse(Place(blob.name, row=number), too_wide(len(cells), limits))
                yield number, cells
        except UnicodeDecodeError as error:
            row = _row_of_fault(blob, encoding, delimiter, number + 1)
            raise ImportRefused((decode_fault(blob.name, error, row),)) from error
        except csv.Error as error:
            raise ImportRefused((_quote_fault(blob.name, str(error), number),)) from error


def _row_of_fault(blob: Blob, encoding: str, delimiter: str, at_least: int) -> int:
    """Return the first row with an unreadable character: text is decoded long before its row."""
    with blob.open() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="", errors="replace")
        number = at_least
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=1):
            if number >= at_least and any("\ufffd" in cell for cell in cells):
                break
    return number


def too_wide(columns: int, limits: Limits) -> str:
    """Return what to tell when a row has more columns than any real table."""
    return (
        f"列が多すぎます（{columns:,} 列。上限は {limits.columns:,} 列）。"
        "区切り文字や改行が正しいか確かめてください"
    )


def _quote_fault(name: str, reason: str, row: int) -> Finding:
    place = Place(name, row=row + 1)
    if "unexpected end" in reason:
        remedy = 'ファイルが途中で切れているか、引用符「"」が閉じていません。受け取り直してください'
    else:
        remedy = '引用符「"」の使い方が合いません。この行の「"」を直してください'
    return Finding(place, "", "", remedy, "error")


def _start(blob: Blob, encoding: str) -> str:
    """Return the beginning of the text, without the marks before it."""
    with blob.open() as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="", errors="replace")
        return _without_marks(text.read(20_000))


def _without_marks(text: str) -> str:
    """Take away byte order marks, also double ones, and the '?' that some editors leave."""
    bare = text.lstrip("\ufeff")
    return bare.removeprefix("?") if len(bare) < len(text) else bare


def _delimiter(start: str) -> str:
    """Return the delimiter that parts the first line most often, outside quotes."""
    line = "".join(start.split('"')[::2]).lstrip("\r\n").splitlines()
    counts = {mark: line[0].count(mark) if line else 0 for mark in _DELIMITERS}
    return max(_DELIMITERS, key=lambda mark: counts[mark])
