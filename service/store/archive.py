"""The backup's file: a zip of one JSON Lines file per table, and a manifest that vouches for it.

The format knows no database, so a town can move from SQLite to PostgreSQL with it::

    manifest.json         revision, counts and sha256 of each table, the audit's head
    tables/people.jsonl   one JSON object per row
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from service.store.errors import BadBackup

FORMAT = 1
PROGRAM = "tsunagi"
_MANIFEST = "manifest.json"
_LINE_BYTES = 1_000_000
_MANIFEST_BYTES = 1_000_000

Record = dict[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One table in the archive."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.  ``audit_seq`` is 0 for an audit without rows."""

    program: str
    format: int
    revision: str
    created_at: str
    tables: dict[str, Part]
    audit_seq: int
    audit_hash: str

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(part.rows for part in self.tables.values())


_AS_MANIFEST = TypeAdapter(Manifest)


def write_part(archive: zipfile.ZipFile, table: str, records: Iterable[Record]) -> Part:
    """Write one table and return its counts and hash."""
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(_member(table), "w", force_zip64=True) as out:
        for record in records:
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            out.write(line)
            digest.update(line)
            rows, size = rows + 1, size + len(line)
    return Part(rows, size, digest.hexdigest())


def write_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Write the manifest, last: an archive without one was never finished."""
    archive.writestr(_MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))


def check_archive(file: Path) -> Manifest:
    """Read the whole archive and return its manifest; nothing is written anywhere.

    Raises :class:`BadBackup` for another kind of file, a cut-off or altered one, or one whose
    counts and hashes do not agree with its manifest; OSError when it cannot be read.
    """
    with _opened(file) as archive:
        manifest = _read_manifest(archive, file)
        expected = {_MANIFEST, *map(_member, manifest.tables)}
        if sorted(archive.namelist()) != sorted(expected):
            raise BadBackup(f"バックアップの中身が目録と合いません: {file.name}")
        for table, part in manifest.tables.items():
            if _measure(archive, table) != part:
                raise BadBackup(
                    f"バックアップの「{table}」が目録と合いません（途中で切れたか、書き換えられています）: {file.name}"
                )
    return manifest


def read_part(file: Path, table: str) -> Iterator[Record]:
    """Give the rows of one table of a checked archive.  Raises :class:`BadBackup`."""
    with _opened(file) as archive, archive.open(_member(table)) as lines:
        for line in lines:
            yield _record(line, table)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Open the zip; what its reader stumbles over is said as :class:`BadBackup`."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadBackup(
            f"つなぎのバックアップではないか、途中で切れています: {file.name}。別のファイルを指定してください。"
        ) from error


def _read_manifest(archive: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        info = archive.getinfo(_MANIFEST)
        if info.file_size > _MANIFEST_BYTES:
            raise BadBackup(f"つなぎのバックアップではありません: {file.name}")
        manifest = _AS_MANIFEST.validate_json(archive.read(info), strict=True)
    except (KeyError, ValidationError) as error:
        raise BadBackup(
            f"つなぎのバックアップではありません（目録がないか、読めません）: {file.name}"
        ) from error
    if manifest.program != PROGRAM or manifest.format != FORMAT:
        raise BadBackup(
            f"このバックアップの形式（{manifest.program} {manifest.format}）は、"
            f"このプログラムでは読めません: {file.name}。つなぎを新しくしてください。"
        )
    return manifest


def _measure(archive: zipfile.ZipFile, table: str) -> Part:
    digest, rows, size = hashlib.sha256(), 0, 0
    with archive.open(_member(table)) as lines:
        while line := lines.readline(_LINE_BYTES):
            digest.update(line)
            rows, size = rows + line.endswith(b"\n"), size + len(line)
    return Part(rows, size, digest.hexdigest())


def _record(line: bytes, table: str) -> Record:
    try:
        record: Record = json.loads(line)
    except ValueError as error:
        raise BadBackup(f"バックアップの「{table}」に読めない行があります。") from error
    if not isinstance(record, dict):
        raise BadBackup(f"バックアップの「{table}」に読めない行があります。")
    return record


def _member(table: str) -> str:
    return f"tables/{table}.jsonl"
