"""Signing in through a provider over HTTP, and the attacks on it.

Each attack is tried, then tried again without its defence, and must then succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from service.accounts import oidc, oidc_token, oidc_trip
from service.accounts.oidc_token import Identity
from service.errors import BadInput
from service.store import accounts
from service.store.engine import reading, writing
from service.triage.triage import Desk
from service.web import oidc_pages, sign_in_pages
from service.web.oidc_pages import CALLBACK_PATH
from tests.fixtures.attacked import (
    COOKIE,
    HOST,
    OWN_PAGE,
    Attacked,
    attacked_desk,
    is_signed_in,
    sign_in,
)
from tests.fixtures.oidc_running import CALLBACK, HANAKO, Running, provider
from tests.fixtures.oidc_web import LOGIN, TRIP, come_back, desk_with_provider, leave
from tests.fixtures.store_world import NOW

NewWorld = Callable[[], Attacked]


@pytest.fixture(scope="module")
def idp() -> Iterator[Running]:
    """The provider."""
    with provider() as running:
        yield running


@pytest.fixture(autouse=True)
def real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider's clock is the wall's; the desk's stands still, at the tests' hour."""
    real = oidc.read_identity

    def read(tokens: object, keys: object, trip: object, rules: object, now: object) -> Identity:
        assert now == NOW
        return real(tokens, keys, trip, rules, datetime.now(UTC))  # type: ignore[arg-type]

    monkeypatch.setattr(oidc, "read_identity", read)


@pytest.fixture
def new_world(desk: Desk, idp: Running, tmp_path: Path) -> Iterator[NewWorld]:
    """Return a function that makes a desk with the provider."""
    made: list[Attacked] = []

    def make() -> Attacked:
        made.append(desk_with_provider(desk, tmp_path / f"desk-{len(made)}", idp))
        return made[-1]

    yield make
    for each in made:
        each.engine.dispose()


