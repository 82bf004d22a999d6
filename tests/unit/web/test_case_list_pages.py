"""The list of cases: what is due by today, what it is narrowed to, what is looked for."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.fixtures.case_pages_world import ALARM, keep, now_is, sent
from tests.fixtures.web_world import Hall


def _labels(page: str) -> list[str]:
    return re.findall(r'<th scope="row" role="rowheader"><a href="[^"]+">([^<]+)</a>', page)


def test_an_empty_list_says_so(light_hall: Hall) -> None:
    page = light_hall.come_in("hanako", "staff").get("/cases").text
    assert "この条件の相談はありません" in page
    assert "ありません。" in page


def test_cases_are_narrowed_by_what_they_need(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    quiet, alarm, refused, closed = (
        keep(light_hall, staff, choose=1),
        keep(light_hall, staff, ALARM, choose=1),
        keep(light_hall, staff, choose=1),
        keep(light_hall, staff, choose=1),
    )
    staff.post(f"/cases/{alarm.id}/flags/0", data=sent(alarm, decision="undecided"))
    move = f"/cases/{refused.id}/referrals/r1/move"
    staff.post(move, data=sent(refused, state="refused", reason="full"))
    staff.post(f"/cases/{closed.id}/close", data=sent(closed, reason="solved"))
    staff.post(f"/cases/{quiet.id}/memo", data=sent(quiet, next_on="2026-06-03"))
    for show, expected in (
        ("open", {quiet.label, alarm.label, refused.label}),
        ("week", {quiet.label}),
        ("overdue", set()),
        ("flags", {alarm.label}),
        ("refused", {refused.label}),
        ("closed", {closed.label}),
        ("all", {quiet.label, alarm.label, refused.label, closed.label}),
        ("made-up", {quiet.label, alarm.label, refused.label}),
    ):
        assert set(_labels(staff.get(f"/cases?show={show}").text)) == expected, show
    page = staff.get("/cases").text
    assert re.search(r'href="/cases\?show=flags">緊急が未決 <b>1</b>', page)
    assert re.search(r'href="/cases\?show=week">今週 <b>1</b>', page)


def test_words_are_looked_for_and_kept_in_the_field(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    one, other = keep(light_hall, staff, choose=0), keep(light_hall, staff, ALARM, choose=0)
    page = staff.get("/cases", params={"text": "あざ"}).text
    assert _labels(page) == [other.label]
    assert 'value="あざ"' in page
    assert _labels(staff.get("/cases", params={"text": one.label}).text) == [one.label]
    assert _labels(staff.get("/cases", params={"text": "<b>ない", "page": "99999999"}).text) == []
    assert staff.get("/cases?page=-5").status_code == 200


def test_what_is_due_stands_above_with_the_phone(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, choose=1)
    at = f"/cases/{case.id}"
    staff.post(f"{at}/referrals/r1/move", data=sent(case, state="contacted", next_on="2026-06-01"))
    assert light_hall.later == timedelta(0)
    page = staff.get("/cases").text
    due = page[page.index("きょうまでに見ること") : page.index("相談の一覧</h1>")]
    target = now_is(light_hall, at).referrals[0].target
    assert target.name in due
    assert target.phone in due
