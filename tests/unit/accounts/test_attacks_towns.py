"""Reaching into another town: by id, by a field of a form, by a role held elsewhere.

Each attack is tried, then tried again without its defence, and must then succeed: that is the
proof that the first try looked at the right thing.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from service.accounts import own_sessions, people
from service.store import accounts, grants, sessions
from service.store.engine import reading, writing
from service.store.towns import Town, find_town
from service.web import people_seen, rights_dependency, town_of
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR
from tests.fixtures.attacked import OWN_PAGE, Attacked, NewDesk, routes_of

HERE = "000000"


def post(world: Attacked, who: str, path: str, **form: str) -> bool:
    """Send a form as this person; tell whether anything in the store has changed."""
    browser = world.enter(who)
    before = world.stored()
    browser.post(path.format(**world.people), data=form, headers=OWN_PAGE)
    return world.stored() != before


# An admin of a town in another prefecture, at this town's desk.


def told_of_here(world: Attacked, who: str) -> set[str]:
    """Return the pages on which the person, asking for this town, is told anything of it."""
    browser = world.enter(who)
    browser.cookies.set(town_of.NAME, HERE)
    desk = f"{world.app.state.world.town.name} 一次相談窓口"
    answers = {path: browser.get(path) for path in routes_of(world, "GET")}
    return {
        path
        for path, answer in answers.items()
        if answer.status_code == 200 and (desk in answer.text or "hanako さん" in answer.text)
    }


def let_in_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the two places that look at the rights before a route begins."""
    monkeypatch.setattr(town_of, "allowed", lambda *_: True)
    monkeypatch.setattr(rights_dependency, "allowed", lambda *_: True)


def test_a_role_elsewhere_opens_nothing_here(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told_of_here(new_desk(), "far-boss") == set()
    let_in_everywhere(monkeypatch)
    assert {"/", "/records", "/releases"} < told_of_here(new_desk(), "far-boss")


def test_a_role_elsewhere_has_no_note_read_here(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(world: Attacked) -> int:
        browser = world.enter("far-boss")
        browser.cookies.set(town_of.NAME, HERE)
        answer = browser.post("/api/triage", json={"note": "母84が同じ話をくり返す。"})
        assert ("desk.triage" in world.recorded()) == (answer.status_code == 200)
        return answer.status_code

    # The person's own town has no desk yet; another's does not answer in its place.
    assert ask(new_desk()) == 503
    let_in_everywhere(monkeypatch)
    assert ask(new_desk()) == 200


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (
            "/accounts",
            {"login": "evil", "display_name": "だれか", "role": "admin", "town": HERE},
        ),
        ("/roles", {"login": "far-boss", "role": "admin", "town": HERE}),
        ("/accounts/{hanako}/disable", {}),
        ("/accounts/{hanako}/reset-password", {}),
        ("/accounts/{far-boss}/roles/give", {"role": "admin", "town": HERE}),
    ],
)
def test_a_role_elsewhere_changes_nothing_here(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str]
) -> None:
    assert not post(new_desk(), "far-boss", path, **form)
    let_in_everywhere(monkeypatch)
    # The right at this desk is asked for first, the right over the person after it.
    assert not post(new_desk(), "far-boss", path, **form)
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    monkeypatch.setattr(people_seen, "allowed_over", lambda *_: True)
    assert post(new_desk(), "far-boss", path, **form)


# This town's admin, and the people of another town.


