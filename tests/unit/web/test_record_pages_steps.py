"""One button each: verified, closed, reopened, merged, kept apart, settled; and the work list."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from service.records.keep import edit_record
from service.records.reports import report_refusal
from service.store.audit_words import COMMAND
from tests.fixtures.accounts_world import person_now, recorded
from tests.fixtures.record_pages_world import (
    FRESH,
    MADE_AT,
    SOON,
    STALE,
    add,
    import_list,
    names_in,
    now_in,
    value_in,
)
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on


@pytest.fixture
def keeper(hall: Hall) -> TestClient:
    return hall.come_in("keeper", "keeper")


def test_the_work_list_puts_the_refused_first_then_the_due(hall: Hall, keeper: TestClient) -> None:
    add(hall.engine, "もうすぐの会", verified_on=SOON, phone="0000-11-0003")
    add(hall.engine, "期限切れの会", verified_on=STALE, phone="0000-11-0002")
    refused = add(hall.engine, "断られた会", verified_on=FRESH, phone="0000-11-0001")
    report_refusal(hall.engine, TOWN.code, refused.id, "unreachable", COMMAND, MADE_AT)
    page = keeper.get("/records/due").text
    order = re.findall(r'<h3><a href="[^"]+">([^<]+)</a>', page)
    assert order == ["断られた会", "期限切れの会", "もうすぐの会"]
    sections = re.findall(r'<h2 id="(\w+)-title">', page)
    assert sections == ["refused", "late", "coming"]
    # What one calls stands on the page.
    for phone in ("0000-11-0001", "0000-11-0002", "0000-11-0003"):
        assert f'<b class="phone">{phone}</b>' in page


def test_one_click_in_the_work_list_verifies_and_comes_back(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "期限切れの会", verified_on=STALE, verified_by="")
    page = keeper.get("/records/due").text
    assert value_in(page, "back") == "due"
    sent = {"revision": value_in(page, "revision"), "back": "due"}
    answer = keeper.post(f"/records/{kept.id}/verify", data=sent)
    assert answer.headers["location"] == "/records/due?done=verified"
    assert "確かめた記録を付けました" in keeper.get(answer.headers["location"]).text
    fields = now_in(hall.engine, kept.id).record.fields
    # A post, not the name of whoever pressed the button: the field goes out with every export.
    assert (fields["verified_on"], fields["verified_by"]) == ("2026-06-01", "支援先データの担当")
    assert recorded(hall.engine, "record.verify")
    assert keeper.get("/records?problem=stale").text.count("期限切れの会") == 0


def test_verifying_confirms_what_was_proposed_in_the_name_that_was_typed(
    hall: Hall, keeper: TestClient
) -> None:
    row = ("aoba", "あおば食堂", "子ども食堂", "", "夕食を出します", "0183-73-0001", "", "中町1-1", STALE, "架空")  # fmt: skip
    import_list(hall.engine, row)
    page = keeper.get("/records/aoba").text
    assert "提案・未確認" in page
    sent = {"revision": value_in(page, "revision"), "by_name": "福祉課 地域福祉係"}
    assert (
        keeper.post("/records/aoba/verify", data=sent)
        .headers["location"]
        .startswith("/records/aoba?")
    )
    page = keeper.get("/records/aoba").text
    assert "提案・未確認" not in page
    assert value_in(page, "by_name") == "福祉課 地域福祉係"
    assert "2026-06-01 確認" in page


def test_a_record_that_changed_under_the_page_is_not_verified_unseen(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "期限切れの会", verified_on=STALE)
    change = {"phone": "0000-77-7777"}
    edit_record(hall.engine, TOWN.code, kept.id, change, kept.revision, COMMAND, hall.now)
    sent = {"revision": str(kept.revision), "back": "due"}
    answer = keeper.post(f"/records/{kept.id}/verify", data=sent)
    assert answer.status_code == 409
    assert "ほかの人が変えました" in error_on(answer.text)
    # The record as it is now, to look at and press again.
    assert "0000-77-7777" in answer.text
    assert value_in(answer.text, "revision") == str(kept.revision + 1)
    assert now_in(hall.engine, kept.id).record.fields["verified_on"] == STALE


@pytest.mark.parametrize("revision", ["0", "-1", "99999999999999999999999999"])
def test_a_revision_that_never_was_is_out_of_date(
    hall: Hall, keeper: TestClient, revision: str
) -> None:
    kept = add(hall.engine, "あおばサロン")
    sent = {"revision": revision, "to_revision": revision, "name": "別の名前"}
    for what in ("verify", "close", "undo", "edit"):
        assert keeper.post(f"/records/{kept.id}/{what}", data=sent).status_code == 409, what
    current = {"revision": "1", "to_revision": revision}
    assert keeper.post(f"/records/{kept.id}/undo", data=current).status_code == 404
    assert now_in(hall.engine, kept.id) == kept


def test_closing_asks_first_keeps_the_history_and_can_be_taken_back(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "もりの会", is_window="1")
    at = f"/records/{kept.id}"
    asked = keeper.get(f"{at}/close").text
    assert "町の窓口になっている記録です" in asked
    assert now_in(hall.engine, kept.id).record.state == "active"
    answer = keeper.post(f"{at}/close", data={"revision": value_in(asked, "revision")})
    assert answer.headers["location"] == f"{at}?done=closed"
    assert names_in(keeper.get("/records").text) == []
    assert names_in(keeper.get("/records?state=closed").text) == ["もりの会"]
    page = keeper.get(at).text
    assert "状態: <del>使っている</del> → <ins>閉じた</ins>" in page
    asked = keeper.get(f"{at}/reopen").text
    answer = keeper.post(f"{at}/reopen", data={"revision": value_in(asked, "revision")})
    assert answer.headers["location"] == f"{at}?done=reopened"
    assert names_in(keeper.get("/records").text) == ["もりの会"]


def test_closing_what_somebody_else_just_changed_shows_it_instead(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "もりの会")
    change = {"phone": "0000-77-7777"}
    edit_record(hall.engine, TOWN.code, kept.id, change, kept.revision, COMMAND, hall.now)
    answer = keeper.post(f"/records/{kept.id}/close", data={"revision": str(kept.revision)})
    assert answer.status_code == 409
    assert "0000-77-7777" in answer.text
    assert now_in(hall.engine, kept.id).record.state == "active"


def test_two_records_that_are_one_are_merged_and_the_merge_undone(
    hall: Hall, keeper: TestClient
) -> None:
    first = add(hall.engine, "あおばサロン", cost="100円", address="")
    second = add(hall.engine, "あおばサロン", cost="200円", address="中町1-1")
    page = keeper.get("/records/duplicates").text
    assert "電話が同じ" in page
    assert "名前が同じ" in page
    assert "100円" in page
    assert "200円" in page
    sent = _pair(page) | {"keep_id": first.id}
    answer = keeper.post("/records/duplicates/merge", data=sent)
    assert answer.headers["location"] == f"/records/{first.id}?done=merged"
    fields = now_in(hall.engine, first.id).record.fields
    assert (fields["cost"], fields["address"]) == ("100円", "中町1-1")
    assert names_in(keeper.get("/records").text) == ["あおばサロン"]
    taken_in = keeper.get(f"/records/{second.id}").text
    assert f'<a href="/records/{first.id}">ほかの記録</a>にまとめて閉じました' in taken_in
    assert "確かめた</button>" not in taken_in
    now = now_in(hall.engine, first.id)
    keeper.post(
        f"/records/{first.id}/undo", data={"revision": str(now.revision), "to_revision": "1"}
    )
    assert len(names_in(keeper.get("/records").text)) == 2


def test_a_merge_without_a_choice_or_from_an_old_page_changes_nothing(
    hall: Hall, keeper: TestClient
) -> None:
    first = add(hall.engine, "あおばサロン")
    second = add(hall.engine, "あおばサロン")
    sent = _pair(keeper.get("/records/duplicates").text)
    answer = keeper.post("/records/duplicates/merge", data=sent)
    assert answer.status_code == 422
    assert "どちらの記録を残すか" in error_on(answer.text)
    change = {"phone": "0000-11-2223"}
    for changed in (first, second):
        edit_record(hall.engine, TOWN.code, changed.id, change, 1, COMMAND, hall.now)
        old = keeper.post("/records/duplicates/merge", data=sent | {"keep_id": first.id})
        assert old.status_code == 409
    assert len(names_in(keeper.get("/records").text)) == 2


def test_a_pair_that_cannot_be_is_not_found(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    for other in ("\x00", "nowhere", ""):
        sent = {"first_id": kept.id, "second_id": other, "keep_id": kept.id, "first_revision": "1"}
        assert keeper.post("/records/duplicates/merge", data=sent).status_code == 404, other
        assert keeper.post("/records/duplicates/apart", data=sent).status_code == 404, other
    assert keeper.post(f"/records/{kept.id}/reports/%00/settle").status_code == 404
    assert now_in(hall.engine, kept.id) == kept


def test_two_that_are_two_are_not_proposed_again(hall: Hall, keeper: TestClient) -> None:
    add(hall.engine, "あおばサロン")
    add(hall.engine, "あおばサロン")
    assert keeper.get("/records?problem=duplicate").text.count('role="rowheader"') == 2
    sent = _pair(keeper.get("/records/duplicates").text)
    answer = keeper.post("/records/duplicates/apart", data=sent)
    assert answer.headers["location"] == "/records/duplicates?done=apart"
    page = keeper.get(answer.headers["location"]).text
    assert "重なっていそうな記録はありません" in page
    assert len(names_in(keeper.get("/records").text)) == 2


def test_a_refusal_is_shown_and_settled(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    hall.register("staff", "staff")
    staff = hall.signed_in("staff")
    report_refusal(
        hall.engine, TOWN.code, kept.id, "full", person_now(hall.engine, "staff").id, MADE_AT
    )
    page = keeper.get(f"/records/{kept.id}").text
    assert "<b>満員</b>" in page
    assert "staff さん" in page
    (path,) = re.findall(r'action="(/records/[^"]+/settle)"', page)
    assert "片付けた</button>" not in staff.get(f"/records/{kept.id}").text
    assert staff.post(path).status_code == 403
    answer = keeper.post(path)
    assert answer.headers["location"] == f"/records/{kept.id}?done=settled"
    assert "窓口で断られた報告" not in keeper.get(f"/records/{kept.id}").text


def _pair(page: str) -> dict[str, str]:
    names = ("first_id", "second_id", "first_revision", "second_revision")
    return {name: value_in(page, name) for name in names}