def test_the_whole_way(new_world: NewWorld, idp: Running) -> None:
    world = new_world()
    browser = world.browser()
    page = browser.get("/sign-in", params={"next": "/account"}).text
    assert "みどり町職員アカウントでログインする" in page
    assert 'href="/sign-in/oidc?next=/account"' in page
    back = idp.visit(leave(browser, "/account"))
    assert browser.cookies.get(TRIP)
    answer = come_back(browser, back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert browser.cookies.get(TRIP) is None
    assert is_signed_in(browser)
    assert "はなこ" in browser.get("/account").text


def test_the_trips_cookie_is_for_this_site_and_not_for_scripts(new_world: NewWorld) -> None:
    answer = new_world().browser().get("/sign-in/oidc")
    parts = {part.strip().casefold() for part in answer.headers["Set-Cookie"].split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax", "secure", "max-age=600"}


def test_a_refusal_is_told_on_the_sign_in_page(new_world: NewWorld, idp: Running) -> None:
    world = new_world()
    idp.control(user={**HANAKO, "sub": "9", "email": "nobody@town.example"})
    browser = world.browser()
    answer = come_back(browser, idp.visit(leave(browser)))
    assert answer.status_code == 403
    assert "招待されていません" in answer.text
    assert 'name="password"' in answer.text
    assert browser.cookies.get(COOKIE) is None
    assert browser.cookies.get(TRIP) is None


def test_with_the_provider_down_the_page_says_so_and_passwords_work(
    new_world: NewWorld, idp: Running
) -> None:
    world = new_world()
    idp.control(fault="error_discovery")
    browser = world.browser()
    answer = browser.get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "パスワードでログインできます" in answer.text
    assert sign_in(browser, "hanako").status_code == 303


def test_without_the_settings_there_is_no_way_to_a_provider(desk: Desk, tmp_path: Path) -> None:
    world = attacked_desk(desk, tmp_path)
    browser = world.browser()
    assert "/sign-in/oidc" not in browser.get("/sign-in").text
    for path in ("/sign-in/oidc", CALLBACK_PATH):
        assert browser.get(path).status_code == 404
    world.engine.dispose()


def test_settings_that_cannot_work_are_told_at_the_start(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="TSUNAGI_OIDC_CLIENT_ID"):
        attacked_desk(desk, tmp_path, oidc_issuer="https://idp.example", oidc_callback_url=CALLBACK)


# Attacks.


def sign_the_victim_in(world: Attacked, idp: Running) -> bool:
    """Login CSRF: the attacker's own answer, as a link that the victim opens."""
    attacker, victim = world.browser("198.51.100.66"), world.browser()
    attack = idp.visit(leave(attacker))
    leave(victim)
    come_back(victim, attack)
    return is_signed_in(victim)


def test_login_csrf(new_world: NewWorld, idp: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not sign_the_victim_in(new_world(), idp)
    # Three things tie the answer to the browser, each by itself: state, PKCE and nonce.
    monkeypatch.setattr(oidc, "_check_state", lambda *_: None)
    assert not sign_the_victim_in(new_world(), idp)
    same = "the-same-verifier-for-all-which-must-never-be"
    real = oidc_trip.new_trip
    monkeypatch.setattr(oidc, "new_trip", lambda *a: replace(real(*a), verifier=same))
    assert not sign_the_victim_in(new_world(), idp)
    monkeypatch.setattr(
        oidc, "new_trip", lambda *a: replace(real(*a), verifier=same, nonce="the same")
    )
    assert sign_the_victim_in(new_world(), idp)


def fixate(world: Attacked, idp: Running) -> bool:
    """Plant a session in the victim's browser, and use it after the victim has signed in."""
    victim, attacker = world.browser(), world.browser("198.51.100.66")
    planted = world.enter("far-boss", "198.51.100.66").cookies[COOKIE]
    for browser in (victim, attacker):
        browser.cookies.set(COOKIE, planted, domain=HOST, path="/")
    come_back(victim, idp.visit(leave(victim)))
    assert victim.cookies[COOKIE] != planted
    return is_signed_in(attacker)


def test_session_fixation(
    new_world: NewWorld, idp: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not fixate(new_world(), idp)
    monkeypatch.setattr(sign_in_pages, "_end_old_session", lambda *_: None)
    assert fixate(new_world(), idp)


def redirect(world: Attacked, idp: Running, wanted: str) -> str:
    """Sign in through the provider with this ``next``; return where it leads."""
    browser = world.browser()
    return str(come_back(browser, idp.visit(leave(browser, wanted))).headers["Location"])


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_an_open_redirect_by_the_provider(
    new_world: NewWorld, idp: Running, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    assert redirect(new_world(), idp, wanted) == "/"
    monkeypatch.setattr(oidc_pages, "safe_next", lambda asked: asked)
    assert "evil.example" in redirect(new_world(), idp, wanted)


def test_the_host_header_does_not_choose_where_the_code_is_sent(new_world: NewWorld) -> None:
    world = new_world()
    for host in ("localhost", "127.0.0.1:9", HOST):
        answer = world.browser().get(
            "/sign-in/oidc", headers={"Host": host, "X-Forwarded-Host": "evil.example"}
        )
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["redirect_uri"] == [CALLBACK]


def test_what_the_provider_is_asked(new_world: NewWorld) -> None:
    """The code flow with PKCE, and nothing of it twice."""
    browser = new_world().browser()
    first, second = (parse_qs(urlsplit(leave(browser)).query) for _ in range(2))
    assert first["response_type"] == ["code"]
    assert first["code_challenge_method"] == ["S256"]
    assert "openid" in first["scope"][0].split()
    # On a shared computer the provider must not let the next person in as the one before.
    assert first["prompt"] == ["login"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    # What proves later that it was us does not travel now.
    assert not {"code_verifier", "client_secret"} & set(first)


def take_over(world: Attacked, idp: Running, login: str, **claims: object) -> bool:
    """Come with an identity of the attacker's that claims somebody else's login."""
    idp.control(user={"sub": "666", "email": login, **claims})
    browser = world.browser("198.51.100.66")
    come_back(browser, idp.visit(leave(browser)))
    return is_signed_in(browser)


def test_an_address_that_anybody_can_claim(
    new_world: NewWorld, idp: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not take_over(new_world(), idp, LOGIN)
    assert not take_over(new_world(), idp, LOGIN, email_verified=False)
    # The other defence against a made-up address is the invitation: there is none for boss.
    assert not take_over(new_world(), idp, "boss", email_verified=True)
    monkeypatch.setattr(
        oidc_token, "_login", lambda claims, _: accounts.normalise_login(claims["email"])
    )
    assert take_over(new_world(), idp, LOGIN)


def test_an_account_in_use_is_not_taken_over_by_a_claim(
    new_world: NewWorld, idp: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attack() -> bool:
        world = new_world()
        assert sign_in(world.browser(), "boss").status_code == 303
        return take_over(world, idp, "boss", email_verified=True)

    assert not attack()
    real = oidc._find

    def trusting(conn: object, identity: Identity) -> object:
        found = real(conn, identity)  # type: ignore[arg-type]
        return accounts.find_by_login(conn, str(identity.login)) if found else found  # type: ignore[arg-type]

    monkeypatch.setattr(oidc, "_find", trusting)
    assert attack()


def test_a_person_who_is_disabled_after_signing_in_is_out_at_once(
    new_world: NewWorld, idp: Running
) -> None:
    world = new_world()
    browser = world.browser()
    come_back(browser, idp.visit(leave(browser)))
    assert is_signed_in(browser)
    with writing(world.engine) as conn:
        accounts.disable_person(conn, world.people[LOGIN], world.now)
    assert not is_signed_in(browser)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_the_way_back_is_taken_by_get_alone(new_world: NewWorld, idp: Running, method: str) -> None:
    world = new_world()
    browser = world.browser()
    back = idp.visit(leave(browser))
    answer = browser.request(method, f"{CALLBACK_PATH}?{back.query.decode()}", headers=OWN_PAGE)
    assert answer.status_code == 405
    assert not is_signed_in(browser)
    assert come_back(browser, back).status_code == 303


def test_nothing_secret_is_on_a_page_or_in_the_audit(new_world: NewWorld, idp: Running) -> None:
    world = new_world()
    browser = world.browser()
    url = leave(browser)
    sealed = browser.cookies[TRIP]
    back = idp.visit(url)
    state, code = back.params["state"], back.params["code"]
    wrong = back.copy_set_param("state", "x" * 43)
    answer = come_back(browser, wrong)
    assert answer.status_code == 403
    secrets = (state, code, sealed, "a secret between two servers")
    assert not any(secret in answer.text for secret in secrets)
    with reading(world.engine) as conn:
        rows = str(conn.exec_driver_sql("SELECT * FROM audit").fetchall())
    assert not any(secret in rows for secret in secrets)
