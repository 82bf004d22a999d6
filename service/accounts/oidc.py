"""Signing in through a provider (OpenID Connect, authorization code flow with PKCE).

The provider only says who somebody is.  Who may come in stays the admin's decision: an account
must have been made here first.  An account is tied to an identity once, at the first sign-in,
and only while it waits for its person (a one-time password that nobody has used up): so a
claim never takes over an account that somebody already works with.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from service.accounts.oidc_provider import Provider
from service.accounts.oidc_rules import OidcRefused
from service.accounts.oidc_token import Identity, read_identity
from service.accounts.oidc_trip import LOST, Trip, end_trip, new_trip, open_trip, seal_trip
from service.accounts.rules import SignInRules
from service.accounts.sign_in import SignedIn, open_for
from service.accounts.tries import client_of, count_try
from service.store import accounts, sessions
from service.store.accounts import Person
from service.store.audit import Event, append
from service.store.audit_words import ANONYMOUS
from service.store.engine import writing

_LIMIT_CODE_CHARS = 8_192

_DENIED = "外部ログインが取り消されました。続けるには、ログインの画面からもう一度始めてください。"
_UNVOUCHED = "外部ログインから、確認済みのメールアドレス（または利用者名）が届きませんでした。管理者に知らせてください。"
_UNINVITED = "「{login}」はこの窓口に招待されていません。使うには、管理者に招待を頼んでください。"
_OTHER_IDENTITY = "この利用者は、外部ログインの別の利用者と結びついています。管理者に「パスワードの再発行」を頼んでから、もう一度始めてください。"
_IN_USE = "この利用者は、自分で決めたパスワードを使っています。パスワードでログインしてください。外部ログインに切り替えるには、管理者に「パスワードの再発行」を頼んでから、もう一度始めてください。"
_DISABLED = "この利用者は停止されています。使うには、管理者に停止の解除を頼んでください。"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and the cookie it must bring back."""

    url: str
    sealed_trip: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brings from the provider: the query of the callback."""

    state: str | None
    code: str | None
    error: str | None
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Signed in, and the page the person wanted."""

    signed_in: SignedIn
    next: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str
    message: str
    person_id: str = ANONYMOUS


def begin(provider: Provider, next_page: str, now: datetime) -> Departure:
    """Return where to send the browser.  Raises :class:`OidcUnavailable`."""
    trip = new_trip(next_page, now)
    return Departure(provider.sign_in_url(trip), seal_trip(trip, provider.rules))


def finish(
    engine: Engine,
    provider: Provider,
    answer: Answer,
    sealed_trip: str | None,
    client: str,
    user_agent: str,
    now: datetime,
    rules: SignInRules,
) -> Arrival:
    """Sign in who has come back from the provider, always with a new session.

    Raises :class:`OidcRefused`, :class:`OidcUnavailable` and :class:`TooManyTries`.
    """
    trip = open_trip(sealed_trip, provider.rules, now)
    _check_state(answer, trip)
    # Each return may cost a question to the provider.
    count_try(engine, f"oidc {client_of(client)}", now, rules)
    end_trip(engine, trip)
    _check_answer(answer, provider)
    tokens = provider.exchange(answer.code or "", trip)
    identity = read_identity(tokens, provider.keys, trip, provider.rules, now)
    person_id = _admit(engine, identity, now)
    signed_in = open_for(
        engine, person_id, client, user_agent, now, rules, "oidc", identity.subject
    )
    return Arrival(signed_in, trip.next)


def _check_state(answer: Answer, trip: Trip) -> None:
    if not hmac.compare_digest((answer.state or "").encode(), trip.state.encode()):
        raise OidcRefused(LOST)


def _check_answer(answer: Answer, provider: Provider) -> None:
    """Raise :class:`OidcRefused` unless the answer is this provider's (RFC 9207) and a code."""
    if answer.issuer != provider.rules.issuer and (
        answer.issuer is not None or provider.metadata().names_itself
    ):
        raise OidcRefused(LOST)
    if answer.error is not None:
        # Its words are the provider's, or whoever made the link: they are not shown.
        raise OidcRefused(_DENIED)
    if not answer.code or len(answer.code) > _LIMIT_CODE_CHARS:
        raise OidcRefused(LOST)


def _admit(engine: Engine, identity: Identity, now: datetime) -> str:
    """Return the id of the identity's account, tied now if it waits for its person.

    Raises :class:`OidcRefused` and records why.
    """
    with writing(engine) as conn:
        found = _find(conn, identity)
        if isinstance(found, Person) and found.oidc_subject is None:
            _tie(conn, found, identity, now)
        if isinstance(found, _Refusal):
            detail = {"how": "oidc", "reason": found.reason}
            event = Event(found.person_id, "session.refuse", outcome="denied", detail=detail)
            append(conn, event, now)
    # Not inside: the row about the refusal must stay.
    if isinstance(found, _Refusal):
        raise OidcRefused(found.message)
    return found.id


def _find(conn: Connection, identity: Identity) -> Person | _Refusal:
    """Return the account that is, or may become, this identity's; or why there is none."""
    person = accounts.find_by_subject(conn, identity.subject)
    if person is None:
        if identity.login is None:
            return _Refusal("unvouched", _UNVOUCHED)
        person = accounts.find_by_login(conn, identity.login)
        if person is None:
            return _Refusal("uninvited", _UNINVITED.format(login=identity.login))
    if person.disabled_at is not None:
        return _Refusal("disabled", _DISABLED, person.id)
    if person.oidc_subject not in (None, identity.subject):
        return _Refusal("other_identity", _OTHER_IDENTITY, person.id)
    if person.oidc_subject is None and not person.must_change_password:
        return _Refusal("in_use", _IN_USE, person.id)
    return person


def _tie(conn: Connection, person: Person, identity: Identity, now: datetime) -> None:
    """Tie the account, and end the one-time password that the admin who invited knows.

    Its sessions too: whoever came in with it waits at "change your password", and would have
    the whole desk once there is nothing left to change.
    """
    accounts.set_subject(conn, person.id, identity.subject)
    accounts.drop_password(conn, person.id)
    sessions.revoke_all(conn, person.id, now)
    subject = ("person", person.id)
    detail = {"field": "oidc_subject"}
    append(conn, Event(person.id, "person.change", subject, detail=detail), now)
