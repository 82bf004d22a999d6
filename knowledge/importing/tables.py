"""Reading any file a town publishes into sheets of rows of text, each with its row number."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from knowledge.importing.findings import Finding, Place, refuse
from knowledge.importing.limits import LIMITS, Limits

# The number a spreadsheet shows beside the row, and the row's cells as text.
Row = tuple[int, list[str]]
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_WRONG_KINDS = (
    (b"%PDF", "PDF です。表計算のファイル（CSV か XLSX）を出してもらってください"),
    (_OLD_OFFICE, "古い形式（.xls）か、パスワード付きです。Excel で開き、パスワードを外して「Excel ブック（.xlsx）」で保存し直してください"),
    (b"\x89PNG", "画像です。CSV か XLSX を選んでください"),
    (b"\xff\xd8\xff", "画像です。CSV か XLSX を選んでください"),
    (b"7z\xbc\xaf", "圧縮ファイルです。中の CSV か XLSX を取り出して選んでください"),
    (b"Rar!", "圧縮ファイルです。中の CSV か XLSX を取り出して選んでください"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: ``rows()`` reads it from the start each time, a row at a time."""

    file: str
    name: str
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Table:
    """A file that could be opened: its sheets, and what was noticed on the way."""

    file: str
    kind: str
    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Blob:
    """The bytes of a file, wherever they are; ``open()`` starts at the first one."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    def head(self, count: int) -> bytes:
        """Return the first ``count`` bytes."""
        with self.open() as stream:
            return stream.read(count)


def read_table(source: bytes | Path, name: str, limits: Limits = LIMITS) -> Table:
    """Return the sheets of a CSV (also .gz), XLSX or JSON file.

    Raises :class:`ImportRefused` with what to do when it is none of these, is empty,
    cut off, too large, or packed to explode.  Rows are read when they are asked for,
    so a fault far down (a cut quote, a wrong byte) is raised then.
    """
    blob = _blob(source, name)
    place = Place(name)
    if blob.size == 0:
        raise refuse(place, "中身がありません（0バイト）。もう一度保存か受け取りをしてください")
    if blob.size > limits.file_bytes:
        raise refuse(place, _too_large(blob.size, limits.file_bytes))
    head = blob.head(4096)
    for magic, remedy in _WRONG_KINDS:
        if head.startswith(magic):
            raise refuse(place, remedy)
    return _reader(head)(blob, limits)


def _reader(head: bytes) -> Callable[[Blob, Limits], Table]:
    from knowledge.importing.csv_table import read_csv
    from knowledge.importing.gzip_table import read_gzip
    from knowledge.importing.json_table import read_json
    from knowledge.importing.xlsx_table import read_xlsx

    if head.startswith(b"\x1f\x8b"):
        return read_gzip
    if head.startswith(b"PK"):
        return read_xlsx
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{" or start[:2] in (b"[{", b"[\n", b"[\r", b"[ "):
        return read_json
    return read_csv


def _blob(source: bytes | Path, name: str) -> Blob:
    if isinstance(source, bytes):
        return Blob(name, len(source), lambda: io.BytesIO(source))
    path = source
    try:
        size = path.stat().st_size
    except OSError as error:
        raise refuse(Place(name), "ファイルが開けません。場所と名前を確かめてください") from error
    return Blob(name, size, lambda: path.open("rb"))


def _too_large(size: int, limit: int) -> str:
    mib = 1024 * 1024
    return (
        f"大きすぎます（{size // mib:,} MB。上限は {limit // mib:,} MB）。"
        "町や種類ごとに分けて取り込んでください"
    )


def renamed(table: Table, name: str) -> Table:
    """Return the table under another file name (the name of the .gz it came in)."""
    sheets = tuple(replace(sheet, file=name) for sheet in table.sheets)
    findings = tuple(
        replace(finding, place=replace(finding.place, file=name)) for finding in table.findings
    )
    return replace(table, file=name, sheets=sheets, findings=findings)
