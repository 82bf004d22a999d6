"""A trip to the provider and back: what the browser must still hold when it returns.

The trip stands in a signed cookie of ten minutes, so several processes need no shared memory.
It ties the answer to the browser that asked (login CSRF: RFC 9700, 4.7), and because a cookie
can be kept, the store remembers which trips have ended: each is good for one return.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import Engine

from service.accounts.oidc_rules import OidcRefused, OidcRules
from service.store.engine import writing
from service.store.limits import add_hit

LIFETIME = timedelta(minutes=10)
# Longer than a trip; its counter outlives the trip by far (retention of rate_counters).
_MEMORY = timedelta(hours=1)
_ALGORITHM = "HS256"
_LIMIT_NEXT_CHARS = 1_000
_RANDOM_BYTES = 32

LOST = "ログインの手続きが途切れました。ログインの画面から、もう一度始めてください。"


@dataclass(frozen=True, slots=True)
class Trip:
    """One sign-in under way.  ``next`` is the page the person wanted."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    next: str
    began_at: datetime


def new_trip(next_page: str, now: datetime) -> Trip:
    """Return a trip nobody can guess."""
    target = next_page if len(next_page) <= _LIMIT_NEXT_CHARS else "/"
    state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    # To the second: the signed cookie holds no more.
    return Trip(state, nonce, verifier, target, now.astimezone(UTC).replace(microsecond=0))


def seal_trip(trip: Trip, rules: OidcRules) -> str:
    """Return the cookie's value: readable, but only we can have written it."""
    claims = {
        "state": trip.state,
        "nonce": trip.nonce,
        "verifier": trip.verifier,
        "next": trip.next,
        "iat": int(trip.began_at.timestamp()),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, _key(rules), [_ALGORITHM])


def open_trip(sealed: str | None, rules: OidcRules, now: datetime) -> Trip:
    """Return the trip in the cookie; raise :class:`OidcRefused` when it is not ours or too old."""
    try:
        claims = jwt.decode(sealed or "", _key(rules), [_ALGORITHM]).claims
        began_at = datetime.fromtimestamp(claims["iat"], UTC)
        trip = Trip(claims["state"], claims["nonce"], claims["verifier"], claims["next"], began_at)
    except (JoseError, ValueError, KeyError, TypeError, OverflowError, OSError) as error:
        raise OidcRefused(LOST) from error
    if not timedelta(0) <= now - began_at < LIFETIME:
        raise OidcRefused(LOST)
    return trip


def end_trip(engine: Engine, trip: Trip) -> None:
    """Note that the trip has ended; raise :class:`OidcRefused` when it had ended before."""
    with writing(engine) as conn:
        # Counted at the trip's own time: always the same window, whenever the browser returns.
        hits = add_hit(conn, f"oidc-trip:{trip.state}", trip.began_at, _MEMORY)
    if hits.count > 1:
        raise OidcRefused(LOST)


def _key(rules: OidcRules) -> OctKey:
    """Return the key for our cookies.

    Made from the client secret: the same in every process, and one thing less to configure.
    """
    purpose = f"tsunagi oidc trip\n{rules.issuer}\n{rules.client_id}"
    secret = hmac.digest(rules.client_secret.encode(), purpose.encode(), hashlib.sha256)
    return OctKey.import_key(secret)
