"""Several towns in one service: where people land, where they may go, and what stays unseen."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.desks import Desks
from service.settings import Settings
from service.store.engine import writing
from service.store.grants import Role
from service.store.towns import Town, save_town
from service.triage.triage import Desk
from service.web.town_of import NAME
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR, add_more_towns, person_now, recorded
from tests.fixtures.store_world import PREFECTURE, TOWN
from tests.fixtures.web_world import Hall, error_on

ROLES: tuple[Role, ...] = get_args(Role)
PLACES = (TOWN, NEIGHBOUR, PREFECTURE, FAR_TOWN)
NOTE = "冷蔵庫が空で、次の給料日まで二週間ある。"


def desk_in(desk: Desk, town: Town) -> Desk:
    """The same desk in another town; a record of its own says which."""
    facts = desk.knowledge.town.model_copy(update={"code": town.code, "name": town.name})
    first, *others = desk.knowledge.resources
    own = first.model_copy(update={"name": f"{town.name}だけの支援先"})
    update = {"town": facts, "resources": (own, *others)}
    manifest = replace(desk.index.manifest, town=town.name)
    return replace(
        desk,
        knowledge=desk.knowledge.model_copy(update=update),
        index=replace(desk.index, manifest=manifest),
    )


@pytest.fixture
def towns(light_hall: Hall) -> Hall:
    """The town hall of a service for four places; of a fifth nothing is known."""
    add_more_towns(light_hall.engine)
    with writing(light_hall.engine) as conn:
        save_town(conn, Town("999997", "しらない町", "99", "municipality"))
    desks = {place.code: desk_in(light_hall.desk, place) for place in PLACES}
    return Hall(light_hall.desk, light_hall.engine, desks=Desks(TOWN.code, None, desks))


def _town_on(page: str) -> str:
    """Whose desk the header says this is."""
    found = re.search(r'class="where">(\S+) 一次相談窓口', page)
    assert found, page
    return found[1]


def _choices(page: str) -> list[str]:
    return re.findall(r'name="town" value="(\w+)"', page)


def _may_be_in(role: Role, place: Town) -> set[str]:
    """The table's row ``desk.use``, in words."""
    if role == "prefecture":
        return {p.name for p in PLACES if p.prefecture_code == place.prefecture_code}
    return {place.name}


def test_nobody_is_ever_in_a_town_without_a_right_there(towns: Hall) -> None:
    for role, place in product(ROLES, PLACES):
        towns.register(f"{role}-{place.code}", role, town=place)
    for role, place in product(ROLES, PLACES):
        with towns.signed_in(f"{role}-{place.code}") as browser:
            for chosen in PLACES:
                browser.cookies.set(NAME, chosen.code)
                page = browser.get("/")
                case = (role, place, chosen)
                assert page.status_code == 200, case
                assert _town_on(page.text) in _may_be_in(role, place), case
                shown = browser.get(f"/api/services/{towns.desk.knowledge.resources[0].id}")
                assert shown.json()["name"].removesuffix("だけの支援先") == _town_on(page.text), (
                    case
                )
                if chosen.name in _may_be_in(role, place):
                    assert _town_on(page.text) == chosen.name, case


def test_without_a_choice_people_land_at_home_or_where_they_have_a_role(towns: Hall) -> None:
    landings = {}
    for role, place in product(("keeper", "prefecture"), PLACES):
        towns.register(f"{role}-{place.code}", role, town=place)
        page = towns.signed_in(f"{role}-{place.code}").get("/")
        landings[role, place.name] = _town_on(page.text)
    assert landings == {
        ("keeper", "ちいさ町"): "ちいさ町",
        ("keeper", "となり町"): "となり町",
        ("keeper", "ためし県"): "ためし県",
        ("keeper", "とおい町"): "とおい町",
        # The home town is in the prefecture's reach.
        ("prefecture", "ちいさ町"): "ちいさ町",
        ("prefecture", "となり町"): "ちいさ町",
        ("prefecture", "ためし県"): "ちいさ町",
        ("prefecture", "とおい町"): "とおい町",
    }


def test_a_prefecture_person_goes_from_town_to_town(towns: Hall) -> None:
    towns.register("kenko", "prefecture", town=PREFECTURE)
    browser = towns.signed_in("kenko")
    page = browser.get("/town").text
    # Not the town one is in, and none of another prefecture.
    assert _choices(page) == [PREFECTURE.code, "999997", NEIGHBOUR.code]
    assert FAR_TOWN.name not in page
    moved = browser.post("/town", data={"town": NEIGHBOUR.code})
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    assert _town_on(browser.get("/").text) == "となり町"
    answer = browser.post("/api/triage", json={"note": NOTE}).json()
    assert answer["model"]["town"] == "となり町"
    kenko = person_now(towns.engine, "kenko").id
    (switch,) = recorded(towns.engine, "town.switch")
    assert (switch.actor, switch.subject_id) == (kenko, NEIGHBOUR.code)
    (triage,) = recorded(towns.engine, "desk.triage")
    assert triage.town_code == NEIGHBOUR.code


