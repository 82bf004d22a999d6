"""Files sent for an import and not yet confirmed: private to who sent them, gone after a day.

Each lies in a folder of its own with a name nobody can guess.  ``about.json`` is written last:
a folder without it is a broken transfer and is shown to nobody.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import NotFound

KEPT_FOR = timedelta(hours=24)
# A keeper with more than this many open previews has forgotten the older ones.
MOST_PER_PERSON = 5
FILE, COMPANION, _ABOUT = "file", "companion", "about.json"
_ID = re.compile(r"[A-Za-z0-9_-]{32}")


class Options(BaseModel):
    """What the keeper says about the file besides the file itself."""

    model_config = ConfigDict(frozen=True)

    dataset: str = Field("", max_length=300)
    source: str = Field("", max_length=300)
    as_of: date | None = None
    only: Literal["all", "town", "prefecture"] = "all"


class About(BaseModel):
    """Whose file it is, what it was called, and the options."""

    model_config = ConfigDict(frozen=True)

    name: str
    companion: str = ""
    town_code: str
    person_id: str
    options: Options = Options()


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that waits for its preview to be confirmed."""

    id: str
    folder: Path
    about: About

    @property
    def file(self) -> Path:
        """The file as it was sent."""
        return self.folder / FILE

    @property
    def companions(self) -> tuple[tuple[str, Path], ...]:
        """The second table that was sent with it, by its name."""
        if not self.about.companion:
            return ()
        return ((self.about.companion, self.folder / COMPANION),)


def new_folder(root: Path) -> Path:
    """Make a folder for one upload that only this program's user may enter."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = root / secrets.token_urlsafe(24)
    folder.mkdir(mode=0o700)
    return folder


def create_private(path: Path) -> BinaryIO:
    """Open a new file that only this program's user may read; raise FileExistsError."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def keep_upload(folder: Path, about: About) -> Upload:
    """Say whose the received files are; from here on the upload can be found."""
    _write_about(folder, about)
    _drop_beyond_the_newest(folder.parent, about)
    return Upload(folder.name, folder, about)


def with_options(upload: Upload, options: Options) -> Upload:
    """Return the upload with other options, kept as well."""
    about = upload.about.model_copy(update={"options": options})
    _write_about(upload.folder, about)
    return Upload(upload.id, upload.folder, about)


def find_upload(root: Path, upload_id: str, town_code: str, person_id: str) -> Upload:
    """Return the upload of this person in this town.

    Raises :class:`NotFound`, with the same words for another's as for none.
    """
    found = _read(root / upload_id) if _ID.fullmatch(upload_id) else None
    if found is None or (found.about.town_code, found.about.person_id) != (town_code, person_id):
        raise gone()
    return found


def gone() -> NotFound:
    """Return what is said of a file that is not there (any more)."""
    return NotFound(
        "そのファイルは、もうありません（取り込みが済んだか、取りやめたか、1日たちました）。"
        "取り込みの画面で、もう一度選んでください。"
    )


def remove_folder(folder: Path) -> None:
    """Remove an upload; one that is gone already is no fault."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_old_uploads(root: Path, now: datetime) -> int:
    """Remove what nobody touched for a day, also broken transfers; return how many."""
    before = (now - KEPT_FOR).timestamp()
    old = [folder for folder in _folders(root) if _touched(folder) < before]
    for folder in old:
        remove_folder(folder)
    return len(old)


def _write_about(folder: Path, about: About) -> None:
    aside = folder / f".{_ABOUT}.{secrets.token_hex(4)}"
    with create_private(aside) as out:
        out.write(about.model_dump_json().encode())
    aside.replace(folder / _ABOUT)


def _read(folder: Path) -> Upload | None:
    try:
        about = About.model_validate_json((folder / _ABOUT).read_bytes())
    except (OSError, ValidationError):
        return None
    return Upload(folder.name, folder, about)


def _drop_beyond_the_newest(root: Path, about: About) -> None:
    found = [upload for upload in map(_read, _folders(root)) if upload]
    own = [upload for upload in found if upload.about.person_id == about.person_id]
    own.sort(key=lambda upload: (_touched(upload.folder), upload.id), reverse=True)
    for upload in own[MOST_PER_PERSON:]:
        remove_folder(upload.folder)


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.iterdir() if path.is_dir() and not path.is_symlink())


def _touched(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        # Removed by another request meanwhile.
        return 0.0
