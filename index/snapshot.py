"""The built index on disk: a versioned folder with a manifest, swapped in whole.

Layout of the index directory::

    current                     name of the version in use (one line)
    20261124T093000-1a2b3c4d/   one version
        manifest.json           what it was built from, and the hash of each file
        passages.jsonl  dense.faiss  means.npz  lexical/

A version is written in a folder whose name starts with '.building-' and renamed when it
is complete; ``current`` is replaced last.  A killed build leaves the old one in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.dense import load_dense, save_dense
from index.errors import IndexProblem
from index.lexical import load_lexical, save_lexical
from index.passages import Passage

FORMAT = 1
_REBUILD = "`tsunagi index build` で作り直してください。"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was built from."""

    format: int
    version: str
    created_at: str
    model_name: str
    model_digest: str
    dimensions: int
    knowledge_fingerprint: str
    town: str
    dictionary: str
    services: int
    resources: int
    passages: int
    files: dict[str, str]
    # Of a release (index/release.py): which one it is, of which revision of the records.
    sequence: int = 0
    revision: str = ""
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Index:
    """A loaded index.  Rows of ``dense`` and ``lexical`` are those of ``passages``."""

    manifest: Manifest
    passages: tuple[Passage, ...]
    dense: Any
    lexical: Any
    note_mean: NDArray[np.float32]
    sentence_mean: NDArray[np.float32]


def save_index(index: Index, root: Path, keep: int = 3) -> Path:
    """Write ``index`` as a new version under ``root``, make it current, return its folder.

    Older versions beyond ``keep`` and the remains of killed builds are deleted.  Raises
    OSError when it cannot be written; the version in use then stays as it was.
    """
    root.mkdir(parents=True, exist_ok=True)
    aside = root / f".building-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _write_version(index, aside)
    except BaseException:
        # Nothing half-written stays behind, least of all on a full disk.
        shutil.rmtree(aside, ignore_errors=True)
        raise
    folder = root / index.manifest.version
    aside.rename(folder)
    write_synced(root / ".current.new", index.manifest.version + "\n")
    (root / ".current.new").replace(root / "current")
    _prune(root, folder, keep)
    return folder


def _write_version(index: Index, folder: Path) -> None:
    """Write every file of a version, the manifest with their hashes last."""
    folder.mkdir()
    write_files(index, folder)
    write_manifest(replace(index.manifest, files=file_hashes(folder)), folder)


def write_files(index: Index, folder: Path) -> None:
    """Write every file of an index but the manifest; raises OSError."""
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        for passage in index.passages:
            file.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
    save_dense(index.dense, folder / "dense.faiss")
    np.savez(folder / "means.npz", note=index.note_mean, sentence=index.sentence_mean)
    save_lexical(index.lexical, folder / "lexical")


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest, the last file of a version."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    write_synced(folder / "manifest.json", text)


def read_files(manifest: Manifest, folder: Path, mmap: bool = False) -> Index:
    """Read what :func:`write_files` wrote; with ``mmap`` large parts stay on disk."""
    # Not splitlines(): a passage may hold U+2028 or U+0085.
    with (folder / "passages.jsonl").open(encoding="utf-8", newline="\n") as lines:
        passages = tuple(_passage(json.loads(line)) for line in lines)
    means = np.load(folder / "means.npz")
    return Index(
        manifest=manifest,
        passages=passages,
        dense=load_dense(folder / "dense.faiss", mmap),
        lexical=load_lexical(folder / "lexical", mmap),
        note_mean=means["note"],
        sentence_mean=means["sentence"],
    )


def current_manifest(root: Path) -> Manifest:
    """Return the manifest of the version in use; raise :class:`IndexProblem` if there is none."""
    try:
        version = (root / "current").read_text(encoding="utf-8").strip()
        return read_manifest(root / version)
    except FileNotFoundError as error:
        raise IndexProblem(
            f"索引がまだありません（{root}）。`tsunagi index build` を実行してください。"
        ) from error


def read_manifest(folder: Path, remedy: str = _REBUILD) -> Manifest:
    """Return the manifest of a version; raises IndexProblem, or FileNotFoundError without one."""
    try:
        data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise IndexProblem(f"索引の目録（manifest.json）が壊れています。{remedy}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise IndexProblem(f"索引の形式が古いか新しすぎます。{remedy}")
    try:
        return Manifest(**data)
    except TypeError as error:
        raise IndexProblem(f"索引の目録（manifest.json）の項目が合いません。{remedy}") from error


def check_match(manifest: Manifest, model_digest: str, knowledge_fingerprint: str) -> None:
    """Raise :class:`IndexProblem` unless the index was built from this model and knowledge."""
    if manifest.model_digest != model_digest:
        raise IndexProblem(
            f"索引は別のモデル（{manifest.model_name}）で作られています。今の設定のモデルと合いません。{_REBUILD}"
        )
    if manifest.knowledge_fingerprint != knowledge_fingerprint:
        raise IndexProblem(f"索引を作ったあとで支援先データが変わっています。{_REBUILD}")


def load_index(root: Path, model_digest: str, knowledge_fingerprint: str) -> Index:
    """Load the version in use.

    Raises :class:`IndexProblem` when there is none, when it was built from another model
    or knowledge, or when a file is missing or damaged.
    """
    manifest = current_manifest(root)
    check_match(manifest, model_digest, knowledge_fingerprint)
    folder = root / manifest.version
    if file_hashes(folder) != manifest.files:
        raise IndexProblem(
            f"索引のファイルが欠けているか壊れています（{manifest.version}）。{_REBUILD}"
        )
    return read_files(manifest, folder)


def _passage(data: dict[str, Any]) -> Passage:
    return Passage(**(data | {"categories": tuple(data["categories"])}))


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a version but the manifest, by relative path."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_synced(path: Path, text: str) -> None:
    """Write a small file so that it is on the disk, not only on its way there."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _prune(root: Path, current: Path, keep: int) -> None:
    """Delete all but ``current`` and the ``keep - 1`` latest of the others."""
    # The clock may have been set back, so the version in use need not have the latest name.
    others = sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] != "." and p != current)
    leftovers = [path for path in root.iterdir() if path.name.startswith(".building-")]
    for path in others[: max(0, len(others) - (keep - 1))] + leftovers:
        shutil.rmtree(path, ignore_errors=True)