def test_the_choice_is_kept_in_a_cookie_that_pages_cannot_read(towns: Hall) -> None:
    browser = towns.come_in("hanako", "staff")
    kept = browser.post("/town", data={"town": TOWN.code}).headers["set-cookie"]
    assert kept.startswith(f"{NAME}={TOWN.code};")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(kept.split("; "))


@pytest.mark.parametrize("town", [NEIGHBOUR.code, "123456", "", "../x", "999999 "])
def test_a_town_that_is_not_open_is_refused_like_one_that_is_not_there(
    towns: Hall, town: str
) -> None:
    browser = towns.come_in("hanako", "staff")
    refused = browser.post("/town", data={"town": town})
    assert refused.status_code == 404
    assert "その自治体は選べません" in error_on(refused.text)
    assert "set-cookie" not in refused.headers
    assert [e.town_code for e in recorded(towns.engine, "access.refuse")] == [TOWN.code]


@pytest.mark.parametrize("cookie", ["123456", "x" * 5_000, "';--", NEIGHBOUR.code])
def test_a_cookie_that_somebody_made_up_leads_home(towns: Hall, cookie: str) -> None:
    browser = towns.come_in("hanako", "staff")
    browser.cookies.set(NAME, cookie)
    assert _town_on(browser.get("/").text) == "ちいさ町"


def test_a_role_that_is_taken_away_ends_the_stay(towns: Hall) -> None:
    from service.store import grants

    towns.register("taro", "staff")
    with writing(towns.engine) as conn:
        taro = person_now(towns.engine, "taro").id
        grants.give(conn, taro, NEIGHBOUR.code, "staff", towns.now)
    browser = towns.signed_in("taro")
    browser.post("/town", data={"town": NEIGHBOUR.code})
    assert _town_on(browser.get("/").text) == "となり町"
    with writing(towns.engine) as conn:
        grants.take(conn, taro, NEIGHBOUR.code, "staff")
    assert _town_on(browser.get("/").text) == "ちいさ町"


def test_a_town_of_which_nothing_is_known_says_what_to_do(towns: Hall) -> None:
    towns.register("kenko", "prefecture", town=PREFECTURE)
    browser = towns.signed_in("kenko")
    browser.post("/town", data={"town": "999997"})
    page = browser.get("/")
    assert page.status_code == 503
    assert _town_on(page.text) == "しらない町"
    assert "tsunagi town load" in error_on(page.text)
    # One can leave again.
    assert TOWN.code in _choices(browser.get("/town").text)


def test_the_single_user_goes_to_every_town_of_the_store(towns: Hall) -> None:
    hall = Hall(towns.desk, towns.engine, Settings(mode="single"), desks=towns.desks)
    with TestClient(hall.app, "http://localhost:8000", headers={"Accept": "text/html"}) as browser:
        page = browser.get("/town").text
        assert FAR_TOWN.code in _choices(page)
        browser.headers["Origin"] = "http://localhost:8000"
        browser.cookies.set(NAME, FAR_TOWN.code)
        page = browser.get("/").text
        assert _town_on(page) == "とおい町"
        assert "/releases" in page
        assert "/accounts" not in page


def test_only_somebody_with_more_towns_is_offered_the_choice(towns: Hall) -> None:
    assert 'href="/town"' not in towns.come_in("hanako", "staff").get("/").text
    towns.register("kenko", "prefecture", town=PREFECTURE)
    assert 'href="/town"' in towns.signed_in("kenko").get("/").text


def test_the_menu_holds_what_the_person_may_open(towns: Hall) -> None:
    def menu(role: Role) -> list[str]:
        page = towns.come_in(role, role).get("/").text
        inside = re.search(r'<nav class="menu".*?</nav>', page, re.DOTALL)
        return re.findall(r'href="([^"]+)"', inside[0]) if inside else []

    assert menu("trainee") == []
    assert menu("staff") == ["/", "/cases", "/insights", "/records"]
    assert menu("keeper") == ["/", "/records", "/records/import", "/releases"]
    assert menu("admin") == [
        "/",
        "/insights",
        "/records",
        "/records/import",
        "/releases",
        "/accounts",
    ]


def test_an_admin_sees_and_changes_the_people_of_the_town_that_was_chosen(towns: Hall) -> None:
    from service.store import grants

    towns.register("chief", "admin")
    towns.register("neighbour", "staff", town=NEIGHBOUR)
    with writing(towns.engine) as conn:
        chief = person_now(towns.engine, "chief").id
        grants.give(conn, chief, NEIGHBOUR.code, "staff", towns.now)
    browser = towns.signed_in("chief")
    assert browser.get("/accounts").status_code == 200
    browser.post("/town", data={"town": NEIGHBOUR.code})
    # Only staff there.
    assert browser.get("/accounts").status_code == 403
    assert recorded(towns.engine, "access.refuse")[-1].town_code == NEIGHBOUR.code


def test_a_store_without_towns_is_no_reason_to_fail(small_desk: Desk, engine: Engine) -> None:
    hall = Hall(small_desk, engine, Settings(mode="single"))
    browser = TestClient(hall.app, "http://localhost:8000", headers={"Accept": "text/html"})
    assert browser.get("/town").status_code == 200
