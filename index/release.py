"""Releases (版): a town's whole knowledge and its index, in versions that are swapped whole.

Layout of the folder of one town::

    current                     name of the release in use (one line)
    pinned                      there while someone has rolled back: nothing is published by itself
    20261124T093000-1a2b3c4d-7/ one release, never changed once it is there
        manifest.json           what it was built from, size and hash of each file
        knowledge.json  resources.jsonl
        passages.jsonl  dense.faiss  means.npz  lexical/

A release is written aside and renamed when it is whole; ``current`` is replaced last.  A
kill at any moment leaves the old one in use, or the new one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import IndexProblem
from index.release_files import (
    check_files,
    file_sizes,
    read_knowledge,
    sync_folder,
    write_knowledge,
)
from index.snapshot import (
    Index,
    Manifest,
    file_hashes,
    read_files,
    read_manifest,
    write_files,
    write_manifest,
    write_synced,
)
from knowledge.models import Knowledge

_BUILDING = ".building-"
_REMEDY = "版を作り直してください（`tsunagi serve` を起動し直すと、自動で作り直します）。"


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """One release on disk; ``revision`` is the knowledge_revision it was built from.

    ``records`` counts the resources (地域資源); ``created_at`` is ISO 8601 with its zone.
    """

    version: str
    created_at: str
    records: int
    passages: int
    is_current: bool
    revision: str


def save_release(
    index: Index, knowledge: Knowledge, root: Path, keep: int = 10, revision: str = ""
) -> Path:
    """Write a release under ``root`` and return its folder; it becomes current unless pinned.

    Beyond the ``keep`` latest, releases are deleted, never the one in use nor the one before
    it.  Raises OSError when it cannot be written; the release in use then stays as it was.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _building(root) as aside:
        write_files(index, aside)
        write_knowledge(knowledge, aside)
        manifest = replace(index.manifest, files=file_hashes(aside), sizes=file_sizes(aside))
        with _locked(root):
            folder = _publish(replace(manifest, revision=revision), aside, root)
            _prune(root, keep)
    return folder


def _publish(manifest: Manifest, aside: Path, root: Path) -> Path:
    """Name the release, put it in its place, make it current unless one is pinned."""
    there = _manifests(root)
    version, number = manifest.version, 2
    while (root / version).exists():
        version, number = f"{manifest.version}-{number}", number + 1
    # Counted, not dated: an offline machine's clock may have been set back.
    sequence = max((known.sequence for known in there), default=0) + 1
    write_manifest(replace(manifest, version=version, sequence=sequence), aside)
    sync_folder(aside)
    aside.rename(root / version)
    if not is_pinned(root):
        _make_current(root, version)
    return root / version


def load_release(
    root: Path, model_digest: str, version: str | None = None
) -> tuple[Knowledge, Index]:
    """Load a release (the one in use without ``version``); large parts stay on disk (mmap).

    Raises :class:`IndexProblem` when there is none, when it was made with another model, or
    when a file is missing or damaged: up to 64 MB by hash, above by size alone.
    """
    name = version or _current(root)
    if not name:
        raise IndexProblem(f"版がまだありません（{root}）。{_REMEDY}")
    folder = _folder(root, name)
    try:
        manifest = read_manifest(folder, _REMEDY)
        if manifest.model_digest != model_digest:
            raise IndexProblem(
                f"この版（{name}）は別のモデル（{manifest.model_name}）で作られています。"
                f"今の設定のモデルと合いません。{_REMEDY}"
            )
        check_files(manifest, folder, _REMEDY)
        return read_knowledge(folder, _REMEDY), read_files(manifest, folder, mmap=True)
    except FileNotFoundError as error:
        raise IndexProblem(f"版（{name}）がないか、ファイルが欠けています。{_REMEDY}") from error


def list_releases(root: Path) -> tuple[ReleaseInfo, ...]:
    """Return the releases on disk, newest first; () when there is none."""
    current = _current(root)
    return tuple(_info(manifest, current) for manifest in reversed(_manifests(root)))


