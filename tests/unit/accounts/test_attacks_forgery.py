"""Requests that another site sends in the victim's name, and methods that are not what they seem.

Each is tried, then tried again without its defence, and must then succeed: that is the proof
that the first try looked at the right thing.
"""

from __future__ import annotations

import json

import pytest
from fastapi import APIRouter
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response as Answer

from service import app as the_app
from service.web import guards
from tests.fixtures.accounts_world import PASSWORD
from tests.fixtures.attacked import (
    ADDRESS,
    OWN_PAGE,
    Attacked,
    NewDesk,
    is_signed_in,
    routes_of,
)

EVIL = "https://evil.example"


# Requests that another site makes the victim's browser send.  The cookie is sent along here,
# though SameSite=Lax holds it back in today's browsers: the guard must not rest on that.

INVITATION = {"login": "evil", "display_name": "だれか", "role": "admin"}
FOREIGN = {
    "another site": {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
    "another site, plain http": {"Origin": "http://evil.example"},
    "a neighbour": {"Origin": "https://other.desk.example", "Sec-Fetch-Site": "same-site"},
    "a neighbour, old browser": {"Origin": "https://other.desk.example"},
    "a page without an origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "null on plain http": {"Origin": "null"},
    "our name as a prefix": {"Origin": "https://desk.example.evil.example"},
    "our name as a suffix": {"Origin": "https://evildesk.example"},
    "our name as a user": {"Origin": "https://desk.example@evil.example"},
    "another port": {"Origin": "https://desk.example:8443"},
    "no word of it": {},
    "a referer is no origin": {"Referer": f"{ADDRESS}/accounts"},
    "a made-up word": {"Origin": ADDRESS, "Sec-Fetch-Site": "almost-same-origin"},
}


def forged_form(world: Attacked, foreign: dict[str, str]) -> bool:
    """Invite an admin of the attacker's, by a form in the browser of the admin."""
    victim = world.enter("boss")
    victim.post("/accounts", data=INVITATION, headers=foreign)
    return any("'evil'" in row for row in world.stored()["people"])


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_a_forged_form(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, foreign: dict[str, str]
) -> None:
    assert not forged_form(new_desk(), foreign)
    monkeypatch.setattr(guards, "is_forged", lambda *_: False)
    assert forged_form(new_desk(), foreign)


def test_the_same_form_from_our_own_page_is_taken(new_desk: NewDesk) -> None:
    assert forged_form(new_desk(), OWN_PAGE)
    # Chromium sends no Sec-Fetch-Site on plain http to a name.
    assert forged_form(new_desk(), {"Origin": ADDRESS})


def forged_json(world: Attacked, foreign: dict[str, str], media_type: str) -> bool:
    """Have a note read in the victim's name; a page elsewhere could not read the answer."""
    victim = world.enter("hanako")
    body = json.dumps({"note": "母84が同じ話をくり返す。"})
    sent = {"Content-Type": media_type, **foreign}
    victim.post("/api/triage", content=body, headers=sent)
    return "desk.triage" in world.recorded()


@pytest.mark.parametrize(
    ("foreign", "media_type"),
    [
        ({"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, "application/json"),
        ({"Origin": EVIL}, "application/json"),
        ({"Origin": "null"}, "application/json"),
        # What a form or a beacon can send without asking.
        ({"Origin": EVIL}, "text/plain"),
        ({}, "text/plain"),
        ({}, "text/plain; charset=application/json"),
        ({}, "application/x-www-form-urlencoded"),
        ({}, "multipart/form-data; boundary=x"),
        ({}, ""),
    ],
)
def test_forged_json(
    new_desk: NewDesk,
    monkeypatch: pytest.MonkeyPatch,
    foreign: dict[str, str],
    media_type: str,
) -> None:
    assert not forged_json(new_desk(), foreign, media_type)
    monkeypatch.setattr(guards, "is_forged", lambda *_: False)
    # Without the guard FastAPI still refuses to read other types as JSON.
    assert forged_json(new_desk(), foreign, media_type) == (media_type == "application/json")


def test_no_other_site_is_let_in_by_cors(new_desk: NewDesk) -> None:
    """JSON without Origin passes because a page elsewhere must ask first, and gets no yes."""
    asking = {
        "Origin": EVIL,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = new_desk().enter("hanako").options("/api/triage", headers=asking)
    assert answer.status_code >= 400
    assert not [name for name in answer.headers if name.casefold().startswith("access-control-")]


def test_nobody_can_be_signed_in_or_out_by_another_site(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = FOREIGN["another site"]

    def sign_victim_in(world: Attacked) -> bool:
        victim = world.browser()
        victim.post("/sign-in", data={"login": "far", "password": PASSWORD}, headers=foreign)
        return is_signed_in(victim, "far")

    def sign_victim_out(world: Attacked) -> bool:
        victim = world.enter("hanako")
        victim.post("/sign-out", headers=foreign)
        return not is_signed_in(victim)

    assert not sign_victim_in(new_desk())
    assert not sign_victim_out(new_desk())
    monkeypatch.setattr(guards, "is_forged", lambda *_: False)
    assert sign_victim_in(new_desk())
    assert sign_victim_out(new_desk())


def changes_by(world: Attacked, method: str, **sent: str) -> list[str]:
    """Ask for every address that takes forms, with ``method``; return those that changed things."""
    browser = world.enter("boss")
    found = []
    query = {**INVITATION, "town": "000000", "login": "evil", "session": "x", "note": "母が転んだ"}
    for path in routes_of(world, "POST"):
        before = world.stored(), _changes(world)
        browser.request(method, path, params=query, headers=sent)
        if (world.stored(), _changes(world)) != before:
            found.append(path)
    return found


# Looking is recorded, and so is having been refused a look.
_LOOKING = {
    "access.refuse", "advice.see", "case.list", "case.see", "insights.see", "person.list",
}  # fmt: skip


def _changes(world: Attacked) -> list[str]:
    """What is recorded, but for having looked."""
    return [action for action in world.recorded() if action not in _LOOKING]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_nothing_changes_by_looking(new_desk: NewDesk, method: str) -> None:
    assert changes_by(new_desk(), method) == []


# Methods.

OVERRIDES = {
    "X-HTTP-Method-Override": "POST",
    "X-HTTP-Method": "POST",
    "X-Method-Override": "POST",
}


class Override(BaseHTTPMiddleware):
    """What some frameworks do by themselves."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Answer:
        request.scope["method"] = request.headers.get("x-http-method-override", request.method)
        return await call_next(request)


def test_a_header_does_not_change_the_method(new_desk: NewDesk) -> None:
    assert changes_by(new_desk(), "GET", **OVERRIDES) == []
    world = new_desk()
    # Nor does it talk a form past the guard: what counts is the real method.
    victim = world.enter("hanako")
    for method in ("GET", "HEAD"):
        forged = {**FOREIGN["another site"], "X-HTTP-Method-Override": method}
        victim.post("/sign-out", headers=forged, data={"_method": method})
        assert is_signed_in(victim)
    world.app.middleware_stack = None
    world.app.add_middleware(Override)
    assert "/sign-out" in changes_by(world, "GET", **OVERRIDES, **OWN_PAGE)


def leaks_signed_out(world: Attacked) -> list[tuple[str, str]]:
    """Ask for every page without signing in, by every method; return what is not refused."""
    browser = world.browser(Accept="application/json")
    paths = dict.fromkeys([*routes_of(world, "GET"), *routes_of(world, "POST")])
    public = ("/sign-in", "/set-up", "/healthz")
    found = []
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "get", "FOO"):
            answer = browser.request(method, path, headers=OWN_PAGE | {"Accept": "*/*"})
            if path not in public and answer.status_code not in (401, 405):
                found.append((method, path))
    return found


def test_no_method_gets_past_the_sign_in(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leaks_signed_out(new_desk()) == []
    # A route that forgot its right: the app does not even start ...
    forgetful = APIRouter()
    forgetful.add_api_route("/forgotten", lambda: "secret", methods=["GET", "HEAD", "OPTIONS"])
    monkeypatch.setattr(the_app, "_ALWAYS", (*the_app._ALWAYS, forgetful))
    with pytest.raises(RuntimeError, match="/forgotten"):
        new_desk()
    # ... and without that check it would be open to all.
    monkeypatch.setattr(the_app, "check_routes", lambda _: None)
    leaks = leaks_signed_out(new_desk())
    assert {("GET", "/forgotten"), ("HEAD", "/forgotten"), ("OPTIONS", "/forgotten")} <= set(leaks)
