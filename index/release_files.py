"""The files of a release besides its index: the knowledge, and the proof that all are whole."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import IO, Literal

from pydantic import ValidationError

from index.errors import IndexProblem
from index.snapshot import Manifest, file_hashes
from knowledge.models import Knowledge, Resource

# Hashing takes about a second per 500 MB, and reads all of what mmap would leave on disk.
HASHED_UP_TO = 64 << 20
# From here on resources are compressed: to a tenth, in little more time than writing takes.
_PACKED_FROM = 20_000
_PLAIN, _PACKED = "resources.jsonl", "resources.jsonl.gz"


def write_knowledge(knowledge: Knowledge, folder: Path) -> None:
    """Write the knowledge into a release's folder; raises OSError."""
    rest = knowledge.model_copy(update={"resources": ()})
    (folder / "knowledge.json").write_text(rest.model_dump_json(), encoding="utf-8")
    packed = len(knowledge.resources) >= _PACKED_FROM
    with _opened(folder / (_PACKED if packed else _PLAIN), "wb") as file:
        for resource in knowledge.resources:
            file.write(resource.model_dump_json().encode() + b"\n")


def read_knowledge(folder: Path, remedy: str) -> Knowledge:
    """Read what :func:`write_knowledge` wrote; raises IndexProblem or FileNotFoundError."""
    path = folder / _PACKED
    try:
        rest = Knowledge.model_validate_json((folder / "knowledge.json").read_bytes())
        # A record at a time: reading a hundred thousand in one call would hold every request.
        with _opened(path if path.is_file() else folder / _PLAIN, "rb") as file:
            resources = tuple(Resource.model_validate_json(line) for line in file)
    except (ValidationError, EOFError, gzip.BadGzipFile) as error:
        raise IndexProblem(
            f"版の支援先データが壊れているか、別の版のつなぎのものです（{folder.name}）。{remedy}"
        ) from error
    return rest.model_copy(update={"resources": resources})


def check_files(manifest: Manifest, folder: Path, remedy: str) -> None:
    """Raise IndexProblem unless every file is as it was saved.

    By hash while that is quick; a large release by the size of its files, so that a file cut
    off is seen (reading beyond its end would kill the process), but a changed byte is not.
    """
    whole = file_sizes(folder) == manifest.sizes
    if whole and sum(manifest.sizes.values()) < HASHED_UP_TO:
        whole = file_hashes(folder) == manifest.files
    if not whole:
        raise IndexProblem(f"版のファイルが欠けているか壊れています（{folder.name}）。{remedy}")


def file_sizes(folder: Path) -> dict[str, int]:
    """Return the size in bytes of every file of a release but the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def sync_folder(folder: Path) -> None:
    """Bring every file of a folder onto the disk, so that a power cut leaves it whole."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _opened(path: Path, mode: Literal["rb", "wb"]) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.GzipFile(path, mode, compresslevel=1, mtime=0)  # type: ignore[return-value]
    return path.open(mode)
