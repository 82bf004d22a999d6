"""An uploaded file is told to be HSDS by what is in it, not by its name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from knowledge.hsds.datapackage import zip_datapackage
from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.looks import looks_like_hsds
from tests.fixtures.hsds_foreign import FOREIGN


def test_an_export_of_ours_is_hsds(document: HsdsDocument, tmp_path: Path) -> None:
    """In both forms, under the name uploads are kept by."""
    upload = tmp_path / "3f0c"
    upload.write_bytes(json_bytes(document.as_page()))
    assert looks_like_hsds(upload, "midori.json")
    upload.write_bytes(zip_datapackage(document))
    assert looks_like_hsds(upload, "midori.zip")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_service_of_others_is_hsds(tmp_path: Path, indent: int | None) -> None:
    """However it is laid out."""
    upload = tmp_path / "feed"
    upload.write_text(json.dumps({"contents": [FOREIGN]}, indent=indent))
    assert looks_like_hsds(upload, "feed.json")


def test_a_service_with_wrong_values_is_still_hsds(tmp_path: Path) -> None:
    """So that the keeper is told which value, not that the file is no table."""
    upload = tmp_path / "feed"
    upload.write_text(json.dumps([FOREIGN | {"status": "open", "id": 7}]))
    assert looks_like_hsds(upload, "feed.json")


def test_the_least_service_is_hsds(tmp_path: Path) -> None:
    """Id, name and status are all that must be there."""
    least = {"id": FOREIGN["id"], "name": "Tea", "status": "active"}
    upload = tmp_path / "feed"
    upload.write_text(json.dumps(least))
    assert looks_like_hsds(upload, "feed.json")
    assert looks_like_hsds(upload.read_bytes(), "feed.json")


def test_other_files_are_not(tmp_path: Path) -> None:
    """A town's own lists, a workbook, a picture, nothing at all."""
    upload = tmp_path / "3f0c"
    upload.write_text('[{"名称": "サロン", "status": "active", "id": 1}]', encoding="utf-8")
    assert not looks_like_hsds(upload, "list.json")
    with zipfile.ZipFile(upload, "w") as book:
        book.writestr("[Content_Types].xml", "<x/>")
        book.writestr("xl/workbook.xml", "<x/>")
    assert not looks_like_hsds(upload, "list.xlsx")
    assert not looks_like_hsds(upload, "list.zip")
    for data in (b"", b"PK\x03\x04", b"\x89PNG", b"id,name,status\r\n1,x,active\r\n"):
        upload.write_bytes(data)
        assert not looks_like_hsds(upload, "x")
    assert not looks_like_hsds(tmp_path / "none", "none.json")
    assert not looks_like_hsds(tmp_path, "folder")
