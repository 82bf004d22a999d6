"""Signing in through a real provider process: who gets in, as whom, and who does not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from service.accounts import oidc
from service.accounts.oidc_rules import OidcRefused
from service.accounts.oidc_trip import open_trip
from service.accounts.people import reset_password
from service.accounts.refusals import TooManyTries
from service.accounts.sign_in import SignedIn, SignInRefused, find_viewer, sign_in
from service.store import accounts
from service.store.engine import writing
from tests.fixtures.oidc_desk import LOGIN, ONE_TIME, RULES, OidcDesk, oidc_desk
from tests.fixtures.oidc_running import HANAKO, Running, provider


@pytest.fixture(scope="module")
def idp() -> Iterator[Running]:
    """The provider."""
    with provider() as running:
        yield running


@pytest.fixture
def desk(engine: Engine, idp: Running) -> OidcDesk:
    """A desk that trusts the provider; Hanako signs in there next."""
    return oidc_desk(engine, idp)


def test_an_invited_person_signs_in_and_stays_the_same_person(desk: OidcDesk) -> None:
    hanako = desk.invite()
    arrival = desk.sign_in()
    assert arrival.signed_in.viewer.person_id == hanako.id
    assert not arrival.signed_in.viewer.must_change_password
    viewer = find_viewer(desk.engine, arrival.signed_in.token, desk.now, RULES)
    assert viewer is not None
    assert viewer.login == LOGIN
    # The second time the identity alone decides: she has married and has another address.
    desk.idp.control(user={**HANAKO, "email": "hanako.suzuki@town.example"})
    assert desk.sign_in().signed_in.viewer.person_id == hanako.id


def test_every_sign_in_gets_a_session_of_its_own(desk: OidcDesk) -> None:
    desk.invite()
    first, second = desk.sign_in().signed_in, desk.sign_in().signed_in
    assert first.token != second.token
    assert desk.sessions_of(first.viewer.person_id) == 2


def test_the_page_that_was_wanted_is_remembered(desk: OidcDesk) -> None:
    desk.invite()
    departure = desk.leave("/account?from=desk")
    arrival = desk.come_back(desk.visit(departure), departure.sealed_trip)
    assert arrival.next == "/account?from=desk"


def test_tying_ends_the_one_time_password_and_is_recorded(desk: OidcDesk) -> None:
    hanako = desk.invite()
    desk.sign_in()
    assert desk.person(hanako.id).oidc_subject == f"{desk.rules.issuer}#1001"
    assert not desk.person(hanako.id).has_password
    assert desk.recorded() == [
        (hanako.id, "person.change", "ok", '{"field":"oidc_subject"}'),
        (hanako.id, "session.open", "ok", '{"how":"oidc"}'),
    ]
    with pytest.raises(SignInRefused):
        sign_in(desk.engine, LOGIN, ONE_TIME, "192.0.2.1", "tests", desk.now, RULES)


def test_whoever_came_in_with_the_one_time_password_is_out_once_the_account_is_tied(
    desk: OidcDesk,
) -> None:
    """The finder of the slip waits at "change your password"; tying would open the desk to them."""
    desk.invite()
    finder = sign_in(desk.engine, LOGIN, ONE_TIME, "192.0.2.9", "tests", desk.now, RULES)
    assert finder.viewer.must_change_password
    desk.sign_in()
    assert find_viewer(desk.engine, finder.token, desk.now, RULES) is None


def test_who_is_untied_on_the_way_back_does_not_come_in(
    desk: OidcDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanako = desk.invite()
    desk.sign_in()
    real = oidc.open_for

    def meanwhile(*arguments: Any) -> SignedIn:
        reset_password(desk.engine, "command", hanako.id, desk.now, RULES)
        return real(*arguments)

    monkeypatch.setattr(oidc, "open_for", meanwhile)
    with pytest.raises(SignInRefused):
        desk.sign_in()
    assert desk.sessions_of(hanako.id) == 0
    assert desk.recorded()[-1][3] == '{"reason":"unknown"}'


def test_a_wrong_password_elsewhere_does_not_lock_the_provider_out(desk: OidcDesk) -> None:
    hanako = desk.invite()
    for _ in range(RULES.tries + 1):
        with pytest.raises(SignInRefused):
            sign_in(desk.engine, LOGIN, "wrong wrong", "192.0.2.9", "tests", desk.now, RULES)
    assert desk.person(hanako.id).locked_until is not None
    assert desk.sign_in().signed_in.viewer.person_id == hanako.id


def test_nobody_comes_in_uninvited(desk: OidcDesk) -> None:
    with pytest.raises(OidcRefused, match=f"{LOGIN}.*招待"):
        desk.sign_in()
    assert desk.recorded() == [
        ("anonymous", "session.refuse", "denied", '{"how":"oidc","reason":"uninvited"}')
    ]


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_ties_nothing(desk: OidcDesk, verified: object) -> None:
    hanako = desk.invite()
    desk.idp.control(user={**HANAKO, "email_verified": verified})
    with pytest.raises(OidcRefused, match="確認済み"):
        desk.sign_in()
    assert desk.person(hanako.id).oidc_subject is None


def test_a_user_name_ties_nothing_unless_the_setting_says_so(engine: Engine, idp: Running) -> None:
    desk = oidc_desk(engine, idp)
    hanako = desk.invite("hanako")
    claims = {"sub": "1001", "preferred_username": "Hanako"}
    desk.idp.control(user=claims)
    with pytest.raises(OidcRefused, match="確認済み"):
        desk.sign_in()
    desk = oidc_desk(engine, idp, login_claim="preferred_username")
    desk.idp.control(user=claims)
    assert desk.sign_in().signed_in.viewer.person_id == hanako.id


@pytest.mark.parametrize(
    "lookalike", ["hana\N{KELVIN SIGN}o@town.example", "ｈａｎａｋｏ@town.example"]
)
def test_letters_that_look_alike_are_not_the_invited_login(desk: OidcDesk, lookalike: str) -> None:
    hanako = desk.invite()
    desk.idp.control(user={**HANAKO, "sub": "666", "email": lookalike})
    with pytest.raises(OidcRefused, match="確認済み"):
        desk.sign_in()
    assert desk.person(hanako.id).oidc_subject is None


def test_a_disabled_person_stays_out(desk: OidcDesk) -> None:
    hanako = desk.invite()
    desk.sign_in()
    with writing(desk.engine) as conn:
        accounts.disable_person(conn, hanako.id, desk.now)
    with pytest.raises(OidcRefused, match="停止"):
        desk.sign_in()
    assert desk.recorded()[-1] == (
        hanako.id, "session.refuse", "denied", '{"how":"oidc","reason":"disabled"}'
    )  # fmt: skip


def test_a_disabled_person_who_never_came_is_not_tied(desk: OidcDesk) -> None:
    hanako = desk.invite()
    with writing(desk.engine) as conn:
        accounts.disable_person(conn, hanako.id, desk.now)
    with pytest.raises(OidcRefused, match="停止"):
        desk.sign_in()
    assert desk.person(hanako.id).oidc_subject is None


def test_an_account_with_its_own_password_is_not_taken_over(desk: OidcDesk) -> None:
    hanako = desk.invite()
    with writing(desk.engine) as conn:
        accounts.set_password(conn, hanako.id, "a hash of her own", desk.now)
    with pytest.raises(OidcRefused, match="パスワードの再発行"):
        desk.sign_in()
    assert desk.person(hanako.id).oidc_subject is None


def test_another_identity_with_the_same_address_is_not_the_same_person(desk: OidcDesk) -> None:
    """Hanako has left; the new Hanako has got her address, and a new subject."""
    hanako = desk.invite()
    desk.sign_in()
    desk.idp.control(user={**HANAKO, "sub": "2002"})
    with pytest.raises(OidcRefused, match="別の利用者"):
        desk.sign_in()
    assert desk.sessions_of(hanako.id) == 1
    # Unless an admin says so, by inviting anew: then the old identity is out.
    reset_password(desk.engine, "command", hanako.id, desk.now, RULES)
    assert desk.sign_in().signed_in.viewer.person_id == hanako.id
    desk.idp.control(user=HANAKO)
    with pytest.raises(OidcRefused, match="別の利用者"):
        desk.sign_in()


def test_one_subject_is_one_person_whatever_the_address_says(desk: OidcDesk) -> None:
    hanako, taro = desk.invite(), desk.invite("taro@town.example")
    desk.sign_in()
    desk.idp.control(user={**HANAKO, "email": taro.login})
    assert desk.sign_in().signed_in.viewer.person_id == hanako.id
    assert desk.person(taro.id).oidc_subject is None
    assert desk.sessions_of(taro.id) == 0


def test_two_browsers_at_once_tie_the_account_once(desk: OidcDesk) -> None:
    hanako = desk.invite()
    trips = [desk.leave() for _ in range(4)]
    answers = [desk.visit(trip) for trip in trips]
    with ThreadPoolExecutor(4) as pool:
        cookies = [trip.sealed_trip for trip in trips]
        arrivals = list(pool.map(desk.come_back, answers, cookies))
    assert {arrival.signed_in.viewer.person_id for arrival in arrivals} == {hanako.id}
    tied = [row for row in desk.recorded() if row[1] == "person.change"]
    assert len(tied) == 1


def test_a_trip_is_good_for_one_return(desk: OidcDesk) -> None:
    desk.invite()
    departure = desk.leave()
    answer = desk.visit(departure)
    desk.come_back(answer, departure.sealed_trip)
    asked = desk.idp.asked()["token"]
    # Also later, when another window of the counters has begun.
    for later in (0, 9):
        desk.later = timedelta(minutes=later)
        with pytest.raises(OidcRefused, match="途切れました"):
            desk.come_back(answer, departure.sealed_trip)
    assert desk.idp.asked()["token"] == asked


def test_a_client_that_comes_back_too_often_must_wait(desk: OidcDesk) -> None:
    desk.invite()
    for _ in range(RULES.client_tries):
        departure = desk.leave()
        state = open_trip(departure.sealed_trip, desk.rules, desk.now).state
        answer = replace(desk.visit(desk.leave()), state=state, code=None)
        with pytest.raises(OidcRefused):
            desk.come_back(answer, departure.sealed_trip)
    departure = desk.leave()
    with pytest.raises(TooManyTries):
        desk.come_back(desk.visit(departure), departure.sealed_trip)
    # Another client is not held up.
    departure = desk.leave()
    assert desk.come_back(desk.visit(departure), departure.sealed_trip, "198.51.100.7")
