"""A suggestion that came to nothing: who may say so, what is noted, and what is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.app import create_app
from service.records.keep import add_record, get_record
from service.records.kept import Report
from service.records.reports import REASONS
from service.settings import Settings
from service.store.engine import open_store, writing
from service.store.grants import Role
from service.store.migrate import migrate
from service.store.towns import Town, save_town
from service.triage.triage import Desk
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns, person_now, recorded
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN
from tests.fixtures.web_world import Hall, error_on

NOTE = "72歳ひとり暮らしの橋本さん、足が弱り買い物に行けない。食事も作れない。"
FORM = "断られた・つながらなかった"
REPORTERS: tuple[Role, ...] = ("staff", "keeper", "coordinator", "prefecture", "admin")


def add(engine: Engine, town: Town = TOWN) -> str:
    """Add an invented pantry to the town's records; return its id."""
    fields = {
        "name": "ちいさフードパントリー（架空）",
        "kind": "フードパントリー",
        "categories": "poverty.food",
        "verified_on": "2026-05-01",
    }
    return add_record(engine, town.code, fields, "command", NOW).id


def report(
    browser: TestClient, record_id: str, reason: str = "full", town: str = TOWN.code
) -> tuple[int, str]:
    """Press one of the card's buttons; return the status and the page."""
    answer = browser.post(f"/records/{record_id}/reports", data={"reason": reason, "town": town})
    return answer.status_code, answer.text


def reports_on(engine: Engine, record_id: str, town: Town = TOWN) -> tuple[Report, ...]:
    """The open reports of a record."""
    return get_record(engine, town.code, record_id).reports


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_is_noted_with_its_reason_and_who_said_so_and_told(
    hall: Hall, reason: str
) -> None:
    record_id = add(hall.engine)
    staff = hall.come_in("hanako", "staff")
    status, page = report(staff, record_id, reason)
    assert status == 200
    assert f"「{REASONS[reason]}」と記録しました" in page
    assert '<a href="/">窓口へもどる</a>' in page
    [noted] = reports_on(hall.engine, record_id)
    assert (noted.reason, noted.by) == (reason, person_now(hall.engine).id)
    [entry] = recorded(hall.engine, "record.report")
    assert entry.town_code == TOWN.code


@pytest.mark.parametrize("sent", ["%00", "a%00b", "nobody"])
def test_a_record_that_cannot_be_is_not_found(hall: Hall, sent: str) -> None:
    assert report(hall.come_in("hanako", "staff"), sent)[0] == 404


def test_htmx_gets_the_sentence_alone_to_put_in_the_forms_place(light_hall: Hall) -> None:
    record_id = add(light_hall.engine)
    staff = light_hall.come_in("hanako", "staff", HX_Request="true")
    status, part = report(staff, record_id)
    assert status == 200
    assert part.startswith('<p class="said refusal" role="status">')
    assert "<html" not in part


@pytest.mark.parametrize(
    ("reason", "doubts"), [("closed", True), ("wrong_info", True), ("full", False)]
)
def test_the_answer_says_when_the_record_itself_is_in_doubt(
    light_hall: Hall, reason: str, doubts: bool
) -> None:
    record_id = add(light_hall.engine)
    _, page = report(light_hall.come_in("hanako", "staff"), record_id, reason)
    assert ("確かめるまで、候補の下のほう" in page) is doubts


@pytest.mark.parametrize("reason", ["", "満員", "tired", "full "])
def test_only_the_listed_reasons_are_taken(light_hall: Hall, reason: str) -> None:
    record_id = add(light_hall.engine)
    status, page = report(light_hall.come_in("hanako", "staff"), record_id, reason)
    assert (status, "一覧から選んで" in error_on(page)) == (422, True)
    assert not reports_on(light_hall.engine, record_id)


def test_what_else_is_sent_with_it_is_kept_nowhere(light_hall: Hall) -> None:
    record_id = add(light_hall.engine)
    staff = light_hall.come_in("hanako", "staff")
    data = {"reason": "full", "town": TOWN.code, "note": "橋本さんの相談"}
    assert staff.post(f"/records/{record_id}/reports", data=data).status_code == 200
    assert "橋本" not in repr(get_record(light_hall.engine, TOWN.code, record_id))
    assert "橋本" not in repr(recorded(light_hall.engine))


@pytest.mark.parametrize("record_id", ["nai", "nat.poverty.seiho", "a/b", "%2e%2e"])
def test_an_unknown_record_or_a_national_service_is_told(light_hall: Hall, record_id: str) -> None:
    status, page = report(light_hall.come_in("hanako", "staff"), record_id)
    assert status == 404
    assert "記録" in error_on(page)


def test_a_record_whose_id_has_a_slash_and_japanese_can_be_reported(light_hall: Hall) -> None:
    """Unknown here, but it is the record that is unknown and not the page."""
    status, page = report(light_hall.come_in("hanako", "staff"), "中町%2F配食 1")
    assert (status, "そのページはありません" in page) == (404, False)


