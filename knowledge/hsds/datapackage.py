"""The tabular data package of HSDS: ``datapackage.json`` and one CSV file per table."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.formula import guard
from knowledge.hsds.package_files import DESCRIPTION
from knowledge.hsds.schemas import VERSION, Table, references, tables
from knowledge.hsds.tables import flatten

# Our mark in the description: cells that a spreadsheet would run begin with "'".
GUARD_MARK = "tsunagi:formula_guard"
_TYPES = {"date": "date", "time": "time", "datetime": "datetime"}
# zip keeps local times without a zone; one fixed time keeps the bytes the same.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def package_files(document: HsdsDocument) -> dict[str, bytes]:
    """Return the files of the package by name; the same document, the same bytes."""
    rows = flatten(document)
    used = [table for name, table in tables().items() if name in rows]
    files = {DESCRIPTION: json_bytes(_description(used))}
    return files | {table.file: _csv_bytes(table, rows[table.name]) for table in used}


def write_datapackage(document: HsdsDocument, folder: Path) -> None:
    """Write the package to a folder: the whole of it, or nothing.

    An earlier package there is replaced.  Raises FileExistsError for a folder that holds
    anything else.
    """
    files = package_files(document)
    if folder.exists() and (not folder.is_dir() or _has_other_files(folder)):
        raise FileExistsError(
            f"{folder.name} には別のファイルがあります。空のフォルダーを指定してください"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in files.items():
            with (made / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        made.chmod(0o755)
        _swap(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _has_other_files(folder: Path) -> bool:
    ours = {DESCRIPTION, *(table.file for table in tables().values())}
    return any(path.name not in ours or not path.is_file() for path in folder.iterdir())


def _swap(made: Path, folder: Path) -> None:
    """Put the new folder in the old one's place; a folder with files cannot be overwritten."""
    if not folder.exists():
        made.rename(folder)
        return
    old = made.with_name(f"{made.name}-old")
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)


def zip_datapackage(document: HsdsDocument) -> bytes:
    """Return the package as the bytes of a zip file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in package_files(document).items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return target.getvalue()


def _csv_bytes(table: Table, rows: Iterable[Mapping[str, Any]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, fieldnames=list(table.fields), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: guard(str(value)) for key, value in row.items()})
    return target.getvalue().encode()


def _description(used: Iterable[Table]) -> dict[str, Any]:
    listed = list(used)
    names = {table.name for table in listed}
    return {
        "name": "human_services_data",
        "title": "Human Services Data Specification",
        "profile": "tabular-data-package",
        "version": f"{VERSION}.0",
        "homepage": "https://docs.openreferral.org",
        GUARD_MARK: "'",
        "resources": [_resource(table, names) for table in listed],
    }


def _resource(table: Table, names: set[str]) -> dict[str, Any]:
    return {
        "name": table.name,
        "path": table.file,
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "profile": "tabular-data-resource",
        "schema": {
            "primaryKey": "id",
            "fields": [_field(table, name) for name in table.fields],
            "foreignKeys": [
                {"fields": column, "reference": {"resource": target, "fields": "id"}}
                for column, target in references()[table.name].items()
                if target in names
            ],
        },
    }


def _field(table: Table, name: str) -> dict[str, Any]:
    published = table.fields[name]
    needed = name in (*table.required, *table.tabular_required)
    kind = _TYPES.get(published.get("datapackage_type", ""), published.get("type", "string"))
    constraints: dict[str, Any] = {"required": needed, "unique": name == "id"}
    if "enum" in published:
        constraints["enum"] = published["enum"]
    field = {"name": name, "type": kind, "title": published.get("title", name)}
    # HSDS wants times with their offset (09:00+09:00); the plain "time" of a package has none.
    if kind == "time":
        field["format"] = "any"
    if published.get("format") in ("uuid", "uri", "email"):
        field["format"] = published["format"]
    return field | {"constraints": constraints}


def description_of(data: bytes) -> Mapping[str, Any] | None:
    """Return the description of a package, or None if it cannot be read as one."""
    try:
        description = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(description, dict) or not isinstance(description.get("resources"), list):
        return None
    return description
