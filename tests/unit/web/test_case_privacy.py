"""Planted names, looked for in everything that is written on the whole way of a case."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from service.web import case_new_pages
from tests.fixtures.case_pages_world import (
    ALARM,
    BY_HAND,
    NAME,
    NOTE,
    PLANTED,
    ask,
    decided,
    fields_of,
    keep,
    now_is,
    sent,
)
from tests.fixtures.web_world import Hall


def _forms(word: str) -> set[bytes]:
    """A word in every form in which it could have been written down."""
    texts = (word, quote(word), json.dumps(word)[1:-1], repr(word.encode())[2:-1])
    return {text.encode(code) for text in texts for code in ("utf-8", "utf-16-le", "cp932")}


def _check_nothing(place: str, content: bytes) -> None:
    for word in PLANTED:
        for form in _forms(word):
            assert form not in content, f"{word} in {place}"


def test_no_planted_name_stays_on_the_whole_way(
    light_hall: Hall, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hall = light_hall
    staff = hall.come_in("hanako", "staff")
    case = keep(hall, staff, ALARM, choose=3, consent="given")
    at = f"/cases/{case.id}"
    # Refused for a missing decision, then put right, with a memo that names the son.
    form = ask(staff, NOTE) | {"memo": f"{NAME}さんに電話", "consent": "not_needed"}
    shown = staff.post("/cases", data=form)
    assert shown.status_code == 422
    again = decided(fields_of(shown.text)) | {"consent": "given"}
    assert staff.post("/cases", data=again).status_code == 303
    staff.post(f"{at}/referrals/r1/move", data=sent(case, state="contacted", memo="連絡した"))
    case = now_is(hall, at)
    asked = staff.post(f"{at}/memo", data=sent(case, memo="折り返しは 090-1234-5678 へ"))
    assert "個人の情報らしい" in asked.text
    staff.post(
        f"{at}/memo",
        data=sent(case, memo="折り返しは 090-1234-5678 へ", masking="replace"),
    )
    case = now_is(hall, at)
    staff.post(f"{at}/undo", data=sent(case, to_revision="1"))
    for page in (staff.get(at).text, staff.get("/cases?show=all").text):
        _check_nothing("a page", page.encode())
    logs = capfd.readouterr()
    assert '"route": "/cases/{case_id}/memo"' in logs.err
    _check_nothing("logs", (logs.out + logs.err).encode())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"hall.db", "hall.db-wal"}
    for path in files:
        _check_nothing(path.name, path.read_bytes())


def test_a_failure_repeats_nothing_of_the_note(
    light_hall: Hall, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    staff = light_hall.come_in("hanako", "staff")

    def failing(_desk: object, note: str, *_: object, **__: object) -> None:
        raise RuntimeError("cannot read " + note)

    monkeypatch.setattr(case_new_pages, "triage", failing)
    for path in ("/cases/new", "/cases"):
        answer = staff.post(path, data={"note": NOTE, "more": BY_HAND, "memo": NOTE})
        assert answer.status_code == 500
        _check_nothing("error page", answer.content)
    logs = capfd.readouterr()
    _check_nothing("logs", (logs.out + logs.err).encode())


def test_somebody_without_the_right_gets_nothing_back(light_hall: Hall) -> None:
    keeper = light_hall.come_in("kenji", "keeper")
    for path in ("/cases/new", "/cases"):
        answer = keeper.post(path, data={"note": NOTE})
        assert answer.status_code == 403
        _check_nothing("refusal", answer.content)


def test_a_note_in_the_address_is_not_logged(
    light_hall: Hall, capfd: pytest.CaptureFixture[str]
) -> None:
    staff = light_hall.come_in("hanako", "staff")
    staff.get("/cases", params={"text": NAME})
    staff.get(f"/cases/{quote(NAME)}")
    staff.post(f"/cases/{quote(NAME)}/memo", data={"memo": NAME})
    logs = capfd.readouterr()
    _check_nothing("logs", (logs.out + logs.err).encode())