@pytest.mark.parametrize("role", get_args(Role))
def test_only_the_roles_of_the_table_may_report(hall: Hall, role: Role) -> None:
    record_id = add(hall.engine)
    status, _ = report(hall.come_in("hanako", role), record_id)
    assert status == (200 if role in REPORTERS else 403)
    assert len(reports_on(hall.engine, record_id)) == (role in REPORTERS)


def test_nobody_reports_without_signing_in(light_hall: Hall) -> None:
    record_id = add(light_hall.engine)
    status, page = report(light_hall.browser(), record_id)
    assert (status, "ログイン" in page) == (401, True)
    assert not reports_on(light_hall.engine, record_id)


def test_another_sites_page_cannot_report(light_hall: Hall) -> None:
    record_id = add(light_hall.engine)
    staff = light_hall.come_in("hanako", "staff", Origin="https://evil.example")
    assert report(staff, record_id)[0] == 403
    assert not reports_on(light_hall.engine, record_id)


def test_a_prefectures_record_is_reported_to_the_prefecture(hall: Hall) -> None:
    """All its towns see that the place was full."""
    record_id = add(hall.engine, PREFECTURE)
    status, _ = report(hall.come_in("hanako", "staff"), record_id)
    assert status == 200
    assert len(reports_on(hall.engine, record_id, PREFECTURE)) == 1


def test_another_towns_record_is_not_there(hall: Hall) -> None:
    add_more_towns(hall.engine)
    record_id = add(hall.engine, NEIGHBOUR)
    staff = hall.come_in("hanako", "staff")
    assert report(staff, record_id)[0] == 404
    assert not reports_on(hall.engine, record_id, NEIGHBOUR)


def test_a_card_of_the_town_one_has_left_meanwhile_is_not_reported_here(light_hall: Hall) -> None:
    """Another tab may have switched towns, and records of two towns can have the same id."""
    record_id = add(light_hall.engine)
    staff = light_hall.come_in("hanako", "staff")
    status, page = report(staff, record_id, town=NEIGHBOUR.code)
    assert (status, "切り替わっています" in error_on(page)) == (409, True)
    assert not reports_on(light_hall.engine, record_id)


def test_cards_with_a_local_record_have_the_form_and_send_no_note_with_it(light_hall: Hall) -> None:
    page = light_hall.come_in("hanako", "staff").post("/", data={"note": NOTE}).text
    forms = page.split('<details class="refusal">')[1:]
    assert forms
    for form in forms:
        inside = form.partition("</details>")[0]
        assert FORM in inside
        assert "橋本" not in inside
        assert inside.count("<input") == 1
        assert f'name="town" value="{TOWN.code}"' in inside
        assert inside.count("<button") == len(REASONS)
    assert "/records/nat." not in page


@pytest.mark.parametrize("role", ["trainee", "trainer", "evaluator"])
def test_who_may_not_report_sees_no_form(light_hall: Hall, role: Role) -> None:
    browser = light_hall.come_in("hanako", role)
    page = browser.post("/", data={"note": NOTE}).text
    assert "つなぎ先の候補" in page
    assert (FORM in page) is (role in REPORTERS)


def test_the_single_user_reports_too_where_there_is_a_store(
    small_desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('single')}/single.db")
    migrate(engine)
    with writing(engine) as conn:
        save_town(conn, TOWN)
    browser = _single(small_desk, engine)
    assert FORM in browser.post("/", data={"note": NOTE}).text
    record_id = add(engine)
    assert report(browser, record_id)[0] == 200
    assert [r.by for r in reports_on(engine, record_id)] == ["single-user"]
    engine.dispose()


def test_a_desk_without_a_store_offers_nothing_that_it_cannot_keep(small_desk: Desk) -> None:
    browser = _single(small_desk, None)
    assert FORM not in browser.post("/", data={"note": NOTE}).text
    assert report(browser, "midori.kaigo_hoken")[0] == 404


def _single(desk: Desk, engine: Engine | None) -> TestClient:
    settings = Settings(mode="single")
    app = create_app(desk, lambda: date(2026, 6, 1), settings=settings, engine=engine)
    own = "http://127.0.0.1:8000"
    return TestClient(app, own, headers={"Origin": own, "Accept": "text/html"})


def test_a_town_whose_windows_are_not_named_has_no_form_on_national_services(
    light_hall: Hall,
) -> None:
    bare = light_hall.desk.knowledge.model_copy(
        update={
            "town": light_hall.desk.knowledge.town.model_copy(update={"windows": {}}),
            "resources": (),
        }
    )
    hall = Hall(replace(light_hall.desk, knowledge=bare), light_hall.engine)
    page = hall.come_in("hanako", "staff").post("/", data={"note": NOTE}).text
    assert "つなぎ先の候補" in page
    assert FORM not in page
