"""Towns, accounts, roles, sessions and rate counters, the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from service.errors import BadInput, NotFound
from service.store import accounts, grants, limits, sessions, towns
from service.store.accounts import Person, add_person
from service.store.engine import reading, writing
from service.store.errors import Taken
from service.store.tables import KINDS, ROLES
from service.store.towns import Town, find_town, list_towns, save_town
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN

MINUTE = timedelta(minutes=1)
IDLE = timedelta(minutes=30)
DAY = timedelta(hours=10)


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    """A writing connection to a store with a town and its prefecture."""
    with writing(engine) as connection:
        yield connection


@pytest.fixture
def hanako(conn: Connection) -> Person:
    """A person without a role."""
    return add_person(conn, "hanako", "花子", NOW)


# Towns.


def test_a_town_is_found_by_its_code_and_listed_with_its_prefecture(conn: Connection) -> None:
    save_town(conn, Town("010000", "べつの県", "01", "prefecture"))
    assert find_town(conn, TOWN.code) == TOWN
    assert find_town(conn, "nai") is None
    assert list_towns(conn, "99") == (PREFECTURE, TOWN)
    assert [town.code for town in list_towns(conn)] == ["010000", "990000", "999999"]


def test_saving_a_town_again_replaces_it(conn: Connection) -> None:
    save_town(conn, replace(TOWN, name="大きい町"))
    found = find_town(conn, TOWN.code)
    assert found is not None
    assert found.name == "大きい町"
    assert len(list_towns(conn)) == 2


@pytest.mark.parametrize("code", ["", "九九", "9" * 13, "99 99"])
def test_a_town_needs_a_code_that_is_one(conn: Connection, code: str) -> None:
    with pytest.raises(BadInput, match="団体コード"):
        save_town(conn, replace(TOWN, code=code))


# Accounts.


def test_a_new_person_has_an_id_and_nothing_against_them(hanako: Person) -> None:
    assert len(hanako.id) == 36
    assert (hanako.login, hanako.display_name, hanako.created_at) == ("hanako", "花子", NOW)
    assert not hanako.has_password
    assert (hanako.failed_logins, hanako.locked_until, hanako.disabled_at) == (0, None, None)


@pytest.mark.parametrize("login", ["HANAKO", "  hanako ", "ｈａｎａｋｏ"])
def test_a_login_is_the_same_however_it_is_written(
    conn: Connection, hanako: Person, login: str
) -> None:
    assert accounts.find_by_login(conn, login) == hanako
    with pytest.raises(Taken, match="hanako"):
        add_person(conn, login, "別の花子", NOW)


@pytest.mark.parametrize(
    ("login", "words"),
    [("", "入力"), ("   ", "入力"), ("a" * 101, "100文字"), ("a\nb", "制御文字"), ("a\x00b", "制御文字")],
)  # fmt: skip
def test_a_login_that_cannot_be_stored_says_why(conn: Connection, login: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        add_person(conn, login, "花子", NOW)


def test_the_hash_of_a_password_leaves_by_one_door_only(conn: Connection, hanako: Person) -> None:
    changed = accounts.set_password(conn, hanako.id, "$argon2id$himitsu", NOW, must_change=True)
    assert changed.has_password
    assert changed.password_set_at == NOW
    assert changed.must_change_password
    assert "himitsu" not in repr(changed)
    assert accounts.password_hash_of(conn, hanako.id) == "$argon2id$himitsu"
    assert accounts.password_hash_of(conn, "nai") is None


def test_another_hash_of_the_same_password_is_no_new_password(
    conn: Connection, hanako: Person
) -> None:
    assert hanako.password_set_at is None
    set_before = accounts.set_password(conn, hanako.id, "a", NOW, must_change=True)
    renewed = accounts.renew_hash(conn, hanako.id, "b")
    assert renewed == set_before
    assert accounts.password_hash_of(conn, hanako.id) == "b"
    dropped = accounts.drop_password(conn, hanako.id)
    assert (dropped.has_password, dropped.password_set_at) == (False, None)


def test_failed_logins_lock_at_the_limit_and_a_login_forgets_them(
    conn: Connection, hanako: Person
) -> None:
    for number in (1, 2):
        failed = accounts.note_failed_login(conn, hanako.id, NOW, 3, 15 * MINUTE)
        assert (failed.failed_logins, failed.locked_until) == (number, None)
    locked = accounts.note_failed_login(conn, hanako.id, NOW, 3, 15 * MINUTE)
    assert locked.locked_until == NOW + 15 * MINUTE
    # After the lock has run out one more failure locks again.
    again = accounts.note_failed_login(conn, hanako.id, NOW + DAY, 3, 15 * MINUTE)
    assert again.locked_until == NOW + DAY + 15 * MINUTE
    free = accounts.note_login(conn, hanako.id)
    assert (free.failed_logins, free.locked_until) == (0, None)


def test_an_identity_at_the_provider_belongs_to_one_person(
    conn: Connection, hanako: Person
) -> None:
    subject = "https://idp.example#1"
    tied = accounts.set_subject(conn, hanako.id, subject)
    assert accounts.find_by_subject(conn, subject) == tied
    assert accounts.set_subject(conn, hanako.id, subject) == tied
    with pytest.raises(Taken):
        add_person(conn, "taro", "太郎", NOW, oidc_subject=subject)


def test_a_person_is_renamed_disabled_and_enabled(conn: Connection, hanako: Person) -> None:
    assert accounts.rename_person(conn, hanako.id, " 華子 ").display_name == "華子"
    assert accounts.disable_person(conn, hanako.id, NOW).disabled_at == NOW
    assert accounts.enable_person(conn, hanako.id).disabled_at is None


def test_people_are_counted_and_listed_by_login(conn: Connection, hanako: Person) -> None:
    taro = add_person(conn, "Taro", "太郎", NOW)
    jiro = add_person(conn, "jiro", "次郎", NOW)
    assert accounts.count_people(conn) == 3
    assert accounts.list_people(conn) == (hanako, jiro, taro)


def test_an_id_that_is_not_there_is_said(conn: Connection) -> None:
    for change in (
        lambda: accounts.get_person(conn, "nai"),
        lambda: accounts.rename_person(conn, "nai", "だれか"),
        lambda: accounts.note_failed_login(conn, "nai", NOW, 3, MINUTE),
        lambda: grants.give(conn, "nai", TOWN.code, "staff", NOW),
    ):
        with pytest.raises(NotFound, match="登録されていません"):
            change()


# Roles.


def test_the_names_of_roles_and_kinds_are_the_same_in_types_and_tables() -> None:
    assert get_args(grants.Role) == ROLES
    assert get_args(towns.Kind) == KINDS


def test_a_role_is_given_once_and_taken_once(conn: Connection, hanako: Person) -> None:
    assert grants.give(conn, hanako.id, TOWN.code, "staff", NOW)
    assert not grants.give(conn, hanako.id, TOWN.code, "staff", NOW)
    assert grants.give(conn, hanako.id, PREFECTURE.code, "prefecture", NOW)
    assert [grant.role for grant in grants.grants_of(conn, hanako.id)] == ["prefecture", "staff"]
    assert grants.take(conn, hanako.id, TOWN.code, "staff")
    assert not grants.take(conn, hanako.id, TOWN.code, "staff")
    assert grants.grants_in(conn, TOWN.code) == ()


def test_a_role_needs_a_registered_town(conn: Connection, hanako: Person) -> None:
    with pytest.raises(NotFound, match="nai"):
        grants.give(conn, hanako.id, "nai", "staff", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO towns VALUES ('1', '町', '1', 'village')",
        "INSERT INTO grants VALUES ('{id}', '999999', 'king', '2026-06-01T00:00:00.000000Z')",
        "INSERT INTO grants VALUES ('{id}', 'nai', 'staff', '2026-06-01T00:00:00.000000Z')",
        "INSERT INTO grants VALUES ('nobody', '999999', 'staff', '2026-06-01T00:00:00.000000Z')",
        "UPDATE people SET login = ''",
        "UPDATE people SET failed_logins = -1",
    ],
)
def test_the_database_itself_keeps_the_rules(engine: Engine, statement: str) -> None:
    with writing(engine) as conn:
        person = add_person(conn, "hanako", "花子", NOW)
    with pytest.raises(IntegrityError), writing(engine) as conn:
        conn.execute(text(statement.format(id=person.id)))


# Sessions.


def test_a_session_is_found_by_its_token_which_is_not_stored(
    conn: Connection, hanako: Person
) -> None:
    opened = sessions.open_session(conn, "himitsu", hanako.id, NOW, DAY, "Browser/1")
    assert sessions.find_session(conn, "himitsu", NOW + MINUTE, IDLE) == opened
    assert sessions.find_session(conn, "betsu", NOW, IDLE) is None
    stored = repr(conn.execute(text("SELECT * FROM sessions")).all())
    assert "himitsu" not in stored
    assert "Browser" not in stored


def test_a_session_ends_when_idle_and_at_its_end_however_much_it_is_used(
    conn: Connection, hanako: Person
) -> None:
    opened = sessions.open_session(conn, "t", hanako.id, NOW, DAY)
    assert sessions.find_session(conn, "t", NOW + IDLE, IDLE) is None
    sessions.touch_session(conn, opened.token_hash, NOW + 29 * MINUTE)
    assert sessions.find_session(conn, "t", NOW + IDLE, IDLE)
    sessions.touch_session(conn, opened.token_hash, NOW + DAY)
    assert sessions.find_session(conn, "t", NOW + DAY - MINUTE, IDLE)
    assert sessions.find_session(conn, "t", NOW + DAY, IDLE) is None


def test_a_session_ends_when_it_is_revoked_or_its_person_disabled(
    conn: Connection, hanako: Person
) -> None:
    first = sessions.open_session(conn, "a", hanako.id, NOW, DAY)
    sessions.open_session(conn, "b", hanako.id, NOW + MINUTE, DAY)
    sessions.open_session(conn, "c", hanako.id, NOW + 2 * MINUTE, DAY)
    assert sessions.revoke_session(conn, first.token_hash, NOW)
    assert not sessions.revoke_session(conn, first.token_hash, NOW)
    assert sessions.find_session(conn, "a", NOW, IDLE) is None
    live = sessions.live_sessions(conn, hanako.id, NOW, IDLE)
    assert [session.token_hash for session in live] == [*map(sessions.hash_token, "cb")]
    accounts.disable_person(conn, hanako.id, NOW)
    assert sessions.find_session(conn, "c", NOW, IDLE) is None
    assert sessions.revoke_all(conn, hanako.id, NOW) == 2
    accounts.enable_person(conn, hanako.id)
    assert sessions.find_session(conn, "c", NOW, IDLE) is None


# Rate counters.


def test_hits_are_counted_by_key_and_window(conn: Connection) -> None:
    window = 5 * MINUTE
    for number in (1, 2, 3):
        hits = limits.add_hit(conn, "login:203.0.113.7", NOW + MINUTE, window)
        assert (hits.count, hits.window_ends_at) == (number, NOW + window)
    assert limits.add_hit(conn, "login:203.0.113.8", NOW, window).count == 1
    assert limits.hits_of(conn, "login:203.0.113.7", NOW + 4 * MINUTE, window).count == 3
    assert limits.hits_of(conn, "login:203.0.113.7", NOW + window, window).count == 0
    assert "203.0.113" not in repr(conn.execute(text("SELECT * FROM rate_counters")).all())


def test_reading_needs_no_write_lock(engine: Engine) -> None:
    with writing(engine), reading(engine) as conn:
        assert len(list_towns(conn)) == 2
