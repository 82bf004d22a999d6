"""Answers that are not the provider's, not for us, not for this browser, or not for now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from sqlalchemy import Engine

from service.accounts import oidc_token
from service.accounts.oidc_rules import OidcRefused
from service.accounts.oidc_trip import LIFETIME, open_trip, seal_trip
from tests.fixtures.oidc_desk import OidcDesk, oidc_desk, sqlite_store
from tests.fixtures.oidc_faults import CLAIM_FAULTS, SIGNERS
from tests.fixtures.oidc_running import Running, provider

# fault of the token → what the library says, and the claim it names
WHY: dict[str, tuple[type[Exception] | None, str]] = {
    "wrong_nonce": (InvalidClaimError, "nonce"),
    "no_nonce": (MissingClaimError, "nonce"),
    "wrong_audience": (InvalidClaimError, "aud"),
    "two_audiences": (MissingClaimError, "azp"),
    "wrong_azp": (InvalidClaimError, "azp"),
    "wrong_issuer": (InvalidClaimError, "iss"),
    "expired": (ExpiredTokenError, ""),
    "no_exp": (MissingClaimError, "exp"),
    "from_the_future": (InvalidClaimError, ""),
    "from_yesterday": (None, ""),
    "remembered": (None, ""),
    "odd_at_hash": (InvalidClaimError, "at_hash"),
    "odd_audience": (InvalidClaimError, ""),
    "odd_auth_time": (InvalidClaimError, "auth_time"),
    "wrong_at_hash": (InvalidClaimError, "at_hash"),
    "no_subject": (MissingClaimError, "sub"),
    "empty_subject": (InvalidClaimError, "sub"),
    "number_subject": (InvalidClaimError, ""),
    "alg_none": (UnsupportedAlgorithmError, "none"),
    "alg_hs256": (UnsupportedAlgorithmError, "HS256"),
    "foreign_key": (BadSignatureError, ""),
}


@pytest.fixture(scope="module")
def idp() -> Iterator[Running]:
    """The provider."""
    with provider() as running:
        yield running


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """SQLite alone: the store plays no part here."""
    with sqlite_store(tmp_path) as engine:
        yield engine


@pytest.fixture
def desk(engine: Engine, idp: Running) -> OidcDesk:
    """A desk that trusts the provider, and has invited the person who signs in there next."""
    desk = oidc_desk(engine, idp)
    desk.invite()
    return desk


def test_every_fault_of_the_provider_is_tried() -> None:
    assert set(WHY) == set(CLAIM_FAULTS) | set(SIGNERS)


@pytest.mark.parametrize("fault", WHY)
def test_a_token_with_a_fault_lets_nobody_in(desk: OidcDesk, fault: str) -> None:
    desk.idp.control(fault=fault)
    with pytest.raises(OidcRefused) as refused:
        desk.sign_in()
    kind, word = WHY[fault]
    if kind is None:
        assert refused.value.__cause__ is None
    else:
        assert type(refused.value.__cause__) is kind
        assert word in str(refused.value.__cause__)
    # Whatever was wrong, the person reads what to do, and nothing of the token.
    assert "もう一度" in str(refused.value)
    assert desk.recorded() == []


def test_the_provider_signs_in_with_no_fault(desk: OidcDesk) -> None:
    """So that the faults above, and nothing else, are what was refused."""
    assert desk.sign_in().signed_in.token


def test_hs256_with_the_public_key_is_refused_twice(
    desk: OidcDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without our list of algorithms, the key's own type still refuses."""
    monkeypatch.setattr(oidc_token, "ALGORITHMS", ("RS256", "HS256"))
    desk.idp.control(fault="alg_hs256")
    with pytest.raises(OidcRefused) as refused:
        desk.sign_in()
    assert not isinstance(refused.value.__cause__, UnsupportedAlgorithmError)


