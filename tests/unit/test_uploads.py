"""Files that wait to be confirmed: private, few, and gone after a day."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.errors import NotFound
from service.uploads import (
    FILE,
    KEPT_FOR,
    MOST_PER_PERSON,
    About,
    Options,
    Upload,
    create_private,
    find_upload,
    keep_upload,
    new_folder,
    remove_folder,
    remove_old_uploads,
    with_options,
)

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def sent(root: Path, person: str = "hanako", at: datetime = NOW, town: str = "999999") -> Upload:
    """A file that came whole."""
    folder = new_folder(root)
    with create_private(folder / FILE) as out:
        out.write(b"name\n")
    upload = keep_upload(folder, About(name="list.csv", town_code=town, person_id=person))
    touched(folder, at)
    return upload


def touched(folder: Path, at: datetime) -> None:
    """Set when a folder was last written to."""
    os.utime(folder, (at.timestamp(), at.timestamp()))


def test_a_file_is_found_by_who_sent_it_in_the_town_it_was_sent_for(tmp_path: Path) -> None:
    upload = sent(tmp_path)
    assert find_upload(tmp_path, upload.id, "999999", "hanako") == upload
    for town, person in (("999999", "jiro"), ("888888", "hanako")):
        with pytest.raises(NotFound, match="もうありません"):
            find_upload(tmp_path, upload.id, town, person)


def test_only_the_programs_own_user_can_read_it(tmp_path: Path) -> None:
    upload = sent(tmp_path / "uploads")
    every = [upload.folder.parent, upload.folder, *upload.folder.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in every} == {0}


def test_options_are_kept_with_the_file(tmp_path: Path) -> None:
    upload = sent(tmp_path)
    with_options(upload, Options(source="架空の県", only="town"))
    found = find_upload(tmp_path, upload.id, "999999", "hanako")
    assert (found.about.options.source, found.about.options.only) == ("架空の県", "town")
    assert {path.name for path in upload.folder.iterdir()} == {"file", "about.json"}


def test_a_transfer_that_broke_off_or_was_damaged_is_shown_to_nobody(tmp_path: Path) -> None:
    broken = new_folder(tmp_path)
    damaged = sent(tmp_path)
    (damaged.folder / "about.json").write_text("{", encoding="utf-8")
    for name in (broken.name, damaged.id):
        with pytest.raises(NotFound):
            find_upload(tmp_path, name, "999999", "hanako")


def test_what_nobody_touched_for_a_day_is_removed_also_broken_transfers(tmp_path: Path) -> None:
    day_old = sent(tmp_path, at=NOW - KEPT_FOR - timedelta(seconds=1))
    broken = new_folder(tmp_path)
    touched(broken, NOW - timedelta(days=3))
    fresh = sent(tmp_path, at=NOW - timedelta(hours=23))
    assert remove_old_uploads(tmp_path, NOW) == 2
    assert (day_old.folder.exists(), broken.exists(), fresh.folder.exists()) == (False, False, True)


def test_nothing_to_remove_is_no_fault(tmp_path: Path) -> None:
    assert remove_old_uploads(tmp_path / "none", NOW) == 0
    remove_folder(tmp_path / "none")


def test_other_files_in_the_folder_and_links_out_of_it_are_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "uploads"
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "note.txt").write_text("x", encoding="utf-8")
    assert remove_old_uploads(root, NOW + timedelta(days=9_000)) == 0
    assert outside.exists()


def test_one_persons_oldest_files_give_way_to_newer_ones(tmp_path: Path) -> None:
    colleague = sent(tmp_path, person="jiro", at=NOW - timedelta(hours=9))
    first = sent(tmp_path, at=NOW - timedelta(hours=8))
    others = [sent(tmp_path, at=NOW - timedelta(hours=7 - n)) for n in range(MOST_PER_PERSON)]
    assert not first.folder.exists()
    assert all(upload.folder.exists() for upload in (colleague, *others))


@pytest.mark.parametrize("name", ["", "..", "../x", "a" * 31, "a" * 33, "a" * 31 + "/", "*" * 32])
def test_a_name_that_is_none_of_ours_is_not_looked_up(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        find_upload(tmp_path / "uploads", name, "999999", "hanako")
