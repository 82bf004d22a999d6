"""Bad, cut-off, foreign and forged backups: named in Japanese, and nothing is changed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import (
    Engine,
)

from service.store.backup import backup
from service.store.errors import BadBackup, StoreMismatch
from service.store.restore import restore
from tests.fixtures.store_world import (
    NOW,
    content,
)


def _rewrite(file: Path, change: dict[str, bytes | None]) -> None:
    """Write the archive anew with members changed, added or (None) left out."""
    with zipfile.ZipFile(file) as archive:
        members: dict[str, bytes | None] = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | change).items():
            if content is not None:
                archive.writestr(name, content)


def _manifest(file: Path, **changes: object) -> dict[str, bytes | None]:
    with zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read("manifest.json"))
    return {"manifest.json": json.dumps(told | changes).encode()}


def _spoil(file: Path, how: str) -> None:
    whole = file.read_bytes()
    middle = len(whole) // 2
    if how == "cut":
        file.write_bytes(whole[:middle])
    elif how == "bit":
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "text":
        file.write_text("バックアップではない", encoding="utf-8")
    elif how == "other zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("hello.txt", "hello")
    else:
        _rewrite(file, _CHANGES[how](file))


def _without_last_line(file: Path) -> dict[str, bytes | None]:
    with zipfile.ZipFile(file) as archive:
        lines = archive.read("tables/people.jsonl").splitlines(keepends=True)
    return {"tables/people.jsonl": b"".join(lines[:-1])}


_CHANGES: dict[str, Callable[[Path], dict[str, bytes | None]]] = {
    "no manifest": lambda file: {"manifest.json": None},
    "manifest of nothing": lambda file: {"manifest.json": b"{}"},
    "other program": lambda file: _manifest(file, program="naiyo"),
    "newer format": lambda file: _manifest(file, format=2),
    "table left out": lambda file: {"tables/grants.jsonl": None},
    "file slipped in": lambda file: {"../../etc/passwd": b"x"},
    "row left out": _without_last_line,
}


@pytest.mark.parametrize("how", ["cut", "bit", "empty", "text", "other zip", *_CHANGES])
def test_a_bad_file_is_named_in_japanese_and_changes_nothing(
    filled: Engine, file: Path, how: str
) -> None:
    backup(filled, file, NOW)
    before = content(filled)
    _spoil(file, how)
    with pytest.raises(BadBackup, match=r"バックアップ.*backup\.zip"):
        restore(filled, file, NOW, force=True)
    assert content(filled) == before


def test_a_backup_of_a_newer_program_is_refused(filled: Engine, file: Path) -> None:
    backup(filled, file, NOW)
    _rewrite(file, _manifest(file, revision="9999"))
    with pytest.raises(StoreMismatch, match=r"9999.*新しい"):
        restore(filled, file, NOW, force=True)


def _forge(file: Path, table: str, old: str, new: str) -> None:
    """Change a row and make the manifest agree: what only the database and the chain can see."""
    with zipfile.ZipFile(file) as archive:
        content = archive.read(f"tables/{table}.jsonl").decode().replace(old, new, 1).encode()
        told = json.loads(archive.read("manifest.json"))
    told["tables"][table] = {
        "rows": content.count(b"\n"),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    _rewrite(file, {f"tables/{table}.jsonl": content, "manifest.json": json.dumps(told).encode()})


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("audit", '"command"', '"system"'),
        ("grants", '"staff"', '"king"'),
        ("grants", '"999999"', '"123456"'),
        ("people", '"login"', '"name"'),
        ("people", "2026-06-01T", "いつか"),
        ("people", "{", "["),
        ("people", '"failed_logins":0', '"failed_logins":"x"'),
        ("sessions", "2026-06-01T", "いつか"),
    ],
)
def test_a_forged_backup_is_refused_and_changes_nothing(
    filled: Engine, file: Path, table: str, old: str, new: str
) -> None:
    backup(filled, file, NOW)
    before = content(filled)
    _forge(file, table, old, new)
    with pytest.raises(BadBackup):
        restore(filled, file, NOW, force=True)
    assert content(filled) == before
