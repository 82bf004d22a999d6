"""Inviting, disabling, giving roles; and that a town keeps an admin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from service.accounts import people, rights
from service.accounts.refusals import LastAdmin, SignInRefused
from service.accounts.sign_in import find_viewer
from service.errors import BadInput, NotFound
from service.store import accounts, grants, retention
from service.store.engine import reading
from service.store.errors import Taken
from tests.fixtures.accounts_world import (
    FAR_TOWN,
    NEIGHBOUR,
    PASSWORD,
    RULES,
    add_more_towns,
    enter,
    person_now,
    recorded,
    register,
)
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN


@pytest.fixture
def admin(engine: Engine) -> str:
    """The id of the town's only admin."""
    add_more_towns(engine)
    return register(engine, "admin-no-hito", "admin").id


def test_an_invited_person_signs_in_with_a_password_used_once(engine: Engine, admin: str) -> None:
    person, password = people.invite(
        engine, admin, "hanako", "花子", NOW, RULES, (TOWN.code, "staff")
    )
    viewer = enter(engine, password=password).viewer
    assert (viewer.person_id, viewer.must_change_password) == (person.id, True)
    assert rights.allowed(viewer, "desk.use", TOWN)
    assert [(entry.action, entry.actor) for entry in recorded(engine)][:2] == [
        ("person.add", admin),
        ("grant.give", admin),
    ]
    assert password not in repr(recorded(engine))


def test_a_viewer_acts_under_the_own_id(engine: Engine, admin: str) -> None:
    viewer = enter(engine, "admin-no-hito").viewer
    people.invite(engine, viewer, "hanako", "花子", NOW, RULES)
    assert recorded(engine, "person.add")[0].actor == admin


@pytest.mark.parametrize(
    ("login", "name", "role", "problem"),
    [
        ("Admin-no-hito", "だれか", None, Taken),
        ("", "だれか", None, BadInput),
        ("hanako", "だれ\nか", None, BadInput),
        ("hanako", "だれか", ("nai", "staff"), NotFound),
        ("hanako", "だれか", (TOWN.code, "prefecture"), BadInput),
    ],
)
@pytest.mark.usefixtures("admin")
def test_an_invitation_that_fails_leaves_nothing(
    engine: Engine,
    login: str,
    name: str,
    role: tuple[str, grants.Role] | None,
    problem: type[Exception],
) -> None:
    with pytest.raises(problem):
        people.invite(engine, "command", login, name, NOW, RULES, role)
    with reading(engine) as conn:
        assert accounts.count_people(conn) == 1
    assert recorded(engine) == ()


def test_a_reset_password_ends_sessions_and_must_be_changed(engine: Engine) -> None:
    person = register(engine, "hanako", "staff")
    token = enter(engine).token
    password = people.reset_password(engine, "command", person.id, NOW, RULES)
    assert find_viewer(engine, token, NOW, RULES) is None
    with pytest.raises(SignInRefused):
        enter(engine, password=PASSWORD)
    assert enter(engine, password=password).viewer.must_change_password
    (entry,) = recorded(engine, "password.reset")
    assert (entry.subject_id, entry.detail) == (person.id, '{"count":1}')


def test_disabling_and_enabling_are_recorded_once(engine: Engine, admin: str) -> None:
    person = register(engine, "hanako", "staff")
    assert people.disable(engine, admin, person.id, NOW).disabled_at == NOW
    assert people.disable(engine, admin, person.id, NOW).disabled_at == NOW
    with pytest.raises(SignInRefused):
        enter(engine)
    assert people.enable(engine, admin, person.id, NOW).disabled_at is None
    enter(engine)
    assert [e.action for e in recorded(engine, "person.")] == ["person.disable", "person.enable"]


def test_roles_are_given_and_taken_once(engine: Engine, admin: str) -> None:
    person = register(engine, "hanako")
    assert people.give_role(engine, admin, person.id, TOWN.code, "staff", NOW)
    assert not people.give_role(engine, admin, person.id, TOWN.code, "staff", NOW)
    assert people.take_role(engine, admin, person.id, TOWN.code, "staff", NOW)
    assert not people.take_role(engine, admin, person.id, TOWN.code, "staff", NOW)
    assert [(e.action, e.town_code, e.detail) for e in recorded(engine, "grant.")] == [
        ("grant.give", TOWN.code, '{"role":"staff"}'),
        ("grant.take", TOWN.code, '{"role":"staff"}'),
    ]


