"""Attacks on sessions and their cookie, over HTTP.  Each is tried, then tried again without its defence.

The second try must succeed: that is the proof that the first looked at the right thing.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text, true
from starlette.testclient import TestClient

from service.accounts import people
from service.accounts import sign_in as signing
from service.store import sessions
from service.store.engine import reading
from service.web import sign_in_pages
from tests.fixtures.accounts_world import OTHER_PASSWORD, PASSWORD
from tests.fixtures.attacked import (
    COOKIE,
    OWN_PAGE,
    RULES,
    Attacked,
    NewDesk,
    is_signed_in,
    sign_in,
)


def fixate(world: Attacked, planted: str) -> bool:
    """Plant a cookie in Hanako's browser, let her sign in, and use it elsewhere."""
    victim = world.browser("203.0.113.7")
    victim.cookies.set(COOKIE, planted, domain="desk.example", path="/")
    sign_in(victim, "hanako")
    attacker = world.browser("198.51.100.66")
    attacker.cookies.set(COOKIE, planted, domain="desk.example", path="/")
    return is_signed_in(attacker, "hanako")


def test_session_fixation(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = "A" * 43
    assert not fixate(new_desk(), planted)
    # Without a new token at each sign-in the planted one stays; it would still end at once.
    monkeypatch.setattr(signing.secrets, "token_urlsafe", lambda _: planted)
    assert not fixate(new_desk(), planted)
    monkeypatch.setattr(sign_in_pages, "_end_old_session", lambda *_: None)
    assert fixate(new_desk(), planted)


def test_a_planted_session_of_the_attacker_does_not_become_the_victims(new_desk: NewDesk) -> None:
    world = new_desk()
    attacker = world.enter("far-boss", "198.51.100.66")
    planted = attacker.cookies[COOKIE]
    assert not fixate(world, planted)
    # It has ended: the browser that held it has signed in as somebody else.
    assert not is_signed_in(attacker)


def keeps_old_session(world: Attacked) -> bool:
    """Steal the cookie; the victim changes the password; use what was stolen."""
    victim = world.enter("hanako")
    thief = world.browser("198.51.100.66")
    thief.cookies.set(COOKIE, victim.cookies[COOKIE], domain="desk.example", path="/")
    assert is_signed_in(thief, "hanako")
    form = {"old": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    assert victim.post("/account/password", data=form, headers=OWN_PAGE).status_code == 303
    assert is_signed_in(victim, "hanako")
    return is_signed_in(thief, "hanako")


def test_a_stolen_session_ends_with_the_password(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not keeps_old_session(new_desk())
    monkeypatch.setattr(sessions, "revoke_all", lambda *_: 0)
    assert keeps_old_session(new_desk())


def cookie_works(world: Attacked, cookie: str) -> bool:
    """Tell whether this value lets somebody in."""
    browser = world.browser("198.51.100.66")
    browser.cookies.set(COOKIE, cookie, domain="desk.example", path="/")
    return is_signed_in(browser)


@pytest.mark.parametrize(
    "ending", ["idle", "lifetime", "signed out", "revoked", "disabled", "password reset"]
)
def test_a_session_that_is_over_does_not_work(new_desk: NewDesk, ending: str) -> None:
    world = new_desk()
    browser = world.enter("hanako")
    cookie, person = browser.cookies[COOKIE], world.people["hanako"]
    assert cookie_works(world, cookie)
    if ending == "idle":
        world.turn_on(RULES.idle)
    elif ending == "lifetime":
        for _ in range(int(RULES.lifetime / timedelta(minutes=20))):
            world.turn_on(timedelta(minutes=20))
            cookie_works(world, cookie)
    elif ending == "signed out":
        assert browser.post("/sign-out", headers=OWN_PAGE).status_code == 303
    elif ending == "revoked":
        admin = world.enter("boss", "192.0.2.9")
        answer = admin.post(f"/accounts/{person}/end-sessions", headers=OWN_PAGE)
        assert answer.status_code == 303
    elif ending == "disabled":
        people.disable(world.engine, "command", person, world.now)
    else:
        people.reset_password(world.engine, "command", person, world.now, RULES)
    assert not cookie_works(world, cookie)


def test_an_old_session_works_without_the_checks_of_its_time(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_desk()
    browser = world.enter("hanako")
    cookie = browser.cookies[COOKIE]
    browser.post("/sign-out", headers=OWN_PAGE)
    world.turn_on(timedelta(days=20))
    assert not cookie_works(world, cookie)
    monkeypatch.setattr(sessions, "_live", lambda *_: true())
    assert cookie_works(world, cookie)


def stolen_hash(world: Attacked) -> str:
    """What somebody who has read the database knows of a session."""
    world.enter("hanako")
    with reading(world.engine) as conn:
        return str(conn.execute(text("SELECT token_hash FROM sessions")).scalar_one())


def test_a_forged_cookie(new_desk: NewDesk) -> None:
    world = new_desk()
    real = world.enter("hanako").cookies[COOKIE]
    other = "B" if real[0] != "B" else "C"
    for cookie in (other + real[1:], real[:-1], real + "A", real.swapcase(), "' OR 1=1 --", "%00"):
        assert not cookie_works(world, cookie)
    assert cookie_works(world, real)


def test_the_database_does_not_hold_what_a_cookie_needs(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_desk()
    assert not cookie_works(world, stolen_hash(world))
    # Stored as it is, it would be a key to every open session.
    monkeypatch.setattr(sessions, "hash_token", lambda token: token.ljust(64, "0"))
    world = new_desk()
    assert cookie_works(world, stolen_hash(world)[:43])


def test_the_cookie_is_for_this_site_and_not_for_scripts(new_desk: NewDesk) -> None:
    secure = sign_in(new_desk().browser(), "hanako").headers["Set-Cookie"]
    assert secure.startswith(f"{COOKIE}=")
    parts = {part.strip().casefold() for part in secure.split(";")[1:]}
    # __Host- asks browsers to refuse one that a neighbour sets, or that has a Domain.
    assert parts == {"httponly", "path=/", "samesite=lax", "secure"}
    plain = sign_in(new_desk(secure_cookie=False).browser(), "hanako").headers["Set-Cookie"]
    parts = {part.strip().casefold() for part in plain.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax"}


# Passwords where they do not belong.


def password_travels(browser: TestClient) -> bool:
    """Tell whether the page's form would put the password into the address."""
    page = browser.get("/sign-in").text
    form = re.search(r'<form([^>]*)>(?:(?!</form>).)*name="password"', page, re.DOTALL)
    assert form is not None
    return 'method="post"' not in form.group(1)


def test_a_password_is_in_no_address_and_on_no_page(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_desk()
    browser = world.browser()
    assert not password_travels(browser)
    query = {"login": "hanako", "password": PASSWORD}
    assert browser.get("/sign-in", params=query).status_code == 200
    assert not is_signed_in(browser)
    answer = browser.post("/sign-in", params=query, headers=OWN_PAGE)
    assert answer.status_code == 401
    for answer in (sign_in(browser, "hanako", PASSWORD + "x"), sign_in(browser, "hanako")):
        assert PASSWORD not in answer.text
        assert PASSWORD not in str(answer.headers)
    real = sign_in_pages.html

    def careless(*arguments: object, **values: object) -> object:
        response = real(*arguments, **values)  # type: ignore[arg-type]
        response.body = response.body.replace(b'<form method="post"', b"<form")
        response.headers["Content-Length"] = str(len(response.body))
        return response

    monkeypatch.setattr(sign_in_pages, "html", careless)
    assert password_travels(new_desk().browser())
