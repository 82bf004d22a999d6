"""The one-time password: to be changed, and good for two weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from service.accounts import people
from service.accounts.one_time import one_time_until
from service.accounts.refusals import SignInRefused
from service.accounts.rules import HashCost, rules_from
from service.accounts.sign_in import change_password
from service.settings import Settings
from service.store.engine import writing
from tests.fixtures.accounts_world import (
    MINUTE,
    OTHER_PASSWORD,
    PASSWORD,
    RULES,
    enter,
    person_now,
    recorded,
    register,
)
from tests.fixtures.store_world import NOW


def test_a_one_time_password_stays_one_after_a_new_hash(engine: Engine) -> None:
    invited = people.invite(engine, "command", "hanako", "花子", NOW, RULES)
    dearer = replace(RULES, cost=HashCost(passes=2, memory_kib=16, lanes=1))
    assert enter(
        engine, password=invited.one_time_password, rules=dearer
    ).viewer.must_change_password


def _invited(engine: Engine) -> str:
    return people.invite(engine, "command", "hanako", "花子", NOW, RULES).one_time_password


def test_a_one_time_password_ends_and_then_is_refused_like_any_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = _invited(engine)
    end = NOW + timedelta(days=14)
    assert RULES.one_time == timedelta(days=14)
    enter(engine, password=password, now=end - MINUTE)
    # A new hash of it is no new password.
    dearer = replace(RULES, cost=HashCost(passes=2, memory_kib=16, lanes=1))
    enter(engine, password=password, now=end - MINUTE, rules=dearer)
    with pytest.raises(SignInRefused) as refused:
        enter(engine, password=password, now=end, rules=dearer)
    assert str(refused.value) == str(SignInRefused())
    entry = recorded(engine)[-1]
    assert (entry.action, entry.outcome, entry.detail) == (
        "session.refuse",
        "denied",
        '{"reason":"expired"}',
    )
    # It was right, so nobody guessed: it does not count towards the lock.
    assert person_now(engine).failed_logins == 0
    # Without the defence the old slip of paper opens the account.
    monkeypatch.setattr("service.accounts.sign_in.is_one_time_over", lambda *_: False)
    enter(engine, password=password, now=end, rules=dearer)


def test_a_guess_at_an_ended_one_time_password_is_told_nothing_and_counts(engine: Engine) -> None:
    _invited(engine)
    with pytest.raises(SignInRefused):
        enter(engine, password=OTHER_PASSWORD, now=NOW + timedelta(days=15))
    assert recorded(engine)[-1].detail == '{"reason":"password"}'
    assert person_now(engine).failed_logins == 1


def test_a_password_of_ones_own_does_not_end(engine: Engine) -> None:
    register(engine, "hanako")
    enter(engine, now=NOW + timedelta(days=3_650))


def test_a_new_one_time_password_counts_from_when_it_was_made(engine: Engine) -> None:
    _invited(engine)
    later = NOW + timedelta(days=20)
    person = person_now(engine)
    password = people.reset_password(engine, "command", person.id, later, RULES)
    assert one_time_until(person_now(engine), RULES) == later + timedelta(days=14)
    enter(engine, password=password, now=later + timedelta(days=13))


def test_who_came_in_in_time_may_still_change_it(engine: Engine) -> None:
    password = _invited(engine)
    end = NOW + RULES.one_time
    signed_in = enter(engine, password=password, now=end - MINUTE)
    changed = change_password(engine, signed_in.viewer, password, PASSWORD, "", end + MINUTE, RULES)
    assert not changed.viewer.must_change_password
    assert one_time_until(person_now(engine), RULES) is None
    enter(engine, now=end + timedelta(days=365))


def test_the_life_of_a_one_time_password_is_a_setting() -> None:
    rules = rules_from(Settings(one_time_password_days=3))
    assert rules.one_time == timedelta(days=3)


def test_the_one_time_password_must_be_changed_and_then_is_nothing(engine: Engine) -> None:
    invited = people.invite(engine, "command", "hanako", "花子", NOW, RULES)
    signed_in = enter(engine, password=invited.one_time_password)
    assert signed_in.viewer.must_change_password
    changed = change_password(
        engine, signed_in.viewer, invited.one_time_password, PASSWORD, "", NOW, RULES
    )
    assert not changed.viewer.must_change_password
    with pytest.raises(SignInRefused):
        enter(engine, password=invited.one_time_password)


def test_a_one_time_password_of_unknown_time_ends_too(engine: Engine) -> None:
    """As an earlier version writes it, still at work beside this one."""
    password = _invited(engine)
    with writing(engine) as conn:
        conn.execute(text("UPDATE people SET password_set_at = NULL"))
    assert one_time_until(person_now(engine), RULES) == NOW + RULES.one_time
    with pytest.raises(SignInRefused):
        enter(engine, password=password, now=NOW + RULES.one_time)
