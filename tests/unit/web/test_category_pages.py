"""Proposed categories on the screen: one decision per kind, by whoever may change the records."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.records.keep import edit_record
from service.store.audit_words import COMMAND
from service.store.towns import Town
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.record_pages_world import import_list, now_in, unlabelled, value_in
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on

PATH = "/records/categories"
ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def keeper(hall: Hall) -> TestClient:
    return hall.come_in("keeper", "keeper")


def test_each_kind_is_one_line_with_its_proposal_count_and_examples(
    hall: Hall, keeper: TestClient
) -> None:
    _import(hall)
    page = keeper.get(PATH).text
    assert _kinds(page) == ["通所介護", "地域包括支援センター"]
    assert "4件</td>" in page
    assert "ほか 1件" in page
    assert '<a href="/records/d1">デイ1</a>' in page
    assert 'href="/records/d4"' not in page
    assert 'data-label="支援分野">居宅介護支援・ケアプラン' in page
    assert unlabelled(page) == []


def test_right_other_and_later_each_do_what_they_say(hall: Hall, keeper: TestClient) -> None:
    _import(hall)
    page = keeper.get(PATH).text
    before = now_in(hall.engine, "d1")
    answer = _send(keeper, page, {1: "right", 2: "later"})
    assert answer.headers["location"] == f"{PATH}?confirmed=4&left=0"
    after = now_in(hall.engine, "d1")
    assert after.record.unconfirmed == frozenset()
    assert after.verified_on == before.verified_on
    assert now_in(hall.engine, "c1").record.unconfirmed == {"categories"}
    page = keeper.get(answer.headers["location"]).text
    assert "4件の支援分野を確かめました" in page
    assert _kinds(page) == ["地域包括支援センター"]
    _send(keeper, page, {1: "other"}, {1: "isolation.ibasho"})
    changed = now_in(hall.engine, "c1").record
    assert (changed.fields["categories"], changed.unconfirmed) == ("isolation.ibasho", frozenset())
    assert "待っている支援分野はありません" in keeper.get(PATH).text


def test_what_was_changed_meanwhile_stays_and_is_told(hall: Hall, keeper: TestClient) -> None:
    _import(hall)
    page = keeper.get(PATH).text
    edit_record(hall.engine, TOWN.code, "d2", {"cost": "無料"}, 1, COMMAND, hall.now)
    answer = _send(keeper, page, {1: "right"})
    assert answer.headers["location"] == f"{PATH}?confirmed=3&left=1"
    assert "1件は、この画面を開いたあとに" in keeper.get(answer.headers["location"]).text
    assert now_in(hall.engine, "d2").record.unconfirmed == {"categories"}


def test_nothing_chosen_or_half_chosen_changes_nothing_and_keeps_the_choices(
    hall: Hall, keeper: TestClient
) -> None:
    _import(hall)
    page = keeper.get(PATH).text
    none = _send(keeper, page, {1: "later", 2: "later"})
    assert none.status_code == 422
    assert "選んでから" in error_on(none.text)
    half = _send(keeper, page, {1: "right", 2: "other"})
    assert half.status_code == 422
    assert "2行目" in error_on(half.text)
    assert half.text.count('value="right" checked') == 1
    assert half.text.count('value="other" checked') == 1
    unknown = _send(keeper, page, {1: "other"}, {1: "nai.nai"})
    assert "支援分野にないコード" in error_on(unknown.text)
    assert now_in(hall.engine, "d1").record.unconfirmed == {"categories"}


@pytest.mark.parametrize("seen", ["", "{", "{}", "[1]", '[["d1"]]', '[["d1","1"]]', "[" * 9_999])
def test_what_no_page_sends_is_refused(hall: Hall, keeper: TestClient, seen: str) -> None:
    _import(hall)
    answer = keeper.post(PATH, data={"answer-1": "right", "seen-1": seen})
    assert answer.status_code == 422
    assert "開き直して" in error_on(answer.text)


def test_a_page_without_proposals_says_so(keeper: TestClient) -> None:
    page = keeper.get(PATH)
    assert page.status_code == 200
    assert "待っている支援分野はありません" in page.text
    assert "<form" not in page.text.split("<main")[1]


def test_only_who_may_change_records_gets_there(hall: Hall) -> None:
    _import(hall)
    sent = {"answer-1": "right", "seen-1": json.dumps([["d1", 1]])}
    for role in ("staff", "coordinator", "trainee"):
        browser = hall.come_in(role, role)
        assert browser.get(PATH).status_code == 403, role
        assert browser.post(PATH, data=sent).status_code == 403, role
    assert now_in(hall.engine, "d1").record.unconfirmed == {"categories"}
    assert PATH not in hall.signed_in("staff").get("/records?problem=unconfirmed").text
    admin = hall.come_in("admin", "admin")
    assert admin.get(PATH).status_code == 200
    assert admin.post(PATH, data=sent).status_code == 303


def test_another_towns_records_are_neither_seen_nor_confirmed(
    hall: Hall, keeper: TestClient
) -> None:
    add_more_towns(hall.engine)
    _import(hall, NEIGHBOUR)
    assert "デイ1" not in keeper.get(PATH).text
    sent = {"answer-1": "right", "seen-1": json.dumps([["d1", 1]])}
    answer = keeper.post(PATH, data=sent)
    assert answer.headers["location"] == f"{PATH}?confirmed=0&left=1"
    assert now_in(hall.engine, "d1", NEIGHBOUR).record.unconfirmed == {"categories"}


def test_a_kind_that_is_markup_stays_text(hall: Hall, keeper: TestClient) -> None:
    import_list(hall.engine, _row("x1", ATTACK, f"通所介護{ATTACK}"))
    page = keeper.get(PATH).text
    assert _kinds(page) == [f"通所介護{ATTACK}"]
    assert "<script>alert" not in page
    assert _send(keeper, page, {1: "right"}).headers["location"].endswith("confirmed=1&left=0")


def test_the_lists_lead_there(hall: Hall, keeper: TestClient) -> None:
    _import(hall)
    link = f'<a class="button" href="{PATH}">分野をまとめて確かめる</a>'
    assert link in keeper.get("/records?problem=unconfirmed").text
    assert link not in keeper.get("/records").text
    assert f'href="{PATH}"' in keeper.get("/records").text
    past = re.search(r"/records/import/past/[^\"?/]+", keeper.get("/records/import").text)
    assert past, "no past import"
    assert f'href="{PATH}"' in keeper.get(past[0]).text


def test_a_long_page_is_cut_and_says_how_many_wait(
    hall: Hall, keeper: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _import(hall)
    monkeypatch.setattr("service.web.record_category_pages._MOST_SENT_CHARS", 60)
    page = keeper.get(PATH).text
    assert "5件が、確かめられるのを待っています（はじめの" in page
    answer = _send(keeper, page, {1: "right"})
    confirmed = int(re.findall(r"confirmed=(\d+)", answer.headers["location"])[0])
    assert 0 < confirmed < 4


def _row(record_id: str, name: str, kind: str) -> tuple[str, ...]:
    return (record_id, name, kind, "", "架空", "0000-11-2222", "", f"中町{record_id}", "2026-04-01", "町")  # fmt: skip


def _import(hall: Hall, town: Town = TOWN) -> None:
    days = [_row(f"d{n}", f"デイ{n}", "通所介護") for n in range(1, 5)]
    import_list(hall.engine, *days, _row("c1", "包括ちいさ", "地域包括支援センター"), town=town)


def _kinds(page: str) -> list[str]:
    found = re.findall(r'id="kind-\d+"><span class="hidden-words">\d+行目: </span>([^<]*)<', page)
    return [unescape(kind) for kind in found]


def _send(
    browser: TestClient, page: str, answers: dict[int, str], others: dict[int, str] | None = None
) -> Any:
    """Press the button with these choices."""
    sent = {f"answer-{n}": answer for n, answer in answers.items()}
    sent |= {f"seen-{n}": value_in(page, f"seen-{n}") for n in answers}
    sent |= {f"other-{n}": code for n, code in (others or {}).items()}
    return browser.post(PATH, data=sent)
