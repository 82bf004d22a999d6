"""Guessing passwords, codes and logins over HTTP.  Each is tried, then tried again without its defence.

The second try must succeed: that is the proof that the first looked at the right thing.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count

import pytest
from argon2 import PasswordHasher

from service.accounts import sign_in as signing
from service.accounts import tries
from service.accounts.rules import HashCost
from service.errors import BadInput
from service.store import accounts
from service.store.engine import writing
from service.web import hosts, set_up
from tests.fixtures.accounts_world import OTHER_PASSWORD, PASSWORD
from tests.fixtures.attacked import (
    CODE,
    OWN_PAGE,
    RULES,
    Attacked,
    NewDesk,
    is_signed_in,
    sign_in,
)


def guess_one_account(world: Attacked) -> bool:
    """Guess Hanako's password from ever new addresses; the last guess is right."""
    addresses = (f"198.51.100.{number}" for number in count(1))
    for _ in range(RULES.tries + 3):
        sign_in(world.browser(next(addresses)), "hanako", "wrong wrong wrong")
    browser = world.browser(next(addresses))
    return sign_in(browser, "hanako").status_code == 303 and is_signed_in(browser, "hanako")


def test_brute_force_on_one_account(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_desk()
    assert not guess_one_account(world)
    # Not for ever: who knows the password gets in when the lock is over.
    world.turn_on(RULES.longest_lock)
    assert is_signed_in(world.enter("hanako"), "hanako")
    monkeypatch.setattr(signing, "is_locked", lambda *_: False)
    assert guess_one_account(new_desk())


def spray(world: Attacked, **headers: str) -> bool:
    """Try one password on many logins from one address; the last login has it."""
    browser = world.browser("198.51.100.1")
    for number in range(RULES.client_tries):
        forged = {name: value.format(number) for name, value in headers.items()}
        sign_in(browser, f"user{number}", **forged)
    forged = {name: value.format(255) for name, value in headers.items()}
    answer = sign_in(browser, "hanako", **forged)
    assert answer.status_code in (303, 429)
    assert answer.status_code == 303 or int(answer.headers["Retry-After"]) > 0
    return is_signed_in(browser, "hanako")


def test_one_password_on_many_accounts(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not spray(new_desk())
    monkeypatch.setattr(signing, "count_try", lambda *_: None)
    assert spray(new_desk())


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"]
)
def test_an_address_that_the_client_makes_up_does_not_count(new_desk: NewDesk, header: str) -> None:
    assert not spray(new_desk(), **{header: "192.0.2.{}"})


def test_what_a_client_writes_before_the_proxys_word_does_not_count(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy: the client's own entry stands first, the proxy's last."""
    behind = {"trusted_proxies": ("198.51.100.1",)}
    assert not spray(new_desk(**behind), **{"X-Forwarded-For": "192.0.2.{}, 203.0.113.50"})
    # A proxy that trusts everybody, which is what uvicorn calls forwarded_allow_ips="*".
    monkeypatch.setattr(hosts, "_is_within", lambda *_: True)
    assert spray(new_desk(), **{"X-Forwarded-For": "192.0.2.{}"})


def test_an_ipv6_client_does_not_get_new_tries_with_each_of_its_addresses(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hop(world: Attacked) -> bool:
        for number in range(RULES.client_tries):
            sign_in(world.browser(f"2001:db8:1:2::{number:x}"), f"user{number}")
        return sign_in(world.browser("2001:db8:1:2::ffff"), "hanako").status_code == 303

    assert not hop(new_desk())
    monkeypatch.setattr(tries, "client_of", lambda address: address)
    assert hop(new_desk())


def guess_old_password(world: Attacked) -> bool:
    """Guess the password at an open, stolen session, to change it."""
    stolen = world.enter("hanako")
    for _ in range(RULES.tries):
        form = {"old": "wrong wrong wrong", "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
        stolen.post("/account/password", data=form, headers=OWN_PAGE)
    form = {"old": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    return stolen.post("/account/password", data=form, headers=OWN_PAGE).status_code == 303


def test_brute_force_on_the_old_password(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not guess_old_password(new_desk())
    monkeypatch.setattr(signing, "is_locked", lambda *_: False)
    assert guess_old_password(new_desk())


def guess_set_up_code(world: Attacked) -> bool:
    """Guess the set-up code; the last guess is right."""
    form = {
        "login": "evil",
        "display_name": "だれか",
        "password": PASSWORD,
        "again": PASSWORD,
    }
    for number in range(set_up.TRIES):
        guess = form | {"code": f"AAAAA-AAAAA-AAAAA-{number:05}"}
        browser = world.browser(f"198.51.100.{number}")
        assert browser.post("/set-up", data=guess, headers=OWN_PAGE).status_code == 403
    browser = world.browser("192.0.2.1")
    browser.post("/set-up", data=form | {"code": CODE}, headers=OWN_PAGE)
    return is_signed_in(browser)


def test_brute_force_on_the_set_up_code(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not guess_set_up_code(new_desk(with_people=False))
    real = set_up.SetUp.accepts

    def unlimited(self: set_up.SetUp, *arguments: object) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(set_up, "add_hit", lambda *_: type("Hits", (), {"count": 1}))
            return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(set_up.SetUp, "accepts", unlimited)
    assert guess_set_up_code(new_desk(with_people=False))


def test_the_set_up_code_is_worth_nothing_once_there_is_an_account(new_desk: NewDesk) -> None:
    world = new_desk()
    form = {"login": "evil", "display_name": "だれか", "password": PASSWORD, "again": PASSWORD}
    before = world.stored()["people"]
    answer = world.browser().post("/set-up", data=form | {"code": CODE}, headers=OWN_PAGE)
    assert answer.headers["Location"] == "/sign-in"
    assert world.stored()["people"] == before


# Which logins exist.


def looks_of_refusals(world: Attacked) -> list[tuple[int, str, tuple[str, ...]]]:
    """What is answered to an unknown login and to four that exist, in the same state."""
    with writing(world.engine) as conn:
        accounts.disable_person(conn, world.people["far"], world.now)
        accounts.drop_password(conn, world.people["both"])
        for _ in range(RULES.tries):
            accounts.note_failed_login(
                conn, world.people["boss"], world.now, 1, timedelta(minutes=15)
            )
    looks = []
    for number, (login, password) in enumerate(
        (
            ("nobody", "wrong wrong wrong"),
            ("hanako", "wrong wrong wrong"),
            ("far", PASSWORD),  # disabled
            ("both", PASSWORD),  # signs in through the provider only
            ("boss", PASSWORD),  # locked
            ("hanako\r\nboss", "wrong wrong wrong"),
            ("", "wrong wrong wrong"),
            ("x" * 5_000, "wrong wrong wrong"),
        )
    ):
        answer = sign_in(world.browser(f"198.51.100.{number}"), login, password)
        # The login that was typed comes back into the form; nothing else differs.
        body = re.sub(r'name="login"[^>]*>', "", answer.text)
        body = re.sub(r'name="(login|password)"[^>]*', "", body)
        looks.append((answer.status_code, body, tuple(sorted(answer.headers.keys()))))
    return looks


def test_which_logins_exist_is_not_told(new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = looks_of_refusals(new_desk())
    assert looks[0][0] == 401
    assert set(looks) == {looks[0]}

    def explain(_conn: object, _action: str, _who: object, reason: str, *_: object) -> None:
        # The usual mistake.
        raise BadInput(f"理由: {reason}")

    monkeypatch.setattr(signing, "_record_refusal", explain)
    assert len(set(looks_of_refusals(new_desk()))) > 1


def hashes_per_login(world: Attacked, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many argon2 hashes each answer costs; the decoy's own is made before."""
    with writing(world.engine) as conn:
        accounts.disable_person(conn, world.people["far"], world.now)
        accounts.drop_password(conn, world.people["both"])
    sign_in(world.browser("192.0.2.200"), "warm-up")
    work = [0]
    verify, hashing = PasswordHasher.verify, PasswordHasher.hash

    def counted_verify(self: PasswordHasher, *arguments: str) -> bool:
        work[0] += 1
        return verify(self, *arguments)

    def counted_hash(self: PasswordHasher, *arguments: str) -> str:
        work[0] += 1
        return hashing(self, *arguments)

    found = {}
    with monkeypatch.context() as patch:
        patch.setattr(PasswordHasher, "verify", counted_verify)
        patch.setattr(PasswordHasher, "hash", counted_hash)
        for login in ("nobody", "hanako", "far", "both", "", "x" * 5_000):
            work[0] = 0
            sign_in(world.browser("192.0.2.201"), login, "wrong wrong wrong")
            found[login[:10]] = work[0]
    return found


def test_the_work_does_not_tell_which_logins_exist(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(hashes_per_login(new_desk(), monkeypatch).values()) == {1}
    verify = signing.passwords.verify_password

    def hasty(password: str, stored: str | None, cost: HashCost) -> bool:
        return stored is not None and verify(password, stored, cost)

    monkeypatch.setattr(signing.passwords, "verify_password", hasty)
    found = hashes_per_login(new_desk(), monkeypatch)
    assert (found["nobody"], found["hanako"]) == (0, 1)
