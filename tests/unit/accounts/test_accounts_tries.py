"""Guessing: the lock of an account, the limit of a client, and many at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from service.accounts import people
from service.accounts.refusals import SignInRefused, TooManyTries
from service.accounts.sign_in import find_viewer
from service.accounts.tries import client_of, lock_for
from service.store.engine import open_store
from tests.fixtures.accounts_world import (
    CLIENT,
    MINUTE,
    PASSWORD,
    RULES,
    enter,
    person_now,
    recorded,
    register,
)
from tests.fixtures.store_world import NOW

# So that only the account's lock is looked at.
PATIENT = replace(RULES, client_tries=1_000_000)


def _fail(engine: Engine, now: datetime = NOW, times: int = 1) -> None:
    for number in range(times):
        with pytest.raises(SignInRefused):
            enter(engine, password=f"あてずっぽう {number}", now=now, rules=PATIENT)


def test_the_tenth_failure_locks_and_the_right_password_waits_too(engine: Engine) -> None:
    register(engine, "hanako")
    _fail(engine, times=RULES.tries - 1)
    enter(engine, rules=PATIENT)
    # The success made the count start again.
    _fail(engine, times=RULES.tries - 1)
    assert person_now(engine).locked_until is None
    _fail(engine)
    assert person_now(engine).locked_until == NOW + MINUTE
    with pytest.raises(SignInRefused):
        enter(engine, now=NOW + MINUTE - timedelta(seconds=1), rules=PATIENT)
    enter(engine, now=NOW + MINUTE, rules=PATIENT)
    (entry,) = recorded(engine, "person.lock")
    assert entry.detail == '{"count":10}'


def test_the_lock_grows_with_each_further_failure_up_to_its_cap(engine: Engine) -> None:
    register(engine, "hanako")
    _fail(engine, times=RULES.tries)
    now, waits = NOW, []
    for _ in range(7):
        locked_until = person_now(engine).locked_until
        assert locked_until is not None
        waits.append((locked_until - now) / MINUTE)
        now = locked_until
        _fail(engine, now)
    assert waits == [1, 2, 4, 8, 15, 15, 15]


def test_nobody_is_shut_out_for_ever_by_somebody_who_keeps_trying(engine: Engine) -> None:
    register(engine, "hanako")
    _fail(engine, times=RULES.tries)
    # A try every second of the lock: neither counted nor prolonging.
    for second in range(60):
        _fail(engine, NOW + timedelta(seconds=second))
    assert person_now(engine).failed_logins == RULES.tries
    assert person_now(engine).locked_until == NOW + MINUTE
    enter(engine, now=NOW + MINUTE, rules=PATIENT)


def test_a_day_of_guessing_gets_about_a_hundred_guesses(engine: Engine) -> None:
    register(engine, "hanako")
    now, counted = NOW, 0
    while now < NOW + timedelta(days=1):
        locked_until = person_now(engine).locked_until
        now = max(now, locked_until or now)
        _fail(engine, now)
        counted += 1
    assert counted == person_now(engine).failed_logins < 115


@given(st.integers(0, 10_000))
def test_the_lock_never_shrinks_and_never_passes_its_cap(failed: int) -> None:
    assert lock_for(failed, RULES) <= lock_for(failed + 1, RULES) <= RULES.longest_lock
    assert bool(lock_for(failed, RULES)) is (failed >= RULES.tries)


@pytest.mark.parametrize("lift", ["enable", "reset"])
def test_an_admin_lifts_the_lock(engine: Engine, lift: str) -> None:
    person = register(engine, "hanako")
    _fail(engine, times=RULES.tries)
    password = PASSWORD
    if lift == "enable":
        people.enable(engine, "command", person.id, NOW)
    else:
        password = people.reset_password(engine, "command", person.id, NOW, RULES)
    enter(engine, password=password)


# Clients.


def test_a_client_may_try_so_often_and_others_are_not_hindered(engine: Engine) -> None:
    register(engine, "hanako")
    rules = replace(RULES, client_tries=3)
    for number in range(3):
        with pytest.raises(SignInRefused):
            enter(engine, f"login {number}", rules=rules)
    for _ in range(5):
        with pytest.raises(TooManyTries) as refused:
            enter(engine, rules=rules)
    assert (refused.value.status, refused.value.retry_after) == (429, 300)
    assert "5分" in str(refused.value)
    enter(engine, rules=rules, client="203.0.113.8")
    # Once per window: a flood of tries is not a flood of records.
    (entry,) = [e for e in recorded(engine, "session.refuse") if "too_many" in e.detail]
    assert entry.detail == '{"count":4,"reason":"too_many"}'
    enter(engine, rules=rules, now=NOW + RULES.client_window)


def test_a_client_that_goes_on_and_on_is_answered_without_a_write(engine: Engine) -> None:
    register(engine, "hanako")
    rules = replace(RULES, client_tries=1)
    for _ in range(2):
        with suppress(TooManyTries):
            enter(engine, rules=rules)
    written: list[str] = []

    @event.listens_for(engine, "after_cursor_execute")
    def watch(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        written.extend([statement] if statement.startswith(("INSERT", "UPDATE")) else [])

    with pytest.raises(TooManyTries):
        enter(engine, rules=rules)
    assert written == []


def test_processes_count_together(engine: Engine, url: str) -> None:
    register(engine, "hanako")
    rules = replace(RULES, client_tries=4)
    other = open_store(url)
    for one in (engine, other, engine, other):
        enter(one, rules=rules)
    for one in (engine, other):
        with pytest.raises(TooManyTries):
            enter(one, rules=rules)
    other.dispose()


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_an_address_stands_for_its_client(address: str, client: str) -> None:
    assert client_of(address) == client


# At the same moment.


def test_guesses_at_the_same_moment_are_counted_one_by_one(engine: Engine) -> None:
    register(engine, "hanako")

    def guess(number: int) -> str:
        try:
            enter(engine, password=f"あてずっぽう {number}", rules=PATIENT)
        except SignInRefused as error:
            return str(error)
        return "in"

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(guess, range(60)))
    assert answers == {str(SignInRefused())}
    assert person_now(engine).failed_logins == RULES.tries
    assert len(recorded(engine, "person.lock")) == 1
    with pytest.raises(SignInRefused):
        enter(engine, rules=PATIENT)


def test_the_client_limit_holds_for_tries_at_the_same_moment(engine: Engine) -> None:
    register(engine, "hanako")
    rules = replace(RULES, client_tries=5)

    def attempt(_: int) -> bool:
        try:
            enter(engine, rules=rules)
        except TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(40))) == 5


def test_twenty_people_sign_in_at_the_same_moment(engine: Engine) -> None:
    logins = [f"person{number}" for number in range(20)]
    for login in logins:
        register(engine, login, "staff")

    def come_in(login: str) -> str:
        signed_in = enter(engine, login)
        viewer = find_viewer(engine, signed_in.token, NOW + MINUTE, RULES)
        return viewer.login if viewer else "?"

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(come_in, logins)) == logins
    assert len(recorded(engine, "session.open")) == 20


# What the defences are worth: without them the guesses go through.


def test_without_the_lock_the_guess_after_many_failures_succeeds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(engine, "hanako")
    _fail(engine, times=RULES.tries)
    with pytest.raises(SignInRefused):
        enter(engine, client=CLIENT, rules=PATIENT)
    monkeypatch.setattr("service.accounts.sign_in.is_locked", lambda *_: False)
    enter(engine, client=CLIENT, rules=PATIENT)


def test_without_the_client_limit_tries_go_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(engine, "hanako")
    rules = replace(RULES, client_tries=1)
    enter(engine, rules=rules)
    with pytest.raises(TooManyTries):
        enter(engine, rules=rules)
    monkeypatch.setattr("service.accounts.sign_in.count_try", lambda *_: None)
    enter(engine, rules=rules)
