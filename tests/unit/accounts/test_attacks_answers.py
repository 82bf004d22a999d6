"""Redirected, split, misnamed and framed: attacks on what the desk answers.

Each is tried, then tried again without its defence, and must then succeed: that is the proof
that the first try looked at the right thing.
"""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from starlette.responses import Response as Answer
from starlette.testclient import TestClient

from service import app as the_app
from service.settings import Settings
from service.triage.triage import Desk
from service.web import guards, headers, sign_in_pages
from tests.fixtures.attacked import (
    ADDRESS,
    OWN_PAGE,
    Attacked,
    NewDesk,
    routes_of,
    sign_in,
)

EVIL = "https://evil.example"


# Where a browser is sent.


def leaves_the_site(address: str) -> bool:
    """Tell whether a browser would leave our site for this address.

    Browsers drop tabs and line breaks anywhere and spaces in front, and read \\ as /.
    """
    seen = address.translate({ord(c): None for c in "\t\r\n"}).lstrip("\x00\x0b\x0c ")
    seen = seen.replace("\\", "/")
    return not seen.startswith("/") or seen.startswith("//")


# What is asked for → whether quoting the address alone would be defence enough.
REDIRECTS = {
    "//evil.example": False,
    "///evil.example": False,
    "https://evil.example": False,
    "https:evil.example": False,
    "https:/evil.example": False,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    "evil.example": False,
    "//evil.example/%2f..": False,
    "//desk.example@evil.example": False,
    "\\\\evil.example": False,
    "/\\evil.example": True,
    "/\t/evil.example": True,
    "/\n/evil.example": True,
    "/\r\n/evil.example": True,
    "\t//evil.example": False,
    " //evil.example": False,
    "\x00//evil.example": False,
    "/\x0b/evil.example": True,
    "／／evil.example": False,
    "/\N{FULLWIDTH SOLIDUS}evil.example": True,
}


def follow(world: Attacked, wanted: str) -> tuple[str, ...]:
    """Sign in with this ``next``, open the sign-in page with it again; return where both lead."""
    browser = world.browser()
    first = sign_in(browser, "hanako", form={"next": wanted})
    again = browser.get("/sign-in", params={"next": wanted})
    return first.headers["Location"], again.headers["Location"]