def test_the_clocks_may_differ_by_a_minute_and_no_more(desk: OidcDesk) -> None:
    desk.later = timedelta(seconds=-50)
    assert desk.sign_in().signed_in.token
    desk.later = timedelta(seconds=-70)
    with pytest.raises(OidcRefused):
        desk.sign_in()


# The browser that comes back.


def test_a_state_that_is_not_the_trips_is_refused_before_the_provider_is_asked(
    desk: OidcDesk,
) -> None:
    desk.idp.control(fault="wrong_state")
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.sign_in()
    assert "token" not in desk.idp.asked()


def test_an_attacker_cannot_sign_a_victim_in_as_himself(desk: OidcDesk) -> None:
    """Login CSRF: the attacker's code in a link, opened in the victim's browser."""
    attack = desk.visit(desk.leave())
    for cookie in (None, "", desk.leave().sealed_trip):
        with pytest.raises(OidcRefused, match="途切れました"):
            desk.come_back(attack, cookie)
    assert "token" not in desk.idp.asked()


def test_a_cookie_that_we_did_not_write_is_refused(desk: OidcDesk) -> None:
    departure = desk.leave()
    answer = desk.visit(departure)
    trip = open_trip(departure.sealed_trip, desk.rules, desk.now)
    forged = seal_trip(trip, replace(desk.rules, client_secret="guessed"))
    head, body, signature = departure.sealed_trip.split(".")
    for cookie in (
        forged,
        f"{head}.{body}.",
        f"{head}.{body}x.{signature}",
        # {"alg":"none"}
        f"eyJhbGciOiJub25lIn0.{body}.",
        "🍪",
        "x" * 5_000,
    ):
        with pytest.raises(OidcRefused, match="途切れました"):
            desk.come_back(answer, cookie)
    assert desk.come_back(answer, departure.sealed_trip)


@pytest.mark.parametrize("late", [LIFETIME + timedelta(seconds=1), timedelta(seconds=-5)])
def test_a_trip_lasts_ten_minutes(desk: OidcDesk, late: timedelta) -> None:
    departure = desk.leave()
    answer = desk.visit(departure)
    desk.later = late
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.come_back(answer, departure.sealed_trip)


def test_a_replayed_code_is_refused_by_the_provider(desk: OidcDesk) -> None:
    first = desk.leave()
    used = desk.visit(first)
    desk.come_back(used, first.sealed_trip)
    second = desk.leave()
    fresh = desk.visit(second)
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.come_back(replace(fresh, code=used.code), second.sealed_trip)


def test_a_stolen_code_is_worth_nothing_without_the_trips_verifier(desk: OidcDesk) -> None:
    """PKCE: the code of one browser, brought by another."""
    victim = desk.visit(desk.leave())
    attacker = desk.leave()
    own = desk.visit(attacker)
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.come_back(replace(own, code=victim.code), attacker.sealed_trip)


@pytest.mark.parametrize("fault", ["other_iss", "no_iss"])
def test_an_answer_of_another_provider_is_refused(desk: OidcDesk, fault: str) -> None:
    """Mix-up (RFC 9207): this provider names itself in its answers."""
    desk.idp.control(fault=fault)
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.sign_in()
    assert "token" not in desk.idp.asked()


def test_a_refusal_at_the_provider_is_told_in_our_words(desk: OidcDesk) -> None:
    desk.idp.control(fault="denied")
    with pytest.raises(OidcRefused, match="取り消されました"):
        desk.sign_in()
    departure = desk.leave()
    answer = replace(desk.visit(departure), error="call 0120-xxx now", code=None)
    with pytest.raises(OidcRefused) as refused:
        desk.come_back(answer, departure.sealed_trip)
    assert "0120" not in str(refused.value)


@pytest.mark.parametrize("code", [None, "", "x" * 8_193])
def test_an_answer_without_a_usable_code_is_refused(desk: OidcDesk, code: str | None) -> None:
    departure = desk.leave()
    with pytest.raises(OidcRefused, match="途切れました"):
        desk.come_back(replace(desk.visit(departure), code=code), departure.sealed_trip)
    assert "token" not in desk.idp.asked()
