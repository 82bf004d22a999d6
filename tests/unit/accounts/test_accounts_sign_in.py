"""Signing in: who comes in, who does not, and what is said and recorded."""

from __future__ import annotations

import re
from dataclasses import replace

import argon2
import pytest
from sqlalchemy import Engine, text

from service.accounts import people, rights
from service.accounts.refusals import SignInRefused, WeakPassword, WrongPassword
from service.accounts.rules import HashCost
from service.accounts.sign_in import change_password, find_viewer, open_for
from service.store import accounts
from service.store.engine import reading, writing
from tests.fixtures.accounts_world import (
    CLIENT,
    MINUTE,
    OTHER_PASSWORD,
    PASSWORD,
    RULES,
    enter,
    person_now,
    recorded,
    register,
)
from tests.fixtures.store_world import NOW, TOWN


def test_the_right_password_opens_a_session(engine: Engine) -> None:
    person = register(engine, "hanako", "staff")
    signed_in = enter(engine, " Ｈanako ")
    viewer = signed_in.viewer
    assert (viewer.person_id, viewer.login) == (person.id, "hanako")
    assert rights.allowed(viewer, "desk.use", TOWN)
    assert signed_in.expires_at == NOW + RULES.lifetime
    assert find_viewer(engine, signed_in.token, NOW, RULES) == viewer
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", signed_in.token)
    assert enter(engine).token != signed_in.token


