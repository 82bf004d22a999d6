"""The table of rights against what was meant, written here once more in another form."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.rights import (
    ACTIONS,
    FOR_ANYBODY,
    RIGHTS,
    ROLE_NAMES,
    allowed,
    allowed_over,
)
from service.accounts.viewer import Viewer, roles_in, single_user
from service.store.grants import Grant, Role
from service.store.tables import ROLES
from service.store.towns import Town
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN

TOWNS = (TOWN, NEIGHBOUR, PREFECTURE, FAR_TOWN)
EVERYBODY = {
    "staff", "trainer", "trainee", "evaluator", "keeper", "coordinator", "prefecture", "admin",
}  # fmt: skip
# action → who may in the town of the role, in another of its prefecture, in another prefecture.
MEANT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "desk.use": (EVERYBODY, {"prefecture"}, set()),
    "desk.read_record": (EVERYBODY, {"prefecture"}, set()),
    "account.own": (EVERYBODY, EVERYBODY, EVERYBODY),
    "accounts.list": ({"admin"}, set(), set()),
    "accounts.change": ({"admin"}, set(), set()),
    "roles.change": ({"admin"}, set(), set()),
    "sessions.end_others": ({"admin"}, set(), set()),
    "audit.read": ({"admin"}, set(), set()),
    "settings.read": ({"admin"}, set(), set()),
    "export.person": ({"admin"}, set(), set()),
    "erase.person": ({"admin"}, set(), set()),
    "records.read": (EVERYBODY - {"trainee"}, {"prefecture"}, set()),
    "records.report": (
        {"staff", "keeper", "coordinator", "prefecture", "admin"},
        {"prefecture"},
        set(),
    ),
    "records.change": ({"keeper", "prefecture", "admin"}, set(), set()),
    "records.import": ({"keeper", "prefecture", "admin"}, set(), set()),
    "releases.change": ({"keeper", "prefecture", "admin"}, set(), set()),
    "cases.read": ({"staff", "coordinator"}, set(), set()),
    "cases.change": ({"staff", "coordinator"}, set(), set()),
    "insights.read": (
        {"staff", "coordinator", "evaluator", "prefecture", "admin"},
        {"prefecture"},
        set(),
    ),
    "advice.answer": ({"prefecture"}, {"prefecture"}, set()),
}
DECISION = Path(__file__).parents[3] / "docs" / "decisions" / "0007-accounts.md"


def viewer(*held: tuple[Town, Role]) -> Viewer:
    """Somebody with these roles."""
    return Viewer(
        person_id="p",
        login="p",
        display_name="p",
        grants=tuple(Grant("p", town.code, role, NOW) for town, role in held),
        session_hash=None,
        must_change_password=False,
        towns=tuple({town.code: town for town, _ in held}.values()),
    )


def test_the_table_has_the_actions_and_roles_that_were_meant() -> None:
    assert set(ACTIONS) == set(MEANT)
    assert set(ROLES) == EVERYBODY == set(ROLE_NAMES)
    assert {role for row in RIGHTS.values() for role in row} <= EVERYBODY


@pytest.mark.parametrize(("action", "role"), tuple(product(MEANT, sorted(EVERYBODY))))
def test_each_role_may_do_what_was_meant_and_nowhere_else(action: str, role: Role) -> None:
    own, same_prefecture, elsewhere = (role in roles for roles in MEANT[action])
    asked = viewer((TOWN, role))
    assert allowed(asked, action, TOWN) is own
    assert allowed(asked, action, NEIGHBOUR) is same_prefecture
    assert allowed(asked, action, PREFECTURE) is same_prefecture
    assert allowed(asked, action, FAR_TOWN) is elsewhere


@pytest.mark.parametrize("action", ACTIONS)
def test_without_a_role_only_the_own_account_is_left(action: str) -> None:
    assert allowed(viewer(), action, TOWN) is (action in FOR_ANYBODY)


def test_a_right_for_anybody_stands_in_every_cell_of_its_row() -> None:
    for action in FOR_ANYBODY:
        assert RIGHTS[action] == dict.fromkeys(get_args(Role), "everywhere")


def test_a_misspelt_action_is_not_answered() -> None:
    with pytest.raises(ValueError, match="desk\\.uze"):
        allowed(viewer((TOWN, "admin")), "desk.uze", TOWN)
    with pytest.raises(ValueError, match="is not an action"):
        allowed(single_user(TOWN), "", TOWN)


def test_a_right_over_a_prefecture_reaches_nowhere_while_the_towns_are_unknown() -> None:
    known = viewer((PREFECTURE, "prefecture"))
    unknown = Viewer("p", "p", "p", known.grants, None, False)
    assert allowed(known, "desk.use", NEIGHBOUR)
    assert not allowed(unknown, "desk.use", NEIGHBOUR)


def test_a_right_over_one_prefecture_does_not_follow_the_person_into_another() -> None:
    beside = Town("889998", "とおい町のとなり", "88", "municipality")
    both = viewer((PREFECTURE, "prefecture"), (FAR_TOWN, "staff"))
    assert allowed(both, "desk.use", NEIGHBOUR)
    assert allowed(both, "desk.use", FAR_TOWN)
    assert not allowed(both, "desk.use", beside)


GRANTS = st.lists(st.tuples(st.sampled_from(TOWNS), st.sampled_from(get_args(Role))), max_size=6)


@given(GRANTS, st.sampled_from(ACTIONS), st.sampled_from(TOWNS))
def test_several_roles_allow_exactly_what_one_of_them_allows(
    held: list[tuple[Town, Role]], action: str, town: Town
) -> None:
    alone = any(allowed(viewer(one), action, town) for one in held)
    assert allowed(viewer(*held), action, town) is (alone or action in FOR_ANYBODY)


@given(GRANTS, st.sampled_from(ACTIONS), st.lists(st.sampled_from(TOWNS), max_size=3))
def test_what_belongs_to_several_towns_needs_the_right_in_each(
    held: list[tuple[Town, Role]], action: str, towns: list[Town]
) -> None:
    each = [allowed(viewer(*held), action, town) for town in towns]
    assert allowed_over(viewer(*held), action, towns) is (bool(towns) and all(each))


def test_an_admin_has_no_right_over_somebody_who_also_works_elsewhere() -> None:
    admin = viewer((TOWN, "admin"))
    assert allowed_over(admin, "accounts.change", [TOWN])
    assert not allowed_over(admin, "accounts.change", [TOWN, NEIGHBOUR])
    assert not allowed_over(admin, "accounts.change", [])


def test_the_single_user_may_do_everything_in_the_one_town() -> None:
    person = single_user(TOWN)
    assert all(allowed(person, action, TOWN) for action in ACTIONS)
    assert not allowed(person, "accounts.change", NEIGHBOUR)
    assert roles_in(person, TOWN.code) == EVERYBODY
    assert roles_in(person, NEIGHBOUR.code) == frozenset()
    assert person.towns == (TOWN,)
    assert person.session_hash is None


def test_the_written_decision_shows_the_same_table() -> None:
    signs = {"own town": "町", "own prefecture": "県", "everywhere": "全", None: "－"}
    rows = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for line in DECISION.read_text(encoding="utf-8").splitlines()
        if (cells := line.strip("| ").split("|"))[0].strip("` ") in RIGHTS
    }
    assert rows == {
        action: [signs[row.get(role)] for role in get_args(Role)] for action, row in RIGHTS.items()
    }
