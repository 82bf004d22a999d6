"""Telling a file of HSDS from other files by its beginning, before anything is read whole."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from knowledge.hsds.package_files import DESCRIPTION

_HEAD_BYTES = 1_000_000
_OTHERS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".gz")
_ZIP = b"PK\x03\x04"
# Every service has a status and an id; some have what no other list that towns publish does,
# by which a file with wrong values is known too: its faults are then told as those of HSDS.
_STATUS = re.compile(rb'"status"\s*:\s*"(?:active|inactive|defunct|temporarily closed)"')
_ID = re.compile(rb'"id"\s*:\s*"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"')
_KEYS = re.compile(
    rb'"(?:service_at_locations|eligibility_description|application_process|assured_date'
    rb'|required_documents|services\.csv)"\s*:'
)
_TABLES = frozenset((DESCRIPTION, "services.csv"))


def looks_like_hsds(source: Path | bytes, name: str = "") -> bool:
    """True when a file (or its bytes) is HSDS in JSON or a zipped data package.

    ``name`` is the name it was given (uploads are kept under another).  Only the beginning of
    a JSON file and the list of contents of a zip are read; a file that cannot be read is none.
    """
    given = name or (source.name if isinstance(source, Path) else "")
    if given.lower().endswith(_OTHERS):
        return False
    try:
        with _opened(source) as file:
            head = file.read(_HEAD_BYTES)
            return _zip_holds_tables(file) if head.startswith(_ZIP) else _holds_a_service(head)
    except (OSError, zipfile.BadZipFile):
        return False


def _opened(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _holds_a_service(head: bytes) -> bool:
    return bool(_KEYS.search(head) or (_STATUS.search(head) and _ID.search(head)))


def _zip_holds_tables(file: BinaryIO) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(PurePosixPath(member).name in _TABLES for member in archive.namelist())