def test_the_admin_here_does_not_see_people_of_another_town(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sees(world: Attacked) -> bool:
        browser = world.enter("boss")
        assert "far さん" not in browser.get("/accounts").text or removed
        answer = browser.get(f"/accounts/{world.people['far']}")
        return answer.status_code == 200 and "far さん" in answer.text

    removed = False
    assert not sees(new_desk())
    removed = True
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    assert sees(new_desk())


def test_whether_an_id_exists_elsewhere_is_not_told(new_desk: NewDesk) -> None:
    world = new_desk()
    browser = world.enter("boss")
    ids = (world.people["far"], str(uuid4()), "1", "x" * 300)
    answers = [browser.get(f"/accounts/{person_id}") for person_id in ids]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


FAR_ACTIONS = {
    "/accounts/{far}/disable": {},
    "/accounts/{far}/reset-password": {},
    "/accounts/{far}/end-sessions": {},
    "/accounts/{far}/roles/give": {"role": "staff", "town": HERE},
    "/accounts/{far}/roles/take": {"role": "staff", "town": FAR_TOWN.code},
}


@pytest.mark.parametrize("path", FAR_ACTIONS)
def test_the_admin_here_does_not_change_people_of_another_town(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def attack() -> bool:
        world = new_desk()
        world.enter("far", "192.0.2.77")
        return post(world, "boss", path, **FAR_ACTIONS[path])

    assert not attack()
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    monkeypatch.setattr(people_seen, "allowed_over", lambda *_: True)
    assert attack()


@pytest.mark.parametrize("what", ["disable", "reset-password", "end-sessions"])
def test_who_works_in_two_towns_is_not_one_admins_to_close(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def attack() -> bool:
        world = new_desk()
        world.enter("both", "192.0.2.77")
        return post(world, "boss", f"/accounts/{{both}}/{what}")

    assert not attack()
    monkeypatch.setattr(people_seen, "allowed_over", lambda *_: True)
    assert attack()


@pytest.mark.parametrize("town", [FAR_TOWN.code, NEIGHBOUR.code])
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts", {"login": "evil", "display_name": "だれか"}),
        ("/roles", {"login": "boss"}),
        ("/accounts/{hanako}/roles/give", {}),
        ("/accounts/{boss}/roles/give", {}),
    ],
)
def test_a_field_of_a_form_does_not_name_another_town(
    new_desk: NewDesk,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    form: dict[str, str],
    town: str,
) -> None:
    wanted = {**form, "role": "admin", "town": town}
    assert not post(new_desk(), "boss", path, **wanted)
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    assert post(new_desk(), "boss", path, **wanted)


def test_a_role_in_another_town_is_not_taken_away_here(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, form = "/accounts/{both}/roles/take", {"role": "staff", "town": FAR_TOWN.code}
    assert not post(new_desk(), "boss", path, **form)
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    assert post(new_desk(), "boss", path, **form)


def test_a_towns_admin_cannot_reach_over_the_prefecture(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role that counts in every town of the prefecture is not a town's to give."""
    paths = {
        "/accounts": {"login": "evil", "display_name": "だれか", "role": "prefecture"},
        "/accounts/{boss}/roles/give": {"role": "prefecture"},
        "/roles": {"login": "boss", "role": "prefecture"},
    }
    for path, form in paths.items():
        assert not post(new_desk(), "boss", path, **form)

    def any_prefecture(conn: Connection, code: str) -> Town | None:
        town = find_town(conn, code)
        return replace(town, kind="prefecture") if town else None

    monkeypatch.setattr(people, "find_town", any_prefecture)
    for path, form in paths.items():
        assert post(new_desk(), "boss", path, **form)


# Between people of one town.


def end_of_another(world: Attacked) -> bool:
    """End the admin's session by the hash of its token, as if it were Hanako's own."""
    world.enter("boss", "192.0.2.77")
    with reading(world.engine) as conn:
        token_hash = conn.execute(text("SELECT token_hash FROM sessions")).scalar_one()
    return post(world, "hanako", "/account/sessions/end", session=str(token_hash))


def test_another_persons_session_is_not_ended(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not end_of_another(new_desk())

    def everybodys(conn: Connection, *_: object) -> tuple[sessions.Session, ...]:
        found = conn.execute(text("SELECT * FROM sessions"))
        return tuple(sessions._session(row) for row in found)

    monkeypatch.setattr(own_sessions.sessions, "live_sessions", everybodys)
    assert end_of_another(new_desk())


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts", {"login": "evil", "display_name": "だれか", "role": "admin"}),
        ("/accounts/{hanako}/roles/give", {"role": "admin"}),
        ("/roles", {"login": "hanako", "role": "admin"}),
        ("/accounts/{boss}/reset-password", {}),
        ("/accounts/{boss}/end-sessions", {}),
    ],
)
def test_a_member_of_staff_does_not_become_an_admin(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str]
) -> None:
    def attack() -> bool:
        world = new_desk()
        world.enter("boss", "192.0.2.77")
        return post(world, "hanako", path, **form)

    assert not attack()
    monkeypatch.setattr(rights_dependency, "allowed", lambda *_: True)
    monkeypatch.setattr(people_seen, "allowed", lambda *_: True)
    monkeypatch.setattr(people_seen, "allowed_over", lambda *_: True)
    assert attack()


def test_a_role_that_is_taken_away_ends_at_once(new_desk: NewDesk) -> None:
    world = new_desk()
    browser = world.enter("hanako")
    assert browser.get("/").status_code == 200
    with writing(world.engine) as conn:
        assert grants.take(conn, world.people["hanako"], HERE, "staff")
    assert browser.get("/").status_code == 403


def test_a_one_time_password_opens_nothing_but_its_change(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds the slip of paper reads no notes with it before the owner notices."""

    def opened(world: Attacked) -> set[str]:
        browser = world.enter("hanako")
        with writing(world.engine) as conn:
            hashed = accounts.password_hash_of(conn, world.people["hanako"])
            accounts.set_password(
                conn, world.people["hanako"], str(hashed), world.now, must_change=True
            )
        return {path for path in routes_of(world, "GET") if browser.get(path).status_code == 200}

    assert opened(new_desk()) == {"/account/password", "/healthz"}
    monkeypatch.setattr(accounts, "set_password", lambda *_, **__: None)
    assert {"/", "/account"} <= opened(new_desk())
