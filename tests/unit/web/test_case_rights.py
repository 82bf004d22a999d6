"""Who may see and change cases, and of which town."""

from __future__ import annotations

from typing import get_args

import pytest

from service.desks import Desks
from service.store.grants import Role
from service.web.town_of import NAME
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.case_pages_world import NOTE, keep, sent
from tests.fixtures.store_world import PREFECTURE, TOWN
from tests.fixtures.web_world import Hall

MAY: tuple[Role, ...] = ("staff", "coordinator")


@pytest.mark.parametrize("role", get_args(Role))
def test_only_the_desk_and_the_coordinator_see_cases(light_hall: Hall, role: Role) -> None:
    case = keep(light_hall, light_hall.come_in("hanako", "staff"))
    at = f"/cases/{case.id}"
    place = PREFECTURE if role == "prefecture" else TOWN
    light_hall.register("other", role, town=place)
    other = light_hall.signed_in("other")
    may = role in MAY
    for path in ("/cases", at):
        answer = other.get(path)
        assert answer.status_code == (200 if may else 403), path
        assert may or case.label not in answer.text
    menu = other.get("/").text
    assert ('href="/cases"' in menu) is may
    kept = other.post("/cases/new", data={"note": NOTE})
    assert kept.status_code == (200 if may else 403)
    moved = other.post(f"{at}/memo", data=sent(case, memo="メモ"))
    assert moved.status_code == (303 if may else 403)
    assert may or NOTE[:8] not in kept.text


def test_a_case_of_another_town_is_not_there(light_hall: Hall) -> None:
    desks = Desks(TOWN.code, None, {t.code: light_hall.desk for t in (TOWN, NEIGHBOUR)})
    hall = Hall(light_hall.desk, light_hall.engine, desks=desks)
    add_more_towns(hall.engine)
    case = keep(hall, hall.come_in("hanako", "staff"))
    hall.register("taro", "staff", town=NEIGHBOUR)
    taro = hall.signed_in("taro")
    at = f"/cases/{case.id}"
    assert taro.get(at).status_code == 404
    assert case.label not in taro.get("/cases?show=all").text
    for path in ("memo", "consent", "close", "undo", "own", "choose", "reject", "basics", "reopen",
                 "flags/0", "referrals/r1/move", "referrals/r1/drop"):  # fmt: skip
        answer = taro.post(f"{at}/{path}", data=sent(case, memo="x", to_revision="1"))
        assert answer.status_code == 404, path
    # Nor when the cookie says that one is there.
    taro.cookies.set(NAME, TOWN.code)
    assert taro.get(at).status_code == 404
