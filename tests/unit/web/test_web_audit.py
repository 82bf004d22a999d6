"""What a triage leaves in the audit, what a refusal does, and what happens without a store."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, text

from service.store.engine import writing
from service.store.errors import StoreBusy, StoreUnreachable
from service.triage.triage import Desk
from service.web import record, rights_dependency
from tests.fixtures.accounts_world import person_now, recorded
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on

NOTE = "冷蔵庫が空で、次の給料日まで二週間ある。"


def test_a_triage_leaves_counts_and_codes(hall: Hall) -> None:
    staff = hall.come_in("hanako", "staff")
    assert staff.post("/", data={"note": NOTE}).status_code == 200
    assert staff.post("/api/triage", json={"note": NOTE}).status_code == 200
    page, api = recorded(hall.engine, "desk.triage")
    assert page.actor == person_now(hall.engine, "hanako").id
    assert (page.town_code, page.outcome, page.subject_id) == (TOWN.code, "ok", None)
    detail = json.loads(page.detail)
    assert set(detail) == {"route", "flags", "problems", "suggestions", "took_ms", "via"}
    assert (detail["route"], detail["via"]) == ("refer", "page")
    assert detail["suggestions"] > 0
    assert json.loads(api.detail)["via"] == "api"


def test_a_note_that_was_not_read_leaves_nothing(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    assert staff.post("/", data={"note": " "}).status_code == 422
    assert recorded(light_hall.engine, "desk.triage") == ()


def test_the_single_user_is_recorded_too(small_desk: Desk, engine: Engine) -> None:
    from service.settings import Settings

    hall = Hall(small_desk, engine, Settings(mode="single"))
    answer = hall.browser(Host="localhost", Origin="http://localhost").post(
        "/", data={"note": NOTE}
    )
    assert answer.status_code == 200
    assert [e.actor for e in recorded(engine, "desk.triage")] == ["single-user"]


def test_an_answer_is_not_held_back_for_its_record(
    light_hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    staff = light_hall.come_in("hanako", "staff")

    def busy(*_: object) -> None:
        raise StoreBusy("混み合っています。")

    monkeypatch.setattr(record, "append", busy)
    assert staff.post("/", data={"note": NOTE}).status_code == 200
    assert staff.get("/accounts").status_code == 403
    missed = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    gaps = [entry["reason"] for entry in missed if entry["event"] == "audit_missed"]
    assert gaps == ["desk.triage", "access.refuse"]


def test_a_store_that_is_gone_is_a_page_that_says_so(
    light_hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = light_hall.come_in("hanako", "staff")

    def gone(*_: object) -> None:
        raise StoreUnreachable("データベースにつながりません。")

    monkeypatch.setattr(rights_dependency, "find_viewer", gone)
    page = staff.get("/")
    assert page.status_code == 503
    assert "データベースにつながりません" in error_on(page.text)
    assert staff.post("/api/triage", json={"note": NOTE}).json()["code"] == "store_unreachable"


def test_a_database_that_was_really_damaged_is_said_in_japanese(hall: Hall) -> None:
    staff = hall.come_in("hanako", "staff")
    with writing(hall.engine) as conn:
        conn.execute(text("DROP TABLE grants"))
    page = staff.get("/")
    # A missing table is nothing a person can mend: the page says no more than that it failed.
    assert page.status_code == 500
    assert "grants" not in page.text