def test_the_role_that_reaches_over_a_prefecture_is_given_only_there(
    engine: Engine, admin: str
) -> None:
    with pytest.raises(BadInput, match="ちいさ町"):
        people.give_role(engine, admin, admin, TOWN.code, "prefecture", NOW)
    assert people.give_role(engine, "command", admin, PREFECTURE.code, "prefecture", NOW)
    viewer = enter(engine, "admin-no-hito").viewer
    assert rights.allowed(viewer, "desk.use", NEIGHBOUR)
    assert not rights.allowed(viewer, "desk.use", FAR_TOWN)


def test_the_last_admin_stays(engine: Engine, admin: str) -> None:
    for change in (
        lambda: people.disable(engine, admin, admin, NOW),
        lambda: people.take_role(engine, admin, admin, TOWN.code, "admin", NOW),
        lambda: people.erase(engine, admin, admin, NOW),
    ):
        with pytest.raises(LastAdmin, match="最後の管理者"):
            change()
    assert recorded(engine) == ()
    assert enter(engine, "admin-no-hito").viewer.person_id == admin


def test_a_disabled_admin_is_no_substitute(engine: Engine, admin: str) -> None:
    second = register(engine, "hanako", "admin")
    people.disable(engine, "command", second.id, NOW)
    with pytest.raises(LastAdmin):
        people.disable(engine, "command", admin, NOW)
    people.enable(engine, "command", second.id, NOW)
    people.disable(engine, "command", admin, NOW)
    # Nor is an admin of another town.
    with pytest.raises(LastAdmin):
        people.erase(engine, "command", second.id, NOW)
    other = register(engine, "taro", "admin", town=NEIGHBOUR)
    with pytest.raises(LastAdmin):
        people.take_role(engine, "command", second.id, TOWN.code, "admin", NOW)
    people.give_role(engine, "command", other.id, TOWN.code, "admin", NOW)
    assert people.take_role(engine, "command", second.id, TOWN.code, "admin", NOW)


def test_an_admin_of_two_towns_may_leave_the_one_that_has_another(
    engine: Engine, admin: str
) -> None:
    second = register(engine, "hanako", "admin").id
    people.give_role(engine, "command", second, NEIGHBOUR.code, "admin", NOW)
    assert people.take_role(engine, admin, second, TOWN.code, "admin", NOW)
    with pytest.raises(LastAdmin):
        people.take_role(engine, admin, second, NEIGHBOUR.code, "admin", NOW)


def test_of_two_admins_who_close_each_other_s_account_one_stays(engine: Engine, admin: str) -> None:
    second = register(engine, "hanako", "admin").id

    def close(pair: tuple[str, str]) -> bool:
        try:
            people.disable(engine, pair[0], pair[1], NOW)
        except LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(close, [(admin, second), (second, admin)])) == [False, True]


def test_an_erased_person_is_gone_and_the_audit_still_fits(engine: Engine, admin: str) -> None:
    person = register(engine, "hanako", "staff")
    token = enter(engine).token
    people.erase(engine, admin, person.id, NOW)
    assert find_viewer(engine, token, NOW, RULES) is None
    with pytest.raises(SignInRefused):
        enter(engine)
    with reading(engine) as conn:
        assert accounts.find_by_login(conn, "hanako") is None
    assert recorded(engine, "person.erase")[0].actor == admin
    with pytest.raises(NotFound):
        people.erase(engine, admin, person.id, NOW)


def test_the_whole_life_of_an_account_can_be_given_out(engine: Engine) -> None:
    person, password = people.invite(engine, "command", "hanako", "花子", NOW, RULES)
    enter(engine, password=password)
    told = retention.export_person(engine, person.id, NOW)
    assert '"session.open"' in told
    assert password not in told
    assert "argon2" not in told


def test_towns_of_a_person_are_those_of_the_roles(engine: Engine, admin: str) -> None:
    people.give_role(engine, "command", admin, FAR_TOWN.code, "keeper", NOW)
    with reading(engine) as conn:
        assert people.towns_of_person(conn, admin) == (FAR_TOWN, TOWN)
        assert people.towns_of_person(conn, "nai") == ()
    assert person_now(engine, "admin-no-hito").id == admin