def current_release(root: Path) -> ReleaseInfo | None:
    """Return the release in use, or None; cheap enough to ask every few seconds."""
    current = _current(root)
    try:
        return _info(read_manifest(root / current), current) if current else None
    except (FileNotFoundError, IndexProblem):
        return None


def roll_back(root: Path, version: str | None = None) -> str:
    """Make an earlier release current (the one before without ``version``), pin it, return it.

    Until :func:`resume`, releases that are saved do not become current.  Raises
    :class:`IndexProblem` when there is no such release; nothing is changed then.
    """
    if not root.is_dir():
        raise IndexProblem(f"版がまだありません（{root}）。戻す先がありません。")
    with _locked(root):
        name = version or _one_before(root)
        if name not in {manifest.version for manifest in _manifests(root)}:
            raise IndexProblem(
                f"版 {name} はありません。版は変わっていません。版の一覧から選んでください。"
            )
        # Pinned first: whatever happens between the two, nothing newer takes its place.
        write_synced(root / ".pinned.new", name + "\n")
        (root / ".pinned.new").replace(root / "pinned")
        _make_current(root, name)
    return name


def resume(root: Path) -> None:
    """Let publishing go on after a roll back; the release in use stays until the next one."""
    if root.is_dir():
        with _locked(root):
            (root / "pinned").unlink(missing_ok=True)


def is_pinned(root: Path) -> bool:
    """Say whether someone has rolled back, so that nothing is published by itself."""
    return (root / "pinned").exists()


def _one_before(root: Path) -> str:
    """Return the release made before the one in use."""
    names = [manifest.version for manifest in _manifests(root)]
    current = _current(root)
    if current not in names or names.index(current) == 0:
        raise IndexProblem("これより前の版はありません。版は変わっていません。")
    return names[names.index(current) - 1]


def _info(manifest: Manifest, current: str) -> ReleaseInfo:
    return ReleaseInfo(
        manifest.version,
        manifest.created_at,
        manifest.resources,
        manifest.passages,
        manifest.version == current,
        manifest.revision,
    )


def _manifests(root: Path) -> list[Manifest]:
    """Return what is known of each whole release, oldest first; unreadable ones are left out."""
    found: list[Manifest] = []
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                found.append(replace(read_manifest(folder), version=folder.name))
            except (FileNotFoundError, IndexProblem):
                continue
    return sorted(found, key=lambda manifest: (manifest.sequence, manifest.version))


def _current(root: Path) -> str:
    try:
        return (root / "current").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _folder(root: Path, name: str) -> Path:
    """Return the folder of a release; a name with a path in it is none."""
    if Path(name).name != name or name.startswith("."):
        raise IndexProblem(f"版の名前ではありません: {name}")
    return root / name


def _make_current(root: Path, version: str) -> None:
    write_synced(root / ".current.new", version + "\n")
    (root / ".current.new").replace(root / "current")


def _prune(root: Path, keep: int) -> None:
    """Delete all but the ``keep`` latest releases, and what killed builds left behind."""
    names = [manifest.version for manifest in _manifests(root)]
    current = _current(root)
    safe = {current, *names[max(0, len(names) - keep) :]}
    if current in names:
        safe |= set(names[max(0, names.index(current) - 1) : names.index(current)])
    for name in names:
        if name not in safe:
            shutil.rmtree(root / name, ignore_errors=True)
    for path in root.glob(f"{_BUILDING}*"):
        handle = _hold(path)
        if handle is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(handle)


@contextmanager
def _building(root: Path) -> Iterator[Path]:
    """Give a folder to build in; nothing half-written stays behind, least of all on a full disk."""
    aside = root / f"{_BUILDING}{os.getpid()}-{time.time_ns()}"
    with _locked(root):
        aside.mkdir()
        # Held while it is built, so that no other build takes it for the remains of a killed one.
        handle = _hold(aside)
    try:
        yield aside
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    finally:
        if handle is not None:
            os.close(handle)


def _hold(folder: Path) -> int | None:
    """Hold a folder until the handle is closed; None when another does.  A kill lets it go."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Let one process at a time change which release is in use; a kill frees the lock."""
    with (root / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
