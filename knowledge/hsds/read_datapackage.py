"""Reading a tabular data package from a folder or a zip: :func:`read_datapackage`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from knowledge.hsds.datapackage import GUARD_MARK, description_of
from knowledge.hsds.draft import Imported
from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.formula import unguard
from knowledge.hsds.package_files import DESCRIPTION, Limits, read_files
from knowledge.hsds.read_drafts import imported
from knowledge.hsds.read_records import TermRules
from knowledge.hsds.read_rows import Rows, read_rows, typed_row
from knowledge.hsds.schemas import Table, tables
from knowledge.hsds.tables import Row
from knowledge.models import Category

_UNDESCRIBED = (
    "データパッケージの説明（datapackage.json）がないか、読めません。標準のファイル名で読みました"
)


def read_datapackage(
    source: Path | bytes,
    categories: Iterable[Category] = (),
    rules: TermRules | None = None,
    limits: Limits | None = None,
    name: str = "",
) -> Imported:
    """Return the drafts of every service of a package, or none and every problem.

    ``source`` is a folder, a zip file or the bytes of one; ``name`` is what messages call it.
    """
    limits = limits or Limits()
    findings = Findings()
    name = name or (source.name if isinstance(source, Path) else "HSDS")
    files = read_files(source, name, limits, findings)
    if not findings.problems and not any(file.lower().endswith(".csv") for file in files):
        remedy = "CSV がありません。HSDS の表形式（datapackage.json と services.csv など）を選んでください"
        findings.stop(Place(name), "", "", remedy)
    if findings.problems:
        return imported([], None, findings)
    description = description_of(files.get(DESCRIPTION, b""))
    if description is None:
        findings.tell(Place(DESCRIPTION), "", "", _UNDESCRIBED)
    guarded = bool(description) and bool((description or {}).get(GUARD_MARK))
    rows: Rows = {}
    for table, file in _table_files(description or {}, files, findings):
        rows[table.name] = list(_table_rows(table, file, files[file], guarded, limits, findings))
    if findings.problems:
        return imported([], None, findings)
    return read_rows(rows, name, findings, categories, rules or {})


def _table_files(
    description: Mapping[str, Any], files: Mapping[str, bytes], findings: Findings
) -> Iterator[tuple[Table, str]]:
    """Yield each table and its file: where the description puts it, else under its own name."""
    left = {name for name in files if name != DESCRIPTION}
    described = {
        str(resource.get("name")): resource.get("path")
        for resource in description.get("resources", ())
        if isinstance(resource, Mapping)
    }
    for table in tables().values():
        path = described.get(table.name)
        if path is not None and not _plain(path):
            remedy = "ファイルの場所は、パッケージの中の名前で書いてください"
            findings.stop(Place(DESCRIPTION), table.name, path, remedy)
            continue
        name = next((n for n in (path, table.file) if isinstance(n, str) and n in files), None)
        if name is not None:
            left.discard(name)
            yield table, name
        elif path is not None:
            remedy = "説明にあるファイルがありません。この表は空として読みます"
            findings.tell(Place(DESCRIPTION), table.name, path, remedy)
    for name in sorted(left):
        findings.tell(Place(name), "", "", "HSDS の表ではないので、読みません", level="note")


def _plain(path: object) -> bool:
    """True for a name inside the package: no address, no way out."""
    if not isinstance(path, str) or "\\" in path or ":" in path:
        return False
    parts = PurePosixPath(path).parts
    return bool(parts) and not PurePosixPath(path).is_absolute() and ".." not in parts


def _table_rows(
    table: Table, name: str, data: bytes, guarded: bool, limits: Limits, findings: Findings
) -> Iterator[Row]:
    """Yield the rows of one CSV with the line each begins on."""
    text = _text(name, data, findings)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [column.strip() for column in next(reader, [])]
        if not _header_holds(table, name, header, findings):
            return
        line = reader.line_num + 1
        for count, cells in enumerate(reader, 1):
            place = Place(name, line)
            line = reader.line_num + 1
            if count > limits.rows:
                remedy = f"行が多すぎます。{limits.rows:,} 行までにしてください"
                findings.stop(place, "", "", remedy)
                return
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                remedy = "列の数が見出しと合いません。余分な「,」や引用符を確かめてください"
                findings.stop(place, "", f"{len(cells)} 列", remedy)
                continue
            texts = [unguard(cell) for cell in cells] if guarded else cells
            named = dict(zip(header, texts, strict=True))
            yield Row(typed_row(table, named, place, findings), place)
    except csv.Error as error:
        remedy = f'CSV として読めません。引用符「"」を確かめてください（{error}）'
        findings.stop(Place(name, line), "", "", remedy)


def _text(name: str, data: bytes, findings: Findings) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        remedy = "文字コードが UTF-8 ではありません。「CSV UTF-8」で保存し直してください"
        findings.stop(Place(name), "", "", remedy)
        return None
    if "\0" in text:
        findings.stop(Place(name), "", "", "CSV に使えない符号（NUL）があります。消してください")
        return None
    return text


def _header_holds(table: Table, name: str, header: list[str], findings: Findings) -> bool:
    place = Place(name, 1)
    if "id" not in header:
        remedy = "見出しに id がありません。HSDS の見出しの、コンマ区切りの CSV にしてください"
        findings.stop(place, "id", ",".join(header), remedy)
        return False
    doubles = sorted({column for column in header if header.count(column) > 1})
    if doubles:
        findings.stop(place, doubles[0], "", "同じ見出しの列が2つあります。1つにしてください")
        return False
    for column in header:
        if column not in table.fields:
            findings.tell(place, column, "", "HSDS にない列なので、読みません", level="note")
    return True
