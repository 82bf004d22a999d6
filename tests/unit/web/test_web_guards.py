"""What is refused at the door: forged requests, foreign names, huge bodies; and the headers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from starlette import formparsers
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.triage.triage import Desk
from service.web.guards import MAX_BODY_BYTES
from service.web.headers import HEADERS
from service.web.hosts import client_of
from service.web.next_page import safe_next
from tests.fixtures.web_world import HOST, ORIGIN, Hall

FORM = "application/x-www-form-urlencoded"
OWN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def single(small_desk: Desk) -> Iterator[TestClient]:
    """A program at the single-user desk: it sends no headers of its own."""
    with TestClient(create_app(small_desk, settings=Settings(mode="single")), OWN) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, False),
        ({"Sec-Fetch-Site": ""}, False),
        # Chromium on http to a name other than localhost.
        ({"Origin": OWN}, True),
        ({"Origin": "https://127.0.0.1:8000"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "http://127.0.0.1:8001"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, False),
        ({"Origin": "http://evil.example#127.0.0.1:8000"}, False),
        ({"Origin": "chrome-extension://127.0.0.1:8000"}, False),
        ({"Origin": "http://[::1"}, False),
        ({}, False),
    ],
)
def test_a_form_is_taken_from_our_own_pages_only(
    single: TestClient, headers: dict[str, str], passes: bool
) -> None:
    for content_type in (FORM, "text/plain", ""):
        sent = {**headers, "Content-Type": content_type} if content_type else headers
        answer = single.post("/", content="note=", headers=sent)
        # 422: it came through, and the note is empty.
        assert answer.status_code == (422 if passes else 403), content_type
        assert passes or answer.json()["code"] == "forged_request"


@pytest.mark.parametrize("origin", [None, OWN, "http://evil.example"])
def test_json_without_a_browser_passes_and_from_a_foreign_page_does_not(
    single: TestClient, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    answer = single.post("/api/triage", json={"note": ""}, headers=headers)
    assert answer.status_code == (403 if origin == "http://evil.example" else 422)


def test_json_in_the_disguise_of_plain_text_is_refused(single: TestClient) -> None:
    answer = single.post(
        "/api/triage", content='{"note": "x"}', headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 403


def test_no_page_elsewhere_is_ever_let_in_by_cors(light_hall: Hall) -> None:
    ask = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for path in ("/api/triage", "/", "/sign-in"):
        answer = light_hall.browser().options(path, headers=ask)
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8000", 200),
        ("127.8.8.8", 200),
        # DNS rebinding: the attacker's name points here, and is still the attacker's.
        ("rebound.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("0.0.0.0:8000", 400),
        ("192.168.1.5", 400),
        ("evil@127.0.0.1", 400),
        ("127.0.0.1/evil", 400),
        ("127.0.0.1,evil.example", 400),
        ("", 400),
    ],
)
def test_the_single_user_desk_answers_to_its_own_names_only(
    single: TestClient, host: str, status: int
) -> None:
    assert single.get("/", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [(HOST, 200), (f"{HOST.upper()}:443", 200), ("127.0.0.1:8000", 200), ("evil.example", 400)],
)
def test_a_town_answers_to_the_names_it_was_told(light_hall: Hall, host: str, status: int) -> None:
    light_hall.register("hanako", "staff")
    answer = light_hall.browser().get("/sign-in", headers={"Host": host})
    assert answer.status_code == status
    assert "evil" not in answer.text


def test_every_answer_carries_the_headers(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    answers = [
        staff.get("/"),
        staff.get("/nothing"),
        staff.get("/accounts"),
        staff.get("/healthz"),
        staff.post("/sign-out", headers={"Origin": "null"}),
        staff.post("/", content=b"x" * (MAX_BODY_BYTES + 1)),
        light_hall.browser().get("/"),
        light_hall.browser(Host="evil.example").get("/"),
    ]
    assert sorted({answer.status_code for answer in answers}) == [200, 303, 400, 403, 404, 413]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert len(answer.headers["X-Request-Id"]) == 16


def test_the_policy_allows_no_inline_script_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def test_pages_have_no_inline_script_or_style(light_hall: Hall) -> None:
    admin = light_hall.come_in("hanako", "admin")
    for path in ("/", "/account", "/account/password", "/accounts"):
        page = admin.get(path).text
        assert "<script>" not in page
        assert "style=" not in page
        assert " onclick" not in page


def test_static_files_are_kept_only_under_the_address_of_their_content(single: TestClient) -> None:
    page = single.get("/").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    kept = single.get(address)
    assert kept.status_code == 200
    assert "immutable" in kept.headers["Cache-Control"]
    assert single.get("/static/desk.css?v=0").headers["Cache-Control"] == "no-cache"
    missing = single.get("/static/../settings.py")
    assert missing.status_code == 404
    assert missing.headers["Cache-Control"] == "no-store"


def test_static_files_are_no_lines_in_the_log(
    single: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    single.get("/static/desk.css")
    single.get("/static/nothing.css")
    single.get("/nothing")
    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [entry["route"] for entry in entries if entry["event"] == "request"] == ["-"]


def test_a_body_without_a_length_is_counted_and_refused(single: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 100_000 + 1):
            yield b"x" * 100_000

    json_answer = single.post(
        "/api/triage", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert json_answer.status_code == 413
    assert json_answer.json()["code"] == "too_large"
    form_answer = single.post(
        "/", content=endless(), headers={"Content-Type": FORM, "Origin": OWN, "Accept": "text/html"}
    )
    assert form_answer.status_code == 413
    assert "大きすぎます" in form_answer.text


def test_a_body_without_a_length_is_read_if_it_is_short(single: TestClient) -> None:
    answer = single.post(
        "/api/triage",
        content=iter([b'{"note": ', b'""}']),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("length", ["9" * 30, "4000001"])
def test_a_length_beyond_reason_is_refused(single: TestClient, length: str) -> None:
    answer = single.get("/", headers={"Content-Length": length})
    assert answer.status_code == 413


def test_a_file_in_a_form_is_refused_before_it_reaches_the_disk(
    single: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spool(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", spool)
    answer = single.post(
        "/", files={"note": ("note.txt", b"x" * 2_000_000)}, headers={"Origin": OWN}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"note": "\\ud800"}', '{"note": "\\u0000"}', "\xff"]
)
def test_json_that_no_note_can_be_is_told_in_japanese(single: TestClient, body: str) -> None:
    answer = single.post(
        "/api/triage",
        content=body.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"code", "message"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        # What stands further left was written by the client itself.
        ("10.0.0.1", ["8.8.8.8, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["8.8.8.8", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["a note"], "10.0.0.1"),
        # Not from a proxy of ours: the header is anybody's.
        ("203.0.113.9", ["127.0.0.1"], "203.0.113.9"),
    ],
)
def test_the_clients_address_is_believed_from_trusted_proxies_only(
    light_hall: Hall, peer: str, forwarded: list[str], client: str
) -> None:
    settings = Settings(mode="town", trusted_proxies=("10.0.0.0/24",))
    app = Hall(light_hall.desk, light_hall.engine, settings).app
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    scope = {"type": "http", "app": app, "client": (peer, 1), "headers": headers}
    assert client_of(HTTPConnection(scope)) == client


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
        "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
        "/a\r\nSet-Cookie: x=1", " //evil.example", "evil.example", "", "/" + "x" * 1_000,
        "/sign-out", "/sign-in?next=/", "/set-up", "///evil.example", "/　evil",
    ],
)  # fmt: skip
def test_a_way_on_that_leads_elsewhere_leads_home(asked: str) -> None:
    assert safe_next(asked) == "/"


@pytest.mark.parametrize("asked", ["/", "/account", "/accounts?done=role_given", "/accounts/1"])
def test_a_way_on_within_the_desk_is_kept(asked: str) -> None:
    assert safe_next(asked) == asked


def test_a_websocket_is_not_answered(single: TestClient) -> None:
    with pytest.raises(Exception), single.websocket_connect("/"):  # noqa: B017, PT011  whatever the client makes of it
        pass


def test_own_pages_send_their_origin(light_hall: Hall) -> None:
    # With "no-referrer" browsers send "Origin: null" with our own forms, which is refused.
    assert light_hall.browser().get("/sign-in").headers["Referrer-Policy"] == "same-origin"
    assert light_hall.browser(Origin=ORIGIN).post("/sign-in").status_code == 401