@pytest.mark.parametrize("wanted", REDIRECTS)
def test_an_open_redirect(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    assert follow(new_desk(), wanted) == ("/", "/")
    monkeypatch.setattr(sign_in_pages, "safe_next", lambda asked: asked)
    left = {leaves_the_site(address) for address in follow(new_desk(), wanted)}
    assert left == {not REDIRECTS[wanted]}


@pytest.mark.parametrize("wanted", ["%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example"])
def test_an_address_encoded_twice_stays_here(new_desk: NewDesk, wanted: str) -> None:
    assert not any(map(leaves_the_site, follow(new_desk(), wanted)))


def test_a_page_of_ours_is_gone_to(new_desk: NewDesk) -> None:
    assert follow(new_desk(), "/account?done=x") == ("/account?done=x", "/account?done=x")


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%0d%0aevil", "/a//"])
def test_no_address_is_redirected_to_another_spelling(new_desk: NewDesk, path: str) -> None:
    """Frameworks like to add or drop a slash, by an address made from what was asked for."""
    browser = new_desk().enter("hanako")
    answer = browser.request("GET", f"{ADDRESS}{path}")
    assert answer.status_code == 404
    assert "Location" not in answer.headers


# What stands in the headers of our answers.

SPLIT = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>"


def every_answer(world: Attacked, planted: str) -> list[Response]:
    """Put ``planted`` wherever something of the request could come back."""
    browser = world.browser()
    found = [
        sign_in(browser, planted),
        sign_in(browser, "nobody", form={"next": "/" + planted}),
        browser.get("/sign-in", params={"next": "/" + planted, "out": planted}),
        browser.get("/account", params={"done": planted}),
        browser.get("/", headers={"User-Agent": planted.encode("unicode_escape").decode()}),
        browser.get("/api/services/" + "%0d%0aSet-Cookie:%20evil=1"),
        sign_in(browser, "hanako", form={"next": "/" + planted}),
        browser.get("/sign-in", params={"next": "/" + planted}),
        browser.get("/account", params={"done": planted}),
        browser.post("/account/sessions/end", data={"session": planted}, headers=OWN_PAGE),
    ]
    admin = world.enter("boss", "192.0.2.9")
    form = {"login": planted, "display_name": planted, "town": planted, "role": "staff"}
    return [*found, admin.post("/accounts", data=form, headers=OWN_PAGE)]


def is_split(answers: list[Response]) -> bool:
    """Tell whether a header holds a line break, or one of the attacker's came to be."""
    for answer in answers:
        for name, value in answer.headers.multi_items():
            if any(char in value for char in "\r\n\0") or "evil=1" in value.partition(";")[0]:
                return True
            if name.casefold() == "set-cookie" and not value.startswith("__Host-tsunagi"):
                return True
    return False


def test_header_injection(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = every_answer(new_desk(), SPLIT)
    assert not is_split(answers)
    assert not any("<script>" in answer.text for answer in answers)

    # Two defences: only own, printable paths; and the address is quoted.
    def raw(path: str) -> Answer:
        return Answer(status_code=303, headers={"Location": path})

    monkeypatch.setattr(sign_in_pages, "see_other", raw)
    assert not is_split(every_answer(new_desk(), SPLIT))
    monkeypatch.setattr(sign_in_pages, "safe_next", lambda asked: asked)
    assert is_split(every_answer(new_desk(), SPLIT))


# The Host header.

HOSTS = [
    "evil.example",
    "desk.example.evil.example",
    "desk.example@evil.example",
    "desk.example:443@evil.example",
    "evil.example#desk.example",
    "desk.example/evil",
    "desk.example, evil.example",
    "desk.example evil.example",
    "desk.example:evil",
    "",
    "ｄesk.example",
    "[::1",
    "0x7f.1",
]


def is_served(world: Attacked, host: str) -> bool:
    """Tell whether a signed-in browser that sends this Host gets a page."""
    browser = world.enter("hanako")
    return browser.get("/account", headers=[("Host", host.encode())]).status_code == 200


@pytest.mark.parametrize("host", HOSTS)
def test_a_poisoned_host(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    world = new_desk()
    assert not is_served(world, host)
    answer = world.browser().get("/", headers=[("Host", host.encode())])
    assert answer.status_code == 400
    assert "evil" not in answer.text + str(answer.headers)
    monkeypatch.setattr(guards, "is_allowed_host", lambda *_: True)
    assert is_served(new_desk(), host)


@pytest.mark.parametrize("host", ["desk.example", "DESK.example", "desk.example:443"])
def test_our_own_name_is_served(new_desk: NewDesk, host: str) -> None:
    assert is_served(new_desk(), host)


def test_another_header_does_not_name_the_desk(new_desk: NewDesk) -> None:
    world = new_desk()
    poisoned = {
        "X-Forwarded-Host": "evil.example",
        "X-Host": "evil.example",
        "X-Original-URL": "/accounts",
        "X-Rewrite-URL": "/accounts",
        "Forwarded": "host=evil.example",
    }
    for browser in (world.browser(), world.enter("hanako")):
        for path in ("/", "/account", "/sign-in", "/nothing"):
            answer = browser.get(path, headers=poisoned)
            assert "evil" not in answer.text + str(answer.headers)
    assert world.enter("hanako").get("/account", headers=poisoned).status_code == 200


def rebind(desk: Desk) -> bool:
    """Read the single-user desk by a name that was made to point to this machine."""
    app = the_app.create_app(desk, settings=Settings(mode="single"))
    with TestClient(app, base_url="http://rebound.evil.example:8000") as browser:
        return browser.get("/").status_code == 200


def test_dns_rebinding_to_the_single_user_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not rebind(desk)
    monkeypatch.setattr(guards, "is_allowed_host", lambda *_: True)
    assert rebind(desk)


# Framing.


def framable(world: Attacked) -> list[str]:
    """Return the answers that a page elsewhere may show in a frame, errors included."""
    found = []
    signed_in = world.enter("boss", "192.0.2.9")
    for browser in (world.browser(), signed_in):
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", path, {}) for path in routes_of(world, "GET")
        ]
        asked += [
            ("GET", "/nothing", {}),
            ("GET", "/static/desk.css", {}),
            ("DELETE", "/", {"headers": OWN_PAGE}),
            ("GET", "/", {"headers": {"Host": "evil.example"}}),
            ("POST", "/", {"headers": {"Origin": EVIL}}),
            ("POST", "/", {"content": b"x", "headers": {**OWN_PAGE, "Content-Length": "9000000"}}),
        ]
        for method, path, sent in asked:
            answer = browser.request(method, path, **sent)
            policy = answer.headers.get("Content-Security-Policy", "")
            if "frame-ancestors 'none'" not in policy or (
                answer.headers.get("X-Frame-Options") != "DENY"
            ):
                found.append(f"{method} {path} {answer.status_code}")
    return found


def test_clickjacking(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert framable(new_desk()) == []
    monkeypatch.setattr(headers, "HEADERS", {})
    assert len(framable(new_desk())) > 20


def test_a_failure_of_ours_is_no_hole_in_the_frame(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("山田花子の相談")

    monkeypatch.setattr(sign_in_pages, "set_up_due", fail)
    answer = new_desk().browser().get("/sign-in")
    assert answer.status_code == 500
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "山田" not in answer.text


def test_names_that_hold_html_stay_text(new_desk: NewDesk) -> None:
    """Stored script: an admin of another town names people whom our admin looks at."""
    world = new_desk()
    admin = world.enter("boss")
    script = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    form = {"login": "<b>evil</b>", "display_name": script, "role": "staff"}
    answer = admin.post("/accounts", data=form, headers=OWN_PAGE)
    pages = [answer.text, admin.get("/accounts").text]
    for page in pages:
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>evil" not in page


def test_pages_hold_no_script_of_their_own(new_desk: NewDesk) -> None:
    """So that the policy can forbid inline scripts everywhere."""
    policy = new_desk().browser().get("/sign-in").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
