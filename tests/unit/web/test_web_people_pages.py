"""The admin's pages: inviting, roles, stopping an account; and what an admin cannot reach."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from service.store import grants
from service.store.accounts import Person
from service.store.engine import reading, writing
from service.store.grants import Role
from tests.fixtures.accounts_world import (
    FAR_TOWN,
    NEIGHBOUR,
    PASSWORD,
    RULES,
    add_more_towns,
    person_now,
    recorded,
)
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN
from tests.fixtures.web_world import Hall, error_on, sign_in

INVITED = {"login": "jiro", "display_name": "次郎", "role": "staff"}


@pytest.fixture
def admin(hall: Hall) -> TestClient:
    add_more_towns(hall.engine)
    return hall.come_in("hanako", "admin")


def test_an_invited_colleague_gets_a_password_that_is_shown_once(
    hall: Hall, admin: TestClient
) -> None:
    page = admin.post("/accounts", data=INVITED)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    password = _one_time(page.text)
    person = person_now(hall.engine, "jiro")
    for path in ("/accounts", f"/accounts/{person.id}"):
        assert password not in admin.get(path).text
    # Sent again by the browser's reload, it makes nobody and shows nothing.
    again = admin.post("/accounts", data=INVITED)
    assert again.status_code == 409
    assert password not in again.text
    assert sign_in(hall.browser(), "jiro", password) == "/account/password"
    assert not [e for e in recorded(hall.engine) if password in e.detail]


def test_an_admin_sees_until_when_a_one_time_password_is_good_and_when_it_is_not(
    hall: Hall, admin: TestClient
) -> None:
    page = admin.post("/accounts", data=INVITED)
    assert "14日のうち" in page.text
    password = _one_time(page.text)
    path = f"/accounts/{person_now(hall.engine, 'jiro').id}"
    until = (hall.now + RULES.one_time).astimezone()
    assert f"初回のパスワード変更待ち（{until:%Y-%m-%d %H:%M}まで）" in admin.get(path).text
    hall.later = RULES.one_time
    admin = hall.signed_in("hanako")
    assert "一度限りのパスワードの期限切れ" in admin.get("/accounts").text
    assert "期限が切れました。使うには再発行してください" in admin.get(path).text
    wrong = sign_in(hall.browser(), "jiro", "x")
    assert sign_in(hall.browser(), "jiro", password) == wrong
    again = _one_time(admin.post(f"{path}/reset-password").text)
    assert sign_in(hall.browser(), "jiro", again) == "/account/password"


def test_who_looked_at_whom_is_recorded(hall: Hall, admin: TestClient) -> None:
    jiro = hall.register("jiro", "staff")
    me = person_now(hall.engine, "hanako")
    admin.get("/accounts")
    admin.get(f"/accounts/{jiro.id}")
    # An answer to a mistake shows the list as well.
    admin.post("/roles", data={"login": "nobody", "role": "staff"})
    assert [(e.actor, e.action, e.subject_id, e.detail) for e in recorded(hall.engine)] == [
        (me.id, "session.open", me.id, '{"how":"oidc"}'),
        (me.id, "person.list", None, '{"count":2}'),
        (me.id, "person.see", jiro.id, "{}"),
        (me.id, "person.list", None, '{"count":2}'),
    ]
    assert {e.town_code for e in recorded(hall.engine, "person.")} == {TOWN.code}


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"login": ""}, 422), ({"display_name": "a\nb"}, 422), ({"role": "king"}, 422)],
)
def test_an_invitation_that_does_not_fit_keeps_what_was_typed(
    admin: TestClient, changed: dict[str, str], status: int
) -> None:
    page = admin.post("/accounts", data={**INVITED, **changed})
    assert page.status_code == status
    assert error_on(page.text)
    assert 'value="jiro"' in page.text or "login" in changed


def test_roles_are_given_and_taken(hall: Hall, admin: TestClient) -> None:
    jiro = hall.register("jiro", "staff")
    path = f"/accounts/{jiro.id}"
    given = admin.post(f"{path}/roles/give", data={"role": "trainer"})
    assert given.headers["location"] == f"{path}?done=role_given"
    assert _roles(hall, jiro) == [(TOWN.code, "staff"), (TOWN.code, "trainer")]
    held = admin.post(f"{path}/roles/give", data={"role": "trainer"})
    assert held.headers["location"].endswith("role_held")
    page = admin.get(given.headers["location"]).text
    assert "役割を与えました" in page
    taken = admin.post(f"{path}/roles/take", data={"role": "staff", "town": TOWN.code})
    assert taken.headers["location"] == "/accounts?done=role_taken"
    assert _roles(hall, jiro) == [(TOWN.code, "trainer")]


def test_somebody_known_elsewhere_gets_a_role_by_login(hall: Hall, admin: TestClient) -> None:
    jiro = hall.register("jiro", "staff", town=NEIGHBOUR)
    answer = admin.post("/roles", data={"login": "jiro", "role": "trainee"})
    assert answer.headers["location"] == f"/accounts/{jiro.id}?done=role_given"
    assert (TOWN.code, "trainee") in _roles(hall, jiro)
    unknown = admin.post("/roles", data={"login": "nobody", "role": "trainee"})
    assert unknown.status_code == 404
    assert "登録されていません" in error_on(unknown.text)


def test_a_stopped_account_is_out_at_once_and_can_come_back(hall: Hall, admin: TestClient) -> None:
    jiro = hall.register("jiro", "staff")
    browser = hall.signed_in("jiro")
    stopped = admin.post(f"/accounts/{jiro.id}/disable")
    assert stopped.headers["location"].endswith("disabled")
    assert browser.get("/").is_redirect
    assert "停止中" in admin.get(f"/accounts/{jiro.id}").text
    admin.post(f"/accounts/{jiro.id}/enable")
    assert sign_in(hall.browser(), "jiro") == "/"


def test_a_forgotten_password_is_replaced_and_sessions_are_ended(
    hall: Hall, admin: TestClient
) -> None:
    jiro = hall.register("jiro", "staff")
    browser = hall.signed_in("jiro")
    page = admin.post(f"/accounts/{jiro.id}/reset-password")
    assert browser.get("/").is_redirect
    assert sign_in(hall.browser(), "jiro", _one_time(page.text)) == "/account/password"
    other = hall.signed_in("jiro")
    admin.post(f"/accounts/{jiro.id}/end-sessions")
    assert other.get("/account/password").is_redirect


def test_an_admin_cannot_shut_out_themselves_or_the_last_admin(
    hall: Hall, admin: TestClient
) -> None:
    me = person_now(hall.engine, "hanako")
    for what in ("disable", "reset-password"):
        answer = admin.post(f"/accounts/{me.id}/{what}")
        assert answer.status_code == 422
        assert "自分の" in error_on(answer.text)
    last = admin.post(f"/accounts/{me.id}/roles/take", data={"role": "admin"})
    assert last.status_code == 409
    assert "最後の管理者" in error_on(last.text)
    hall.register("second", "admin")
    assert (
        admin.post(f"/accounts/{me.id}/roles/take", data={"role": "admin"}).headers["location"]
        == "/account"
    )
    assert admin.get("/accounts").status_code == 403


@pytest.mark.parametrize("town", [NEIGHBOUR, FAR_TOWN, PREFECTURE])
def test_people_of_other_towns_are_not_there_for_this_towns_admin(
    hall: Hall, admin: TestClient, town: object
) -> None:
    stranger = hall.register("stranger", "staff", town=town)  # type: ignore[arg-type]  # parametrized
    assert "stranger" not in admin.get("/accounts").text
    unknown = "/accounts/00000000-0000-0000-0000-000000000000"
    path = f"/accounts/{stranger.id}"
    # Exactly as for somebody who does not exist.
    assert _bare(admin.get(path).text, path) == _bare(admin.get(unknown).text, unknown)
    role = {"role": "staff", "town": TOWN.code}
    for what in ("disable", "enable", "reset-password", "end-sessions", "roles/give", "roles/take"):
        assert admin.post(f"{path}/{what}", data=role).status_code == 404, what
    before = (TOWN.code, "staff") in _roles(hall, stranger)
    assert not before
    denied = recorded(hall.engine, "access.refuse")
    assert {e.subject_id for e in denied} == {stranger.id}
    assert len(denied) == 7


def test_somebody_who_also_works_elsewhere_is_seen_but_not_in_one_towns_hands(
    hall: Hall, admin: TestClient
) -> None:
    both = hall.register("both", "staff")
    with writing(hall.engine) as conn:
        grants.give(conn, both.id, FAR_TOWN.code, "admin", NOW)
    path = f"/accounts/{both.id}"
    assert admin.get(path).status_code == 200
    for what in ("disable", "enable", "reset-password", "end-sessions"):
        answer = admin.post(f"{path}/{what}")
        assert answer.status_code == 403, what
        assert "ほかの自治体" in error_on(answer.text)
    # The other town's role is not this admin's to take, nor to give.
    for what, role in (("take", "admin"), ("give", "keeper")):
        data = {"role": role, "town": FAR_TOWN.code}
        assert admin.post(f"{path}/roles/{what}", data=data).status_code == 403
    assert _roles(hall, both) == [(FAR_TOWN.code, "admin"), (TOWN.code, "staff")]
    # What is this town's own can be taken away.
    assert admin.post(f"{path}/roles/take", data={"role": "staff"}).is_redirect
    assert sign_in(hall.browser(), "both", PASSWORD) == "/"


@pytest.mark.parametrize("town", [NEIGHBOUR.code, FAR_TOWN.code, PREFECTURE.code, "nowhere"])
def test_no_role_is_given_in_another_town(hall: Hall, admin: TestClient, town: str) -> None:
    me = person_now(hall.engine, "hanako")
    role = {"role": "admin", "town": town}
    assert admin.post("/accounts", data={**INVITED, **role}).status_code == 403
    assert admin.post("/roles", data={"login": "hanako", **role}).status_code == 403
    assert admin.post(f"/accounts/{me.id}/roles/give", data=role).status_code == 403
    assert _roles(hall, me) == [(TOWN.code, "admin")]
    assert len(recorded(hall.engine, "person.add")) == 0


def test_a_towns_admin_cannot_reach_over_the_prefecture(hall: Hall, admin: TestClient) -> None:
    me = person_now(hall.engine, "hanako")
    answer = admin.post(f"/accounts/{me.id}/roles/give", data={"role": "prefecture"})
    assert answer.status_code == 422
    assert 'value="prefecture"' not in admin.get("/accounts").text


def test_an_admin_of_two_towns_chooses_the_town(hall: Hall, admin: TestClient) -> None:
    me = person_now(hall.engine, "hanako")
    with writing(hall.engine) as conn:
        grants.give(conn, me.id, NEIGHBOUR.code, "admin", NOW)
    assert f'<option value="{NEIGHBOUR.code}">' in admin.get("/accounts").text
    page = admin.post("/accounts", data={**INVITED, "town": NEIGHBOUR.code})
    assert _one_time(page.text)
    jiro = person_now(hall.engine, "jiro")
    assert _roles(hall, jiro) == [(NEIGHBOUR.code, "staff")]
    assert admin.get(f"/accounts/{jiro.id}").status_code == 200


def test_a_name_that_is_markup_stays_text(hall: Hall, admin: TestClient) -> None:
    attack = {**INVITED, "login": "<b>x</b>", "display_name": '"><script>alert(1)</script>'}
    admin.post("/accounts", data=attack)
    for path in ("/accounts", f"/accounts/{person_now(hall.engine, '<b>x</b>').id}"):
        page = admin.get(path).text
        assert "<script>alert" not in page
        assert "<b>x" not in page


def _one_time(page: str) -> str:
    found = re.search(r'id="one-time-password">([^<]+)<', page)
    assert found, page
    return found[1]


def _roles(hall: Hall, person: Person) -> list[tuple[str, Role]]:
    with reading(hall.engine) as conn:
        return [(grant.town_code, grant.role) for grant in grants.grants_of(conn, person.id)]


def _bare(page: str, path: str) -> str:
    return page.replace(path, "")
