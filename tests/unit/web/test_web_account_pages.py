"""Set-up, signing in and out, the own account: as a browser without JavaScript does it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.accounts.first_admin import set_up_due
from service.accounts.people import invite
from service.settings import Settings
from service.store import accounts
from service.store.engine import writing
from service.triage.triage import Desk
from service.web.set_up import TRIES
from tests.fixtures.accounts_world import OTHER_PASSWORD, PASSWORD, RULES, person_now, recorded
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import CODE, HOST, SETTINGS, Hall, error_on, headings, sign_in

SET_UP = {
    "code": CODE,
    "login": "hanako",
    "display_name": "花子",
    "password": PASSWORD,
    "again": PASSWORD,
}
COOKIE = "__Host-tsunagi_session"


def test_the_first_admin_is_made_with_the_code_and_is_in(hall: Hall) -> None:
    browser = hall.browser()
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.get("/sign-in").headers["location"] == "/set-up"
    assert headings([browser.get("/set-up").text]) == ["はじめの設定"]
    # As people type it: small letters, spaces, no hyphens.
    typed = CODE.lower().replace("-", " ")
    answer = browser.post("/set-up", data={**SET_UP, "code": typed})
    assert answer.headers["location"] == "/"
    page = browser.get("/").text
    assert "花子" in page
    assert "/accounts" in page
    assert "お試し" not in page
    # It is over for good.
    assert browser.get("/set-up").headers["location"] == "/sign-in"
    again = hall.browser().post("/set-up", data={**SET_UP, "login": "evil"})
    assert again.headers["location"] == "/sign-in"
    assert [e.action for e in recorded(hall.engine, "person.add")] == ["person.add"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"code": "ABCDE-FGHJK-LMNPQ-RSTUW"}, "設定コードが違います"),
        ({"code": ""}, "設定コードが違います"),
        ({"code": "設定" * 1_000}, "設定コードが違います"),
        ({"again": PASSWORD + "x"}, "2つのパスワードが違います"),
        ({"password": "short", "again": "short"}, "12文字"),
        ({"login": ""}, "ログイン名"),
        ({"display_name": "花\n子"}, "表示名"),
    ],
)
def test_a_set_up_that_does_not_fit_makes_nobody(
    light_hall: Hall, changed: dict[str, str], words: str
) -> None:
    answer = light_hall.browser().post("/set-up", data={**SET_UP, **changed})
    assert words in error_on(answer.text)
    assert answer.status_code in (403, 422)
    assert PASSWORD not in answer.text
    assert CODE not in answer.text
    assert set_up_due(light_hall.engine)


def test_the_code_cannot_be_guessed_for_long(light_hall: Hall) -> None:
    browser = light_hall.browser()
    for _ in range(TRIES):
        browser.post("/set-up", data={**SET_UP, "code": "WRONG"})
    refused = browser.post("/set-up", data=SET_UP)
    assert refused.status_code == 429
    light_hall.later = timedelta(minutes=16)
    assert browser.post("/set-up", data=SET_UP).is_redirect


def test_without_a_code_the_page_lets_nobody_in(small_desk: Desk, engine: Engine) -> None:
    from service.app import create_app

    app = create_app(small_desk, settings=SETTINGS, engine=engine, rules=RULES)
    browser = TestClient(app, f"https://{HOST}", headers={"Origin": f"https://{HOST}"})
    assert browser.post("/set-up", data={**SET_UP, "code": ""}).status_code == 403
    assert set_up_due(engine)


def test_signing_in_leads_to_the_page_that_was_wanted_and_out_again(hall: Hall) -> None:
    hall.register("hanako", "staff")
    browser = hall.browser()
    asked = browser.get("/account?done=password")
    assert asked.headers["location"] == "/sign-in?next=/account%3Fdone%3Dpassword"
    page = browser.get(asked.headers["location"]).text
    assert 'name="next" value="/account?done=password"' in page
    assert sign_in(browser, " Ｈanako", next="/account?done=password") == "/account?done=password"
    assert browser.get("/account").status_code == 200
    # Somebody who is in needs no such page.
    assert browser.get("/sign-in?next=/account").headers["location"] == "/account"
    token = browser.cookies[COOKIE]
    out = browser.post("/sign-out")
    assert out.headers["location"] == "/sign-in?out=1"
    assert "ログアウトしました" in browser.get("/sign-in?out=1").text
    # Over on the server, not only in the browser.
    browser.cookies.set(COOKIE, token)
    assert browser.get("/account").headers["location"].startswith("/sign-in")


def test_the_cookie_is_for_this_desk_and_no_script(light_hall: Hall) -> None:
    light_hall.register("hanako", "staff")
    answer = light_hall.browser().post("/sign-in", data={"login": "hanako", "password": PASSWORD})
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == COOKIE
    kept = set(rest.lower().split("; ")[1:])
    assert kept == {"httponly", "path=/", "samesite=lax", "secure"}


def test_on_a_network_without_https_the_cookie_is_plain_and_said_so(light_hall: Hall) -> None:
    light_hall.register("hanako", "staff")
    plain = SETTINGS.model_copy(update={"secure_cookie": False})
    hall = Hall(light_hall.desk, light_hall.engine, plain)
    browser = hall.browser()
    answer = browser.post("/sign-in", data={"login": "hanako", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith("tsunagi_session=")
    assert "secure" not in answer.headers["set-cookie"].lower()
    warned = light_hall.browser().get(f"http://{HOST}/sign-in").text
    assert "TSUNAGI_SECURE_COOKIE" in warned
    for quiet in (browser, light_hall.browser()):
        assert "TSUNAGI_SECURE_COOKIE" not in quiet.get("/sign-in").text


def test_a_wrong_password_says_the_same_as_an_unknown_login(light_hall: Hall) -> None:
    light_hall.register("hanako", "staff")
    browser = light_hall.browser()
    pages = []
    for login in ("hanako", "nobody"):
        answer = browser.post("/sign-in", data={"login": login, "password": "wrong"})
        assert answer.status_code == 401
        assert "wrong" not in answer.text
        pages.append(re.sub(login, "LOGIN", answer.text))
    assert pages[0] == pages[1]


def test_too_many_tries_are_told_when_to_come_back(light_hall: Hall) -> None:
    hall = light_hall
    browser = hall.browser()
    for _ in range(RULES.client_tries):
        browser.post("/sign-in", data={"login": "nobody", "password": "wrong"})
    answer = browser.post("/sign-in", data={"login": "nobody", "password": "wrong"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "分ほど待って" in error_on(answer.text)


def test_a_one_time_password_must_be_changed_before_anything_else(hall: Hall) -> None:
    hall.register("admin", "admin")
    invited = invite(hall.engine, "command", "jiro", "次郎", hall.now, RULES, (TOWN.code, "staff"))
    browser = hall.browser()
    way = sign_in(browser, "jiro", invited.one_time_password, next="/account")
    assert way == "/account/password"
    for path in ("/", "/account", "/accounts"):
        assert browser.get(path).headers["location"] == "/account/password"
    assert browser.post("/api/triage", json={"note": "x"}).json()["code"] == "must_change_password"
    page = browser.get("/account/password").text
    assert "一度限り" in page
    assert 'href="/accounts"' not in page
    wrong = browser.post("/account/password", data={"old": "x", "new": PASSWORD, "again": PASSWORD})
    assert "いまのパスワード" in error_on(wrong.text)
    new = {"old": invited.one_time_password, "new": PASSWORD, "again": PASSWORD}
    assert browser.post("/account/password", data=new).headers["location"] == "/"
    assert browser.get("/").status_code == 200


def test_somebody_with_a_one_time_password_can_still_leave(light_hall: Hall) -> None:
    invited = invite(
        light_hall.engine, "command", "jiro", "次郎", light_hall.now, RULES, (TOWN.code, "staff")
    )
    browser = light_hall.browser()
    sign_in(browser, "jiro", invited.one_time_password)
    assert browser.post("/sign-out").headers["location"] == "/sign-in?out=1"


def test_changing_the_password_ends_the_other_sessions_and_renews_this_one(hall: Hall) -> None:
    hall.register("hanako", "staff")
    here, elsewhere = hall.signed_in("hanako"), hall.signed_in("hanako")
    before = here.cookies[COOKIE]
    new = {"old": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    answer = here.post("/account/password", data=new)
    assert answer.headers["location"] == "/account?done=password"
    assert "パスワードを変えました" in here.get("/account?done=password").text
    assert elsewhere.get("/account").is_redirect
    here.cookies.clear()
    here.cookies.set(COOKIE, before)
    assert here.get("/account").is_redirect
    assert sign_in(hall.browser(), "hanako", OTHER_PASSWORD) == "/"


def test_who_has_no_password_is_not_offered_to_change_it(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    assert "/account/password" in browser.get("/account").text
    with writing(light_hall.engine) as conn:
        # What tying the account to a provider does.
        accounts.drop_password(conn, person_now(light_hall.engine, "hanako").id)
    page = browser.get("/account").text
    assert "外部のアカウントでログインしています" in page
    assert "パスワードを変え" not in page
    assert "/account/password" not in page
    new = {"old": "", "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    for answer in (browser.get("/account/password"), browser.post("/account/password", data=new)):
        assert answer.headers["location"] == "/account"
    # Nobody guessed: nothing that would lead to a lock.
    assert recorded(light_hall.engine, "password.") == ()


def test_two_different_new_passwords_change_nothing(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    new = {"old": PASSWORD, "new": OTHER_PASSWORD, "again": OTHER_PASSWORD + "x"}
    answer = browser.post("/account/password", data=new)
    assert answer.status_code == 422
    assert OTHER_PASSWORD not in answer.text
    assert sign_in(light_hall.browser(), "hanako") == "/"


def test_a_session_left_open_elsewhere_can_be_ended_and_only_ones_own(hall: Hall) -> None:
    hall.register("hanako", "staff")
    hall.register("taro", "staff")
    here, elsewhere, stranger = map(hall.signed_in, ("hanako", "hanako", "taro"))
    page = here.get("/account").text
    others = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    assert len(others) == 1
    tried = stranger.post("/account/sessions/end", data={"session": others[0]})
    assert tried.headers["location"] == "/account?done=session_over"
    assert elsewhere.get("/account").status_code == 200
    ended = here.post("/account/sessions/end", data={"session": others[0]})
    assert ended.headers["location"] == "/account?done=session"
    assert elsewhere.get("/account").is_redirect


def test_the_words_of_a_page_come_from_the_desk_and_not_from_the_address(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "admin")
    for path in ("/account", "/accounts"):
        assert "evil" not in browser.get(f"{path}?done=evil").text


def test_a_session_ends_unused_and_in_any_case(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    light_hall.later = RULES.idle - timedelta(seconds=1)
    assert browser.get("/").status_code == 200
    light_hall.later += RULES.idle
    assert browser.get("/").is_redirect


def test_a_note_is_not_lost_when_the_session_has_ended(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    light_hall.later = RULES.lifetime
    page = browser.post("/", data={"note": "父が<転んだ>。"})
    assert page.status_code == 401
    assert "父が&lt;転んだ&gt;。</textarea>" in page.text
    assert "ログインの期限が切れました" in page.text
    piece = browser.post("/", data={"note": "父が転んだ。"}, headers={"HX-Request": "true"})
    assert piece.status_code == 401
    assert "<html" not in piece.text
    assert "ログインの期限が切れました" in piece.text
    other = browser.post("/account/sessions/end", data={"session": "x"})
    assert other.status_code == 401
    assert "再送信" in other.text
    assert browser.post("/sign-out").headers["location"] == "/sign-in"


def test_the_answer_to_a_program_is_json_even_when_signed_out(light_hall: Hall) -> None:
    answer = light_hall.browser().post("/api/triage", json={"note": "x"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_signed_in"
    assert "WWW-Authenticate" in answer.headers


def test_somebody_without_a_role_can_see_the_own_account_and_is_told(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako")
    assert browser.get("/").status_code == 403
    assert "役割" in error_on(browser.get("/").text)
    assert browser.get("/account").status_code == 200


def test_a_refused_page_is_in_the_audit(hall: Hall) -> None:
    browser = hall.come_in("hanako", "staff")
    browser.get("/accounts")
    (entry,) = recorded(hall.engine, "access.refuse")
    assert (entry.outcome, entry.detail) == ("denied", '{"right":"accounts.list"}')


def test_settings_that_open_a_town_to_any_name_do_not_exist() -> None:
    with pytest.raises(ValueError, match="allowed_hosts"):
        Settings(mode="town", allowed_hosts=("*",))