def test_neither_token_nor_password_is_stored(engine: Engine) -> None:
    register(engine, "hanako")
    signed_in = enter(engine)
    with reading(engine) as conn:
        rows = "".join(
            repr(conn.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            for table in ("people", "sessions", "audit", "rate_counters")
        )
    for secret in (signed_in.token, PASSWORD, CLIENT, "Browser/1"):
        assert secret not in rows


def _spoil(engine: Engine, how: str) -> None:
    person = person_now(engine)
    with writing(engine) as conn:
        if how == "disabled":
            accounts.disable_person(conn, person.id, NOW)
        if how == "locked":
            accounts.note_failed_login(conn, person.id, NOW, 1, MINUTE)
        if how == "without a password":
            accounts.drop_password(conn, person.id)
        if how == "damaged":
            conn.execute(text("UPDATE people SET password_hash = 'x'"))


@pytest.mark.parametrize(
    ("login", "password", "how", "reason"),
    [
        ("hanako", OTHER_PASSWORD, "", "password"),
        ("hanako", "", "", "password"),
        ("hanako", "x" * 100_000, "", "password"),
        ("hanako", PASSWORD, "disabled", "disabled"),
        ("hanako", PASSWORD, "locked", "locked"),
        ("hanako", PASSWORD, "without a password", "password"),
        ("hanako", PASSWORD, "damaged", "password"),
        ("taro", PASSWORD, "", "unknown"),
        ("", PASSWORD, "", "unknown"),
        ("  ", PASSWORD, "", "unknown"),
        ("hanako\r\nSet-Cookie: a=b", PASSWORD, "", "unknown"),
        ("\ud800", PASSWORD, "", "unknown"),
        ("x" * 1_000_000, PASSWORD, "", "unknown"),
    ],
)
def test_every_refusal_says_and_costs_the_same(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    login: str,
    password: str,
    how: str,
    reason: str,
) -> None:
    register(engine, "hanako", "staff")
    _spoil(engine, how)
    before = len(recorded(engine))
    checks: list[object] = []
    real = argon2.PasswordHasher.verify

    def count(self: argon2.PasswordHasher, stored: str, given: bytes) -> bool:
        checks.append(stored)
        return real(self, stored, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", count)
    with pytest.raises(SignInRefused) as refused:
        enter(engine, login, password)
    assert str(refused.value) == str(SignInRefused())
    assert (refused.value.status, refused.value.code) == (401, "sign_in_refused")
    assert len(checks) == 1
    (entry,) = recorded(engine)[before:]
    assert (entry.action, entry.outcome, entry.actor) == ("session.refuse", "denied", "anonymous")
    assert entry.detail == f'{{"reason":"{reason}"}}'
    # Never what was typed as the login.
    assert "taro" not in repr(recorded(engine))


def test_a_sign_in_is_recorded_with_its_person(engine: Engine) -> None:
    person = register(engine, "hanako")
    enter(engine)
    (entry,) = recorded(engine)
    assert (entry.action, entry.actor, entry.subject_id) == ("session.open", person.id, person.id)
    assert entry.detail == '{"how":"password"}'


def test_a_hash_of_an_older_cost_is_made_anew_at_the_sign_in(engine: Engine) -> None:
    register(engine, "hanako")
    dearer = replace(RULES, cost=HashCost(passes=2, memory_kib=16, lanes=1))
    with pytest.raises(SignInRefused):
        enter(engine, password=OTHER_PASSWORD, rules=dearer)
    assert "m=8,t=1" in _stored_hash(engine)
    enter(engine, rules=dearer)
    assert "m=16,t=2" in _stored_hash(engine)
    enter(engine, rules=dearer)


def test_a_password_changed_meanwhile_does_not_let_the_old_one_in(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = register(engine, "hanako")
    real = argon2.PasswordHasher.verify

    def meanwhile(self: argon2.PasswordHasher, stored: str, given: bytes) -> bool:
        right = real(self, stored, given)
        monkeypatch.setattr(argon2.PasswordHasher, "verify", real)
        people.reset_password(engine, "command", person.id, NOW, RULES)
        return right

    monkeypatch.setattr(argon2.PasswordHasher, "verify", meanwhile)
    with pytest.raises(SignInRefused):
        enter(engine)


def test_a_person_erased_meanwhile_does_not_come_in(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = register(engine, "hanako")
    real = argon2.PasswordHasher.verify

    def meanwhile(self: argon2.PasswordHasher, stored: str, given: bytes) -> bool:
        people.erase(engine, "command", person.id, NOW)
        return real(self, stored, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", meanwhile)
    with pytest.raises(SignInRefused):
        enter(engine)


# Recognised in another way.


def test_a_session_is_opened_for_somebody_recognised_elsewhere(engine: Engine) -> None:
    person = register(engine, "hanako", "staff")
    _spoil(engine, "locked")
    signed_in = open_for(engine, person.id, CLIENT, "Browser/1", NOW, RULES, "oidc")
    assert find_viewer(engine, signed_in.token, NOW, RULES) == signed_in.viewer
    assert recorded(engine)[-1].detail == '{"how":"oidc"}'
    # The lock after wrong passwords is not lifted by it.
    assert person_now(engine).locked_until is not None


@pytest.mark.parametrize("how", ["disabled", "unknown"])
def test_no_session_is_opened_for_a_disabled_or_unknown_person(engine: Engine, how: str) -> None:
    person_id = register(engine, "hanako").id if how == "disabled" else "nai"
    if how == "disabled":
        _spoil(engine, how)
    with pytest.raises(SignInRefused):
        open_for(engine, person_id, CLIENT, "", NOW, RULES, "oidc")
    assert recorded(engine)[-1].detail == f'{{"reason":"{how}"}}'


# Changing the password.


def test_a_new_password_ends_every_session_and_opens_another(engine: Engine) -> None:
    register(engine, "hanako", "staff")
    here, elsewhere = enter(engine), enter(engine)
    later = NOW + MINUTE
    changed = change_password(
        engine, here.viewer, PASSWORD, OTHER_PASSWORD, "Browser/1", later, RULES
    )
    for token in (here.token, elsewhere.token):
        assert find_viewer(engine, token, later, RULES) is None
    assert find_viewer(engine, changed.token, later, RULES) == changed.viewer
    assert changed.viewer.session_hash != here.viewer.session_hash
    with pytest.raises(SignInRefused):
        enter(engine, password=PASSWORD, now=later)
    enter(engine, password=OTHER_PASSWORD, now=later)
    assert '{"count":2}' in [entry.detail for entry in recorded(engine, "password.change")]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (OTHER_PASSWORD, "朝は 霧の 橋を渡っていた", WrongPassword),
        (PASSWORD, PASSWORD, WeakPassword),
        (PASSWORD, "短い", WeakPassword),
        (PASSWORD, "hanako の 長い合言葉です", WeakPassword),
    ],
)
def test_a_refused_change_changes_nothing(
    engine: Engine, old: str, new: str, problem: type[Exception]
) -> None:
    register(engine, "hanako")
    signed_in = enter(engine)
    with pytest.raises(problem):
        change_password(engine, signed_in.viewer, old, new, "", NOW, RULES)
    assert find_viewer(engine, signed_in.token, NOW, RULES)
    enter(engine)


def test_a_stolen_session_does_not_open_the_password_to_guessing(engine: Engine) -> None:
    register(engine, "hanako")
    viewer = enter(engine).viewer
    for number in range(RULES.tries):
        with pytest.raises(WrongPassword):
            change_password(
                engine, viewer, f"あてずっぽう {number}", OTHER_PASSWORD, "", NOW, RULES
            )
    with pytest.raises(WrongPassword):
        change_password(engine, viewer, PASSWORD, OTHER_PASSWORD, "", NOW, RULES)
    assert [entry.actor for entry in recorded(engine, "password.refuse")] == [viewer.person_id] * (
        RULES.tries + 1
    )
    later = NOW + RULES.longest_lock + MINUTE
    change_password(engine, viewer, PASSWORD, OTHER_PASSWORD, "", later, RULES)


def test_who_was_disabled_meanwhile_changes_no_password(engine: Engine) -> None:
    register(engine, "hanako")
    viewer = enter(engine).viewer
    _spoil(engine, "disabled")
    with pytest.raises(WrongPassword):
        change_password(engine, viewer, PASSWORD, OTHER_PASSWORD, "", NOW, RULES)


def _stored_hash(engine: Engine) -> str:
    with reading(engine) as conn:
        return accounts.password_hash_of(conn, person_now(engine).id) or ""
