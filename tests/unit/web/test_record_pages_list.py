"""The list of a town's records: filters, counts, paging, the CSV, and the prefecture's below."""

from __future__ import annotations

import csv
import io
import re

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.records.keep import close_record
from service.records.reports import report_refusal
from service.settings import Settings
from service.store.audit_words import COMMAND
from service.triage.triage import Desk
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR, add_more_towns
from tests.fixtures.record_pages_world import FRESH, MADE_AT, SOON, STALE, add, names_in, unlabelled
from tests.fixtures.store_world import PREFECTURE, TOWN
from tests.fixtures.web_world import Hall

ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def keeper(hall: Hall) -> TestClient:
    return hall.come_in("keeper", "keeper")


def test_the_list_shows_what_a_keeper_looks_for(hall: Hall, keeper: TestClient) -> None:
    add(hall.engine, "あおばサロン", phone="0000-11-3333", verified_on=STALE)
    page = keeper.get("/records").text
    assert names_in(page) == ["あおばサロン"]
    for words in (
        "居場所・参加支援",
        "中町",
        "0000-11-3333",
        "2024-12-01 確認",
        "2025-12-01",
        "まだない",
    ):
        assert words in page, words
    assert "1件のうち 1〜1件目" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["あおばサロン", "かわべ食堂", "さかえ窓口"]),
        ("?text=食堂", ["かわべ食堂"]),
        ("?category=poverty.jiritsu", ["さかえ窓口"]),
        ("?state=closed", ["もりの会"]),
        ("?state=", ["あおばサロン", "かわべ食堂", "さかえ窓口", "もりの会"]),
        ("?problem=stale", ["さかえ窓口"]),
        ("?problem=due_soon", ["かわべ食堂"]),
        ("?problem=no_phone", ["かわべ食堂"]),
        ("?problem=full", ["さかえ窓口"]),
        ("?problem=refused", ["あおばサロン"]),
        ("?problem=never_suggested&text=あおば", ["あおばサロン"]),
        ("?sort=due", ["さかえ窓口", "かわべ食堂", "あおばサロン"]),
        # What is no choice is as good as not chosen.
        (
            "?problem=nonsense&sort=odd&state=odd",
            ["あおばサロン", "かわべ食堂", "さかえ窓口"],
        ),
    ],
)
def test_filters_narrow_the_list(
    hall: Hall, keeper: TestClient, query: str, names: list[str]
) -> None:
    _four_records(hall)
    assert names_in(keeper.get(f"/records{query}").text) == names


def test_each_problem_says_how_many_there_are_and_keeps_the_other_filters(
    hall: Hall, keeper: TestClient
) -> None:
    _four_records(hall)
    page = keeper.get("/records?text=あ").text
    links = dict(
        re.findall(r'<a href="(/records\?[^"]*problem=[^"]*)"[^>]*>(?:[^<]*) <b>(\d+)', page)
    )
    counts = {re.findall(r"problem=(\w+)", href)[0]: int(n) for href, n in links.items()}
    assert counts["refused"] == 1
    assert counts["no_phone"] == 0
    assert all("text=%E3%81%82" in href for href in links)
    chosen = keeper.get("/records?text=あ&problem=refused").text
    # The form that asks for other words keeps the problem that was chosen.
    assert '<input type="hidden" name="problem" value="refused">' in chosen
    assert 'aria-current="true"' in chosen


