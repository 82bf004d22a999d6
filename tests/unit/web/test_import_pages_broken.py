"""Each broken file on the screen: a message that says what to do, the store as it was, no file left."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from knowledge.importing.limits import Limits
from service.store.engine import reading
from service.store.imports import imports_of_town
from service.store.tables import towns
from service.triage.triage import Desk
from service.web import import_upload
from tests.fixtures.accounts_world import recorded
from tests.fixtures.import_pages_world import (
    PATH,
    Keeper,
    alerts,
    kaigo,
    make_keeper,
    office,
)
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall
from tests.unit.importing.test_import_broken import ALL, Broken

BOUNDARY = "----a-form"
OWN = ("番号（id）", "名前", "種類", "支援分野コード", "説明", "定員", "確かめた日", "受入状況")


@pytest.fixture
def keeper(light_hall: Hall, small_desk: Desk, tmp_path: Path) -> Keeper:
    """A keeper who has signed in, in a town with one record."""
    keeper = make_keeper(small_desk, light_hall.engine, tmp_path)
    keeper.preview(kaigo(office(1))).confirm()
    return keeper


def own(*rows: Sequence[str]) -> bytes:
    """A list in our own form."""
    return csv_bytes([OWN, *rows])


def row(**cells: str) -> list[str]:
    """A row of our own form that lacks nothing, with some cells changed."""
    usual = dict(zip(OWN, ("aoba.a", "あおば", "サロン", "isolation.ibasho", "集まり", "10", "2026-04-01", "open"), strict=True))  # fmt: skip
    return [{**usual, **cells}[column] for column in OWN]


def everything(keeper: Keeper) -> tuple[object, ...]:
    """What an import could have changed."""
    with reading(keeper.hall.engine) as conn:
        profiles = conn.execute(select(towns)).all()
        imports = imports_of_town(conn, TOWN.code)
    changes = [entry.action for entry in recorded(keeper.hall.engine)]
    return profiles, imports, changes, keeper.names()


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.title)
def test_a_broken_file_is_told_and_changes_nothing(keeper: Keeper, broken: Broken) -> None:
    """At once when nothing of it can be used, else on the preview, which does not let it pass."""
    before = everything(keeper)
    answer = keeper.send(broken.data, broken.name)
    told = unescape(answer.text)
    if answer.status_code == 303:
        preview = keeper.open(answer.headers["location"])
        told = unescape(preview.text)
        # Also where the page offers no button to press.
        refused = keeper.browser.post(f"{preview.address}/confirm", data={"leave_out": ""})
        assert refused.status_code in (409, 422)
        if "取り込む</button>" in preview.text:
            assert preview.confirm().status_code == 422
        keeper.browser.post(f"{preview.address}/cancel")
    else:
        assert answer.status_code == 422
    assert [words for words in (broken.name, *broken.told) if words not in told] == []
    assert everything(keeper) == before
    assert keeper.uploads == []


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        pytest.param([row(), row(名前="ほかの")], "3行目", "id", id="an id twice"),
        pytest.param([row(確かめた日="おととい")], "2行目", "2026-04-01 の形", id="a date that is none"),
        pytest.param([row(受入状況="たぶん")], "2行目", "open, full", id="a state that is none"),
        pytest.param([row(支援分野コード="zzz.none")], "2行目", "支援分野", id="a category that is none"),
        pytest.param([row(名前="")], "2行目", "名前", id="no name"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_shown_with_its_place_and_changes_nothing(
    keeper: Keeper, rows: list[list[str]], place: str, words: str
) -> None:
    before = everything(keeper)
    good = row(**{"番号（id）": "aoba.z", "名前": "よい行"})
    preview = keeper.preview(own(*rows, good), "支援先_20260401.csv")
    assert place in preview.text
    assert words in unescape(preview.text)
    refused = preview.confirm()
    assert refused.status_code == 422
    assert everything(keeper) == before
    keeper.browser.post(f"{preview.address}/cancel")
    assert keeper.uploads == []


def test_a_file_of_which_no_row_can_be_used_offers_no_import(keeper: Keeper) -> None:
    page = keeper.preview(own(row(名前="")), "支援先_20260401.csv").text
    assert "2行目" in page
    assert "取り込める行がありません" in page
    assert "取り込む</button>" not in page


def test_a_file_beyond_the_limit_is_refused_and_not_kept(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real limit is tried with a real browser; here it is small."""
    monkeypatch.setattr(import_upload, "LIMITS", Limits(file_bytes=10_000))
    answer = keeper.send(b"x" * 10_001)
    assert answer.status_code == 413
    assert "kaigo_20260401.csv: 大きすぎます" in alerts(answer)
    assert keeper.uploads == []


def test_no_file_chosen_is_said(keeper: Keeper) -> None:
    # What a browser sends for an empty file field.
    body = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--{BOUNDARY}--\r\n'
    answer = post(keeper, body.encode())
    assert (answer.status_code, keeper.uploads) == (422, [])
    assert "ファイルが選ばれていません" in alerts(answer)


@pytest.mark.parametrize("end", [40, -20])
def test_a_transfer_that_breaks_off_leaves_nothing(keeper: Keeper, end: int) -> None:
    body = form("file", kaigo(office(2)))
    answer = post(keeper, body[:end])
    assert (answer.status_code, keeper.uploads) == (422, [])
    assert "最後まで受け取れません" in alerts(answer)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"file=x", "application/x-www-form-urlencoded", id="no multipart"),
        pytest.param(b"--x", "multipart/form-data", id="no boundary"),
        pytest.param(b"not a form", f"multipart/form-data; boundary={BOUNDARY}", id="no parts"),
    ],
)
def test_what_is_no_upload_form_is_refused(keeper: Keeper, body: bytes, kind: str) -> None:
    answer = keeper.browser.post(PATH, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, keeper.uploads) == (422, [])
    assert alerts(answer)


def test_only_the_two_files_of_the_form_are_written(keeper: Keeper) -> None:
    """A form with more parts than ours is nobody's browser."""
    answer = post(keeper, form("../../evil", b"x") + form("file", kaigo(office(2))), close=True)
    assert answer.status_code == 303
    assert {path.name for path in keeper.uploads} == {"file", "about.json"}


def test_a_form_of_a_thousand_parts_or_a_huge_field_is_refused(keeper: Keeper) -> None:
    many = b"".join(form(f"field{n}", b"x", file=False) for n in range(1_000))
    huge = form("source", b"x" * 1_000_000, file=False)
    for body in (many, huge):
        answer = post(keeper, body + form("file", kaigo(office(2))), close=True)
        assert (answer.status_code, keeper.uploads) == (422, [])


def form(name: str, data: bytes, file: bool = True) -> bytes:
    """One part of an upload form, without its end."""
    named = '; filename="kaigo_20260401.csv"' if file else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def post(keeper: Keeper, body: bytes, close: bool = False):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Send a form as it is, byte for byte."""
    end = f"--{BOUNDARY}--\r\n".encode() if close else b""
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return keeper.browser.post(PATH, content=body + end, headers=kind)
