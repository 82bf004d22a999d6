"""The provider as a server on the network: keys that change, answers that are huge, silence."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.accounts import oidc_rules
from service.accounts.oidc_provider import KEEP_SECONDS, PAUSE_SECONDS, Provider
from service.accounts.oidc_rules import (
    CALLBACK_PATH,
    OidcRefused,
    OidcRules,
    OidcUnavailable,
    check_rules,
    is_safe_address,
    oidc_rules_from,
)
from service.accounts.sign_in import sign_in
from service.errors import BadInput, NotReady
from service.settings import Settings
from service.store import accounts
from service.store.engine import writing
from tests.fixtures.oidc_desk import LOGIN, ONE_TIME, RULES, OidcDesk, oidc_desk, sqlite_store
from tests.fixtures.oidc_running import CLIENT_SECRET, Running, provider, write_certificate


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


# What is kept.


def test_addresses_and_keys_are_asked_for_once_an_hour(desk: OidcDesk) -> None:
    for _ in range(3):
        desk.sign_in()
    assert (desk.idp.asked()["discovery"], desk.idp.asked()["jwks"]) == (1, 1)
    desk.seconds += KEEP_SECONDS
    desk.sign_in()
    assert (desk.idp.asked()["discovery"], desk.idp.asked()["jwks"]) == (2, 2)


def test_many_threads_ask_once(desk: OidcDesk) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: desk.leave(), range(16)))
    assert desk.idp.asked()["discovery"] == 1


def test_a_rotated_key_is_fetched_at_the_first_token_that_names_it(desk: OidcDesk) -> None:
    desk.sign_in()
    desk.idp.control(rotate=True)
    desk.seconds += PAUSE_SECONDS
    assert desk.sign_in().signed_in.token
    assert desk.idp.asked()["jwks"] == 2


def test_tokens_of_unknown_keys_do_not_make_us_ask_again_and_again(desk: OidcDesk) -> None:
    desk.sign_in()
    desk.seconds += PAUSE_SECONDS
    desk.idp.control(fault="foreign_key")
    for _ in range(3):
        with pytest.raises(OidcRefused):
            desk.sign_in()
    assert desk.idp.asked()["jwks"] == 2


# What is not believed.


@pytest.mark.parametrize("where", ["discovery", "jwks", "token"])
@pytest.mark.parametrize("fault", ["huge", "zipped", "html", "error", "elsewhere"])
def test_an_answer_that_is_none_is_told_and_lets_nobody_in(
    desk: OidcDesk, fault: str, where: str
) -> None:
    desk.idp.control(fault=f"{fault}_{where}")
    with pytest.raises(OidcUnavailable, match="パスワードでログインできます"):
        desk.sign_in()
    # Not followed to another place.
    assert set(desk.idp.asked()) <= {"discovery", "authorize", "jwks", "token"}


@pytest.mark.parametrize("fault", ["discovery_issuer", "plain_http"])
def test_a_discovery_document_that_leads_elsewhere_is_refused(desk: OidcDesk, fault: str) -> None:
    desk.idp.control(fault=fault)
    with pytest.raises(OidcUnavailable, match="正しくありません"):
        desk.leave()


def test_the_client_secret_goes_where_the_provider_wants_it(desk: OidcDesk) -> None:
    desk.idp.control(auth_methods=["private_key_jwt", "client_secret_post"])
    assert desk.sign_in().signed_in.token


def test_a_provider_that_wants_no_secret_is_refused(desk: OidcDesk) -> None:
    desk.idp.control(auth_methods=["none"])
    with pytest.raises(OidcUnavailable, match="正しくありません"):
        desk.leave()


def test_a_wrong_client_secret_is_the_keepers_matter(engine: Engine, idp: Running) -> None:
    desk = oidc_desk(engine, idp, client_secret="mistyped")
    with pytest.raises(OidcUnavailable, match="管理者"):
        desk.sign_in()


# Silence.


def test_a_provider_that_is_down_is_told_at_once_and_passwords_still_work(
    engine: Engine, idp: Running
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    desk = oidc_desk(engine, idp, issuer=f"http://127.0.0.1:{port}")
    desk.invite()
    began = time.monotonic()
    with pytest.raises(OidcUnavailable, match="つながりません。パスワード"):
        desk.leave()
    assert time.monotonic() - began < 2
    assert sign_in(engine, LOGIN, ONE_TIME, "192.0.2.1", "tests", desk.now, RULES).token


def test_after_silence_nobody_waits_again_for_a_while(engine: Engine, idp: Running) -> None:
    """A server that takes the connection and never answers would hold up one thread after another."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        issuer = f"http://127.0.0.1:{mute.getsockname()[1]}"
        desk = oidc_desk(engine, idp, issuer=issuer, timeout_seconds=0.3)
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            kinds = list(pool.map(lambda _: _kind_of_failure(desk), range(8)))
        assert kinds == [OidcUnavailable] * 8
        assert time.monotonic() - began < 1.5


