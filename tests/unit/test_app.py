"""The web desk over HTTP: what comes back, what is refused, and that nothing leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.triage.note import MAX_NOTE_CHARS
from service.triage.triage import Desk

NOTE = "母84が同じ話をくり返し、鍋を焦がした。長男52は家に閉じこもっている。"


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    app = create_app(desk, lambda: date(2026, 11, 24), settings=Settings(mode="single"))
    own = "http://127.0.0.1:8000"
    # What a browser sends with its own pages' forms.
    with TestClient(app, own, headers={"Origin": own}) as client:
        yield client


def test_the_api_answers_in_the_shape_of_the_contract(client: TestClient) -> None:
    answer = client.post("/api/triage", json={"note": NOTE}).json()
    assert answer["route"] == "refer"
    assert {"red_flags", "problems", "questions", "uncovered", "model", "elapsed_ms"} <= set(answer)
    card = answer["suggestions"][0]
    assert {
        "rank", "category", "service_id", "name", "kind", "level", "score", "reason", "evidence",
        "eligibility", "contact", "verified_on", "next_step",
    } <= set(card)  # fmt: skip
    assert card["kind"] in {"service", "resource"}
    assert card["eligibility"]["verdict"] in {"fits", "unknown", "does_not_fit"}
    for problem in answer["problems"]:
        for span in problem["evidence"]:
            assert NOTE[span["start"] : span["end"]] == span["text"]


def test_every_suggestion_can_be_looked_up(client: TestClient) -> None:
    answer = client.post("/api/triage", json={"note": NOTE}).json()
    for card in answer["suggestions"]:
        record = client.get(f"/api/services/{card['service_id']}")
        assert record.status_code == 200
        assert record.json()["name"] == card["name"]


def test_the_schema_names_the_three_routes_and_their_errors(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["paths"]) == {"/api/triage", "/api/services/{service_id}", "/healthz"}
    assert {"400", "413", "422"} <= set(schema["paths"]["/api/triage"]["post"]["responses"])


def test_health_tells_which_index_answers(client: TestClient) -> None:
    health = client.get("/healthz").json()
    assert health["status"] == "ok"
    assert health["index"]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ('{"note": ""}', 422, "空"),
        ('{"note": "   "}', 422, "空"),
        ('{"top": 3}', 422, "note"),
        ('{"note": "母", "top": 0}', 422, "top"),
        ("{not json", 400, "JSON"),
    ],
)
def test_a_bad_request_is_told_in_japanese(
    client: TestClient, body: str, status: int, word: str
) -> None:
    response = client.post(
        "/api/triage", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == status
    assert set(response.json()) == {"code", "message"}
    assert word in response.json()["message"]


def test_an_unknown_record_or_page_is_told_in_japanese(client: TestClient) -> None:
    assert "nai" in client.get("/api/services/nai").json()["message"]
    assert client.get("/nothing").status_code == 404


def test_a_note_of_100_000_characters_is_refused_and_kept_on_the_page(client: TestClient) -> None:
    note = "母が転んだ。" * 17_000
    response = client.post("/", data={"note": note})
    assert response.status_code == 422
    assert "長すぎます" in response.text
    assert note in response.text


def test_a_body_beyond_all_reason_is_refused_before_it_is_read(client: TestClient) -> None:
    response = client.post("/api/triage", content=b"x" * 4_000_001)
    assert response.status_code == 413
    assert f"{MAX_NOTE_CHARS:,}" in response.json()["message"]


def test_the_page_works_without_javascript(client: TestClient) -> None:
    page = client.post("/", data={"note": NOTE}).text
    assert page.startswith("<!doctype html>")
    assert "つなぎ先の候補" in page
    assert NOTE in page


def test_htmx_gets_the_result_alone(client: TestClient) -> None:
    part = client.post("/", data={"note": NOTE}, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "つなぎ先の候補" in part


def test_no_flag_is_never_shown_as_safety(client: TestClient) -> None:
    page = client.post("/", data={"note": "免許を返して買い物の足がない。79歳夫婦。"}).text
    assert "安全を保証しません" in page


def test_html_in_a_note_stays_text(client: TestClient) -> None:
    attack = '<script>alert(1)</script><img src=x onerror="alert(2)"> 母が転んで入院した。'
    page = client.post("/", data={"note": attack}).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_emoji_line_breaks_and_rare_characters_survive(client: TestClient) -> None:
    note = "👵🏻が転んだ😢\r\n𠮷田さん　㈱みどり　ﾊﾟｰﾄ"
    assert client.post("/api/triage", json={"note": note}).status_code == 200


def test_pages_forbid_everything_from_elsewhere_and_are_not_cached(client: TestClient) -> None:
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert response.headers["Cache-Control"] == "no-store"


def test_pages_name_no_other_host(client: TestClient) -> None:
    page = client.post("/", data={"note": NOTE}).text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)


def test_the_page_says_that_the_sample_town_is_invented(client: TestClient) -> None:
    assert "架空の町" in client.get("/").text
