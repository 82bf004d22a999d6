"""Every route × every role × where it is held, over HTTP, against the one table of rights."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from service.accounts.rights import FOR_ANYBODY, RIGHTS
from service.app import create_app
from service.desks import Desks
from service.settings import Settings
from service.store.grants import Role
from service.store.towns import Town
from service.triage.triage import Desk
from service.web.rights_dependency import PUBLIC, actions_of, check_routes, needs
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR, add_more_towns, person_now
from tests.fixtures.store_world import PREFECTURE, TOWN
from tests.fixtures.web_world import ORIGIN, Hall

ROLES: tuple[Role, ...] = get_args(Role)
PLACES = (TOWN, NEIGHBOUR, PREFECTURE, FAR_TOWN)
# What an answer to somebody without the right looks like to a program.
SIGNED_OUT, NO_RIGHT, NO_METHOD = 401, 403, 405


@pytest.fixture
def full_hall(light_hall: Hall) -> Hall:
    """The town hall, a desk for every place, and a person for every role in every place."""
    desks = Desks(TOWN.code, None, {place.code: light_hall.desk for place in PLACES})
    hall = Hall(light_hall.desk, light_hall.engine, desks=desks)
    add_more_towns(hall.engine)
    for role, place in product(ROLES, PLACES):
        hall.register(_login(role, place), role, town=place)
    hall.register("target", "staff")
    # Another admin, so that no route refuses because of the last one.
    hall.register("second", "admin")
    return hall


def test_every_route_asks_for_the_right_in_the_table(full_hall: Hall) -> None:
    checked = 0
    for role, place in product(ROLES, PLACES):
        # A program's browser: the status says it all, without redirects for people.
        with full_hall.signed_in(_login(role, place), Accept="application/json") as browser:
            for route, method in _signing_out_last(full_hall.app):
                (action,) = actions_of(route)
                status = _ask(full_hall, browser, route, method)
                may = _may(action, role, place)
                case = (method, route.path, role, place, status)
                assert (status not in (SIGNED_OUT, NO_RIGHT)) is may, case
                assert may or status == NO_RIGHT, case
                assert status < 500, case
                checked += 1
    assert checked > 500


def test_every_route_but_the_public_ones_refuses_somebody_signed_out(full_hall: Hall) -> None:
    for route, method in _routes(full_hall.app):
        browser = full_hall.browser(Accept="application/json")
        refused = _ask(full_hall, browser, route, method) == SIGNED_OUT
        # A wrong password is answered with the same status, on a public page.
        expected = route.path not in PUBLIC or (route.path, method) == ("/sign-in", "POST")
        assert refused is expected, (method, route.path)


def test_no_other_method_slips_past_the_right(full_hall: Hall) -> None:
    routes = list(_routes(full_hall.app))
    paths = {route.path: {m for r, m in routes if r.path == route.path} for route, _ in routes}
    with full_hall.signed_in(_login("admin", TOWN), Accept="application/json") as admin:
        for path, methods in paths.items():
            for method in {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"} - methods:
                answer = admin.request(method, _fill(full_hall, path))
                assert answer.status_code == NO_METHOD, (method, path)


def test_a_method_in_a_header_or_field_changes_nothing(full_hall: Hall) -> None:
    browser = full_hall.signed_in(_login("staff", TOWN))
    for disguise in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        path = _fill(full_hall, "/accounts/{person_id}/disable")
        assert browser.get(path, headers={disguise: "POST"}).status_code == NO_METHOD


def test_a_route_without_a_right_is_found(light_hall: Hall) -> None:
    app = light_hall.app

    @app.get("/forgotten")
    def forgotten() -> str:
        return ""

    with pytest.raises(RuntimeError, match="/forgotten"):
        check_routes(app)


def test_a_public_route_that_also_asks_for_a_right_is_found(
    monkeypatch: pytest.MonkeyPatch, small_desk: Desk
) -> None:
    monkeypatch.setitem(PUBLIC, "/", "by mistake")
    with pytest.raises(RuntimeError, match="/: public"):
        create_app(small_desk, settings=Settings())


def test_a_right_that_is_not_in_the_table_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match=r"desk\.destroy"):
        needs("desk.destroy")


def test_every_public_route_says_why_and_is_there(light_hall: Hall) -> None:
    assert all(len(reason) > 5 for reason in PUBLIC.values())
    served = {str(getattr(route, "path", "")) for route in light_hall.app.routes}
    # Only with a provider configured; tests/unit/accounts has one.
    assert set(PUBLIC) - served == {"/sign-in/oidc", "/sign-in/oidc/callback"}


def test_the_single_user_needs_no_sign_in_and_has_no_account_pages(small_desk: Desk) -> None:
    app = create_app(small_desk, settings=Settings(mode="single"))
    browser = TestClient(app, "http://localhost:8000", headers={"Accept": "text/html"})
    page = browser.get("/")
    assert page.status_code == 200
    assert "1人用のお試しです" in page.text
    for path in ("/sign-in", "/set-up", "/account", "/accounts"):
        answer = browser.get(path)
        assert answer.status_code == 404
        # Said on every page, errors too.
        assert "1人用のお試しです" in answer.text


def test_a_town_without_a_store_is_not_served(small_desk: Desk) -> None:
    with pytest.raises(ValueError, match="store"):
        create_app(small_desk, settings=Settings(mode="town"))


def _login(role: Role, place: Town) -> str:
    return f"{role}-{place.code}"


def _may(action: str, role: Role, place: Town) -> bool:
    """What the table says about where the person lands, read without ``rights.allowed``.

    Whoever may use the home town's desk is there; anybody else is where the role is held.
    """
    if action in FOR_ANYBODY:
        return True
    here = TOWN if _reaches(RIGHTS["desk.use"].get(role), place, TOWN) else place
    return _reaches(RIGHTS[action].get(role), place, here)


def _reaches(where: str | None, place: Town, here: Town) -> bool:
    if where == "own prefecture":
        return place.prefecture_code == here.prefecture_code
    return where == "everywhere" or (where == "own town" and place == here)


def _routes(app: FastAPI) -> list[tuple[APIRoute, str]]:
    return [
        (route, method)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def _signing_out_last(app: FastAPI) -> list[tuple[APIRoute, str]]:
    guarded = [(route, method) for route, method in _routes(app) if route.path not in PUBLIC]
    return sorted(guarded, key=lambda each: each[0].path == "/sign-out")


def _ask(hall: Hall, browser: TestClient, route: APIRoute, method: str) -> int:
    body = (
        {"json": {"note": "父が転んだ。"}}
        if route.path.startswith("/api/")
        else {"data": {"x": "y"}}
    )
    sent = body if method == "POST" else {}
    answer = browser.request(
        method,
        _fill(hall, route.path),
        headers={"Origin": ORIGIN},
        **sent,  # type: ignore[arg-type]  # one of two keywords
    )
    return answer.status_code


def _fill(hall: Hall, path: str) -> str:
    service = hall.desk.knowledge.services[0].id
    target = person_now(hall.engine, "target").id
    return path.replace("{person_id}", target).replace("{service_id}", service)