def test_the_provider_is_asked_again_after_a_while(engine: Engine) -> None:
    with provider() as own:
        desk = oidc_desk(engine, own)
        desk.idp.control(fault="error_discovery")
        with pytest.raises(OidcUnavailable):
            desk.leave()
        own.reset()
        with pytest.raises(OidcUnavailable):
            desk.leave()
        desk.seconds += PAUSE_SECONDS
        assert desk.leave().url
    # And one that dies between the two halves of a sign-in.
    with provider() as own:
        desk = oidc_desk(engine, own)
        departure = desk.leave()
        answer = desk.visit(departure)
        own.process.kill()
        own.process.wait()
        with pytest.raises(OidcUnavailable, match="つながりません"):
            desk.come_back(answer, departure.sealed_trip)


def _kind_of_failure(desk: OidcDesk) -> type[Exception] | None:
    try:
        desk.leave()
    except OidcUnavailable as error:
        return type(error)
    return None


# A private CA.


def test_a_provider_behind_the_towns_own_ca_needs_its_certificate(
    engine: Engine, tmp_path: Path
) -> None:
    with provider(write_certificate(tmp_path / "ca.pem")) as own:
        with pytest.raises(OidcUnavailable, match="つながりません"):
            oidc_desk(engine, own).leave()
        another = write_certificate(tmp_path / "another.pem")
        with pytest.raises(OidcUnavailable, match="つながりません"):
            oidc_desk(engine, own, ca_file=another).leave()
        desk = oidc_desk(engine, own, ca_file=tmp_path / "ca.pem")
        desk.invite()
        assert desk.sign_in().signed_in.token


# Settings.

RIGHT = OidcRules(
    "https://idp.example/realm", "id", "secret", f"https://desk.example{CALLBACK_PATH}"
)


def test_right_rules_are_taken() -> None:
    assert check_rules(RIGHT) is RIGHT
    assert "secret" not in repr(replace(RIGHT, client_secret="the secret word")).replace(
        "client_secret", ""
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"issuer": "http://idp.example"}, "ISSUER"),
        ({"issuer": "https://idp.example/?realm=1"}, "ISSUER"),
        ({"issuer": "https://name:password@idp.example"}, "ISSUER"),
        ({"issuer": "idp.example"}, "ISSUER"),
        ({"callback_url": ""}, "CALLBACK_URL"),
        ({"callback_url": "https://desk.example/callback"}, "CALLBACK_URL"),
        ({"client_id": ""}, "CLIENT_ID"),
        ({"client_secret": ""}, "CLIENT_SECRET"),
        ({"client_secret": "a\nb"}, "CLIENT_SECRET"),
        ({"ca_file": Path("/nowhere/ca.pem")}, "CA_FILE"),
    ],
)
def test_rules_that_cannot_work_are_told_by_their_setting(
    change: dict[str, object], word: str
) -> None:
    with pytest.raises(BadInput, match=f"TSUNAGI_OIDC_{word}"):
        check_rules(replace(RIGHT, **change))  # type: ignore[arg-type]


def test_a_ca_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(BadInput, match="TSUNAGI_OIDC_CA_FILE"):
        Provider(replace(RIGHT, ca_file=file))


def test_no_issuer_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    assert oidc_rules_from(Settings()) is None
    monkeypatch.setenv("TSUNAGI_OIDC_ISSUER", RIGHT.issuer)
    monkeypatch.setenv("TSUNAGI_OIDC_CLIENT_ID", "id")
    monkeypatch.setenv("TSUNAGI_OIDC_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("TSUNAGI_OIDC_CALLBACK_URL", RIGHT.callback_url)
    rules = oidc_rules_from(Settings())
    assert rules is not None
    assert (rules.issuer, rules.client_secret) == (RIGHT.issuer, CLIENT_SECRET)
    # Installed without the extra: said at the start, with the remedy.
    monkeypatch.setattr(oidc_rules, "find_spec", lambda _: None)
    with pytest.raises(NotReady, match=r"\.\[oidc\]"):
        oidc_rules_from(Settings())


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://idp.example/token", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://[::1]:8080/token", True),
        ("http://localhost/token", True),
        ("http://127.0.0.1.evil.example/", False),
        ("http://idp.example/token", False),
        ("ftp://idp.example/", False),
        ("https://", False),
        ("https://[", False),
        ("https://idp.example/a b", False),
        ("javascript:alert(1)", False),
        (None, False),
    ],
)
def test_an_address_is_safe_over_https_or_on_this_machine(address: object, safe: bool) -> None:
    assert is_safe_address(address) is safe


def test_a_person_without_a_password_has_none_to_guess(desk: OidcDesk) -> None:
    person = desk.invite("taro@town.example")
    with writing(desk.engine) as conn:
        accounts.drop_password(conn, person.id)
        assert accounts.password_hash_of(conn, person.id) is None
