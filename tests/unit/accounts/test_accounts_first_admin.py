"""The first-run set-up: one admin, once, however many ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from service.accounts import first_admin, people
from service.accounts.first_admin import ALPHABET, create_first_admin, new_set_up_code, set_up_due
from service.accounts.refusals import SetUpDone, WeakPassword
from service.accounts.sign_in import open_for
from service.accounts.town_list import add_town, ensure_town, new_town, town_from
from service.errors import BadInput
from service.store import accounts
from service.store.engine import open_store, reading
from service.store.towns import Town, list_towns
from tests.fixtures.accounts_world import CLIENT, PASSWORD, RULES, enter, recorded, register
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN

NEW_TOWN = Town("777777", "あたらしい町", "77", "municipality")


def _create(engine: Engine, login: str = "hanako", town: Town = TOWN) -> accounts.Person:
    return create_first_admin(engine, login, "山田 花子", PASSWORD, town, NOW, RULES)


def test_the_first_admin_signs_in_and_is_admin_of_the_town(engine: Engine) -> None:
    assert set_up_due(engine)
    person = _create(engine, town=NEW_TOWN)
    assert not set_up_due(engine)
    viewer = enter(engine).viewer
    assert [(grant.town_code, grant.role) for grant in viewer.grants] == [("777777", "admin")]
    assert viewer.towns == (NEW_TOWN,)
    assert not viewer.must_change_password
    assert [entry.action for entry in recorded(engine)] == [
        "town.save",
        "person.add",
        "grant.give",
        "session.open",
    ]
    signed_in = open_for(engine, person.id, CLIENT, "", NOW, RULES, "set_up")
    assert signed_in.viewer.person_id == person.id


def test_a_town_that_is_there_stays_as_it_is(engine: Engine) -> None:
    _create(engine, town=Town(TOWN.code, "別の名前", "99", "municipality"))
    with reading(engine) as conn:
        assert TOWN in list_towns(conn)
    assert recorded(engine, "town.save") == ()


@pytest.mark.parametrize(
    ("login", "name", "password", "problem"),
    [
        ("hanako", "花子", "短い", WeakPassword),
        ("hanako", "花子", "hanako の 長い合言葉です", WeakPassword),
        ("", "花子", PASSWORD, BadInput),
        ("hanako", "", PASSWORD, BadInput),
        ("hanako\n", "x" * 101, PASSWORD, BadInput),
    ],
)
def test_what_cannot_be_used_leaves_the_set_up_due(
    engine: Engine, login: str, name: str, password: str, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        create_first_admin(engine, login, name, password, NEW_TOWN, NOW, RULES)
    assert set_up_due(engine)
    assert recorded(engine) == ()


def test_there_is_no_second_first_admin_even_when_all_are_disabled(engine: Engine) -> None:
    register(engine, "taro")
    people.disable(engine, "command", register(engine, "jiro").id, NOW)
    assert not set_up_due(engine)
    with pytest.raises(SetUpDone, match="すでに"):
        _create(engine)


@pytest.fixture
def engines(engine: Engine, url: str) -> Iterator[list[Engine]]:
    """Ten connections of their own, as ten processes have."""
    found = [engine, *(open_store(url) for _ in range(9))]
    yield found
    for one in found:
        one.dispose()


def _race(engines: list[Engine]) -> list[str]:
    def attempt(number: int) -> str:
        try:
            return _create(engines[number], f"person{number}").login
        except SetUpDone:
            return ""

    with ThreadPoolExecutor(10) as pool:
        return [login for login in pool.map(attempt, range(10)) if login]


def test_of_ten_at_the_same_moment_one_becomes_admin(engines: list[Engine]) -> None:
    (winner,) = _race(engines)
    with reading(engines[0]) as conn:
        assert [person.login for person in accounts.list_people(conn)] == [winner]
    assert len(recorded(engines[0], "person.add")) == 1


def test_without_the_second_look_there_would_be_several(
    engines: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_admin, "set_up_due", lambda _: True)
    monkeypatch.setattr("service.store.accounts.count_people", lambda _: 0)
    assert len(_race(engines)) == 10


def test_a_set_up_code_is_long_and_easy_to_read_out() -> None:
    codes = {new_set_up_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
        assert set(code) <= set(ALPHABET) | {"-"}
    assert not set("01OIl") & set(ALPHABET)


# Towns.


def test_a_code_says_prefecture_and_kind() -> None:
    assert new_town("990000", "ためし県") == PREFECTURE
    assert new_town("999999", "ちいさ町") == TOWN
    # The invented sample town's code.
    assert new_town("000000", "みどり町").kind == "municipality"


def test_the_desk_s_town_is_registered_once(engine: Engine, sample_town: Town) -> None:
    assert ensure_town(engine, sample_town, NOW)
    assert not ensure_town(engine, sample_town, NOW)
    (entry,) = recorded(engine, "town.save")
    assert (entry.actor, entry.town_code) == ("system", sample_town.code)
    add_town(engine, new_town(sample_town.code, "新しい名前"), NOW, "command")
    with reading(engine) as conn:
        assert "新しい名前" in [town.name for town in list_towns(conn)]


@pytest.fixture(scope="session")
def sample_town() -> Town:
    """The town of the desk's sample data."""
    from knowledge.load import load_knowledge

    return town_from(load_knowledge().town)
