"""The files of a data package, from a folder or a zip, with limits against what would choke us."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from knowledge.hsds.findings import Findings, Place

DESCRIPTION = "datapackage.json"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a package is read; a town's whole data is about 5 MB."""

    total_bytes: int = 200 * 1024 * 1024
    # A zip's list of contents is read whole before anything can be refused by its size.
    packed_bytes: int = 50 * 1024 * 1024
    files: int = 200
    # Text packs about 10 : 1; a bomb packs 1,000 : 1.
    ratio: int = 200
    rows: int = 2_000_000


def read_files(
    source: Path | bytes, name: str, limits: Limits, findings: Findings
) -> Mapping[str, bytes]:
    """Return the CSV files and the description by their names, or nothing after saying why."""
    place = Place(name)
    if isinstance(source, Path):
        if source.is_dir():
            return _from_folder(source, limits, findings)
        if not source.is_file():
            findings.stop(place, "", str(source), "ファイルもフォルダーもありません")
            return {}
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size == 0:
        findings.stop(place, "", "", "ファイルが空です。書き出し直してください")
    elif size > limits.packed_bytes:
        _too_big(place, size, limits.packed_bytes, findings)
    else:
        packed = source if isinstance(source, Path) else io.BytesIO(source)
        return _from_zip(packed, place, limits, findings)
    return {}


def _wanted(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not hidden and (path.suffix.lower() == ".csv" or path.name == DESCRIPTION)


def _from_folder(folder: Path, limits: Limits, findings: Findings) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not _wanted(name) or not path.is_file():
            continue
        # A link out of the folder would read what its keeper did not choose.
        if not path.resolve().is_relative_to(root):
            remedy = "フォルダーの外を指すリンクです。ファイルそのものを入れてください"
            findings.stop(Place(name), "", "", remedy)
            return {}
        total += path.stat().st_size
        if not _within(Place(name), len(found) + 1, total, limits, findings):
            return {}
        found[name] = path.read_bytes()
    return _without_top(found)


def _from_zip(
    packed: Path | io.BytesIO, place: Place, limits: Limits, findings: Findings
) -> Mapping[str, bytes]:
    try:
        with zipfile.ZipFile(packed) as archive:
            return _from_members(archive, place, limits, findings)
    except zipfile.BadZipFile:
        remedy = "zip として開けません。途中で切れていないか、別の形式でないかを確かめてください"
    except (zlib.error, EOFError, NotImplementedError, OSError, RuntimeError):
        remedy = "zip の中身を取り出せません。書き出し直してください"
    findings.stop(place, "", "", remedy)
    return {}


def _from_members(
    archive: zipfile.ZipFile, place: Place, limits: Limits, findings: Findings
) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    for member in archive.infolist():
        name = member.filename
        if member.is_dir() or not _wanted(name):
            continue
        if member.flag_bits & 0x1:
            findings.stop(place, name, "", "暗号のかかった zip です。かけずに書き出してください")
            return {}
        if name in found:
            findings.stop(place, name, "", "同じ名前のファイルが2つ入っています。1つにしてください")
            return {}
        # The sizes in the directory may lie: no more than they promise is unpacked.
        room = min(member.file_size, limits.total_bytes - total)
        packed = max(member.compress_size, 1)
        if member.file_size > 1_000_000 and member.file_size // packed > limits.ratio:
            findings.stop(place, name, "", "異常に縮めてある zip です（zip 爆弾のおそれ）")
            return {}
        with archive.open(member) as file:
            data = file.read(room + 1)
        total += len(data)
        if len(data) > room or not _within(place, len(found) + 1, total, limits, findings):
            if not findings.problems:
                _too_big(place, total, limits.total_bytes, findings)
            return {}
        found[name] = data
    return _without_top(found)


def _within(place: Place, files: int, total: int, limits: Limits, findings: Findings) -> bool:
    if files > limits.files:
        findings.stop(place, "", f"{files} 個", f"ファイルは {limits.files} 個までにしてください")
        return False
    if total > limits.total_bytes:
        _too_big(place, total, limits.total_bytes, findings)
        return False
    return True


def _too_big(place: Place, size: int, most: int, findings: Findings) -> None:
    remedy = f"大きすぎます。全部で {most // 1024 // 1024}MB までにしてください"
    findings.stop(place, "", f"{size:,} バイト", remedy)


def _without_top(found: dict[str, bytes]) -> Mapping[str, bytes]:
    """Return the files relative to the folder that the description or the tables are in."""
    tops = {name.rpartition("/")[0] for name in found}
    described = sorted(
        (name.removesuffix(DESCRIPTION) for name in found if name.endswith(DESCRIPTION)),
        key=len,
    )
    if described:
        prefix = described[0]
    else:
        prefix = f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""
    return {
        name.removeprefix(prefix): data for name, data in found.items() if name.startswith(prefix)
    }