def test_a_long_list_comes_in_pages_that_keep_the_filters(hall: Hall, keeper: TestClient) -> None:
    for number in range(53):
        add(hall.engine, f"サロン{number:02}", phone=f"0000-20-{number:04}")
    first = keeper.get("/records?text=サロン").text
    assert names_in(first) == [f"サロン{n:02}" for n in range(50)]
    assert "53件のうち 1〜50件目" in first
    (later,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = keeper.get(later.replace("&amp;", "&")).text
    assert names_in(second) == ["サロン50", "サロン51", "サロン52"]
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    for odd in ("0", "-3", "99999999999999999999"):
        assert keeper.get(f"/records?page={odd}").status_code == 200


def test_the_csv_holds_the_filtered_list_and_is_safe_to_open(
    hall: Hall, keeper: TestClient
) -> None:
    _four_records(hall)
    add(hall.engine, "=HYPERLINK(1)あおば", phone="")
    answer = keeper.get("/records.csv?text=あおば")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    # Excel takes it for UTF-8 by these three bytes.
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sorted(row["name"].lstrip("'") for row in rows) == [
        "=HYPERLINK(1)あおば",
        "あおばサロン",
    ]
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    assert 'href="/records.csv?text=' in keeper.get("/records?text=サロン").text


def test_the_prefectures_records_stand_below_to_read(hall: Hall, keeper: TestClient) -> None:
    add(hall.engine, "あおばサロン")
    ours = add(hall.engine, "ためし県 相談センター", town=PREFECTURE)
    page = keeper.get("/records").text
    own, above = page.split('id="above-title"')
    assert names_in(own) == ["あおばサロン"]
    assert names_in(above) == ["ためし県 相談センター"]
    assert "県の記録・見るだけ" in above
    record = keeper.get(f"/records/{ours.id}")
    assert record.status_code == 200
    assert "県の記録・見るだけ" in record.text
    assert f"/records/{ours.id}/edit" not in record.text
    assert "確かめた</button>" not in record.text
    data = {"revision": str(ours.revision), "to_revision": "1", "name": "書き換え"}
    for what in ("edit", "verify", "close", "reopen", "undo"):
        assert keeper.post(f"/records/{ours.id}/{what}", data=data).status_code == 404, what


def test_who_in_another_town_was_refused_at_the_prefecture_is_not_told(
    hall: Hall, keeper: TestClient
) -> None:
    add_more_towns(hall.engine)
    ours = add(hall.engine, "ためし県 相談センター", town=PREFECTURE)
    neighbour = hall.register("neighbour", "staff", town=NEIGHBOUR)
    report_refusal(hall.engine, NEIGHBOUR.code, ours.id, "full", neighbour.id, MADE_AT)
    page = keeper.get(f"/records/{ours.id}").text
    assert "<b>満員</b>" in page
    assert "neighbour" not in page
    hall.register("owner", "keeper", town=PREFECTURE)
    assert "neighbour さん" in hall.signed_in("owner").get(f"/records/{ours.id}").text


@pytest.mark.parametrize("path", ["/records/%00", "/records/%00/edit", "/records/a%0Ab", "/records/" + "x" * 5_000])  # fmt: skip
def test_an_id_that_cannot_be_is_not_found(keeper: TestClient, path: str) -> None:
    assert keeper.get(path).status_code == 404


def test_words_that_no_database_can_hold_find_nothing_or_all(
    hall: Hall, keeper: TestClient
) -> None:
    add(hall.engine, "あおばサロン")
    for words in ("%00", "%ED%A0%80", "%25", "_", "'%22--", "あ" * 300):
        for path in ("/records", "/records.csv"):
            assert keeper.get(f"{path}?text={words}").status_code == 200, words


def test_records_of_other_towns_are_nowhere_to_be_seen(hall: Hall, keeper: TestClient) -> None:
    add_more_towns(hall.engine)
    for town in (NEIGHBOUR, FAR_TOWN):
        other = add(hall.engine, f"{town.name}のサロン", town=town)
        for path in (
            "/records?state=",
            "/records/due",
            "/records/duplicates",
            "/records.csv?state=",
        ):
            assert town.name not in keeper.get(path).text, path
        for what in ("", "/edit", "/close", "/reopen"):
            assert keeper.get(f"/records/{other.id}{what}").status_code == 404, what
        data = {"revision": str(other.revision), "to_revision": "1", "name": "書き換え"}
        for what in ("edit", "verify", "close", "reopen", "undo", "reports/1/settle"):
            assert keeper.post(f"/records/{other.id}/{what}", data=data).status_code == 404, what


def test_readers_see_no_buttons_and_trainees_no_records(hall: Hall) -> None:
    kept = add(hall.engine, "あおばサロン", verified_on=STALE)
    staff = hall.come_in("staff", "staff")
    for path in ("/records", "/records/due", f"/records/{kept.id}", "/records/duplicates"):
        page = staff.get(path)
        assert page.status_code == 200
        assert 'method="post" action="/records' not in page.text, path
        assert "/records/new" not in page.text
        assert "/edit" not in page.text
    assert staff.get("/records/new").status_code == 403
    assert staff.get(f"/records/{kept.id}/edit").status_code == 403
    assert staff.post(f"/records/{kept.id}/verify", data={"revision": "1"}).status_code == 403
    trainee = hall.come_in("trainee", "trainee")
    for path in ("/records", "/records.csv", "/records/due", f"/records/{kept.id}"):
        assert trainee.get(path).status_code == 403, path


def test_a_name_that_is_markup_stays_text_on_every_page(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, ATTACK, phone=ATTACK[:20], district=ATTACK, description=ATTACK, verified_on=STALE)  # fmt: skip
    add(hall.engine, ATTACK, phone=ATTACK[:20], district=ATTACK, verified_on=STALE)
    at = f"/records/{kept.id}"
    for path in (
        "/records",
        "/records/due",
        "/records/duplicates",
        at,
        f"{at}/edit",
        f"{at}/close",
    ):
        page = keeper.get(path).text
        assert "alert(1)" in page, path
        assert "<script>alert" not in page, path
    searched = keeper.get("/records", params={"text": ATTACK}).text
    assert "<script>alert" not in searched


def test_every_field_has_a_label(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン", verified_on=STALE)
    add(hall.engine, "あおばサロン", verified_on=STALE)
    at = f"/records/{kept.id}"
    for path in (
        "/records",
        "/records/due",
        "/records/duplicates",
        "/records/new",
        at,
        f"{at}/edit",
    ):
        assert unlabelled(keeper.get(path).text) == [], path


def test_a_desk_without_a_store_has_no_such_pages(small_desk: Desk) -> None:
    app = create_app(small_desk, settings=Settings(mode="single"))
    browser = TestClient(app, "http://localhost:8000", headers={"Accept": "text/html"})
    assert browser.get("/records").status_code == 404


def _four_records(hall: Hall) -> None:
    salon = add(hall.engine, "あおばサロン", verified_on=FRESH)
    report_refusal(hall.engine, TOWN.code, salon.id, "full", COMMAND, MADE_AT)
    add(hall.engine, "かわべ食堂", phone="", verified_on=SOON)
    add(hall.engine, "さかえ窓口", phone="0000-11-9999", categories="poverty.jiritsu", status="full", verified_on=STALE)  # fmt: skip
    closed = add(hall.engine, "もりの会", phone="0000-11-8888")
    close_record(hall.engine, TOWN.code, closed.id, closed.revision, COMMAND, MADE_AT)
