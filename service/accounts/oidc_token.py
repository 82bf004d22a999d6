"""Reading an ID token: signed by the provider, for us, now, for this very trip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from service.accounts.oidc_rules import OidcRefused, OidcRules
from service.accounts.oidc_trip import Trip
from service.errors import BadInput
from service.store.accounts import normalise_login

# Signatures with a public key only.  Not `none`; and not HS*, where whoever knows the public
# key could sign with it.
ALGORITHMS = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "Ed25519",
)
# A token of the code flow was made a moment ago.
_LIMIT_AGE_SECONDS = 600
_LIMIT_SUBJECT_CHARS = 255  # OpenID Connect Core 1.0, 2: sub

_REFUSED = "外部ログインの認証基盤からの返事を確かめられませんでした。ログインの画面から、もう一度始めてください。続くときは、管理者に知らせてください。"
# The provider still knew whoever used this computer before.
_STALE = "認証基盤で本人の確認が行われず、前のログインが使われました。認証基盤からログアウトしてから、もう一度始めてください。"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says this is.

    ``subject`` never changes and belongs to one person (issuer and sub together).  ``login`` is
    the name an admin may have invited; None when the provider does not vouch for it.
    """

    subject: str
    login: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """The provider's answer to the code."""

    id_token: str
    access_token: str | None


# Returns the provider's keys; asked for newer ones, those or None when it has just looked.
Keys = Callable[[bool], KeySet | None]


def read_identity(
    tokens: Tokens, keys: Keys, trip: Trip, rules: OidcRules, now: datetime
) -> Identity:
    """Return the identity in the token; raise :class:`OidcRefused` for any that does not hold.

    Checked: signature and its algorithm, iss, aud, azp, exp, iat, nonce, at_hash, sub, and
    auth_time where the provider gives it.
    """
    try:
        token = _verified(tokens.id_token, keys)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": rules.issuer},
                "aud": {"essential": True, "value": rules.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": trip.nonce},
            },
            params={
                "nonce": trip.nonce,
                "client_id": rules.client_id,
                "access_token": tokens.access_token,
            },
        )
        seconds = int(now.timestamp())
        claims.validate(now=seconds, leeway=rules.leeway_seconds)
    except (JoseError, ValueError, TypeError) as error:
        # What exactly was wrong helps nobody at the desk; the cause is for the tests.
        raise OidcRefused(_REFUSED) from error
    if seconds - claims["iat"] > _LIMIT_AGE_SECONDS + rules.leeway_seconds:
        raise OidcRefused(_REFUSED)
    confirmed_at, asked_at = claims.get("auth_time"), trip.began_at.timestamp()
    if confirmed_at is not None and confirmed_at < asked_at - rules.leeway_seconds:
        raise OidcRefused(_STALE)
    return Identity(_subject(rules.issuer, claims["sub"]), _login(token.claims, rules))


def _verified(id_token: str, keys: Keys) -> jwt.Token:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    known = keys(False)
    try:
        return jwt.decode(id_token, _required(known), registry=registry)
    except (InvalidKeyIdError, BadSignatureError):
        # The provider may have changed its keys since we last looked.
        newer = keys(True)
        if newer is None:
            raise
    return jwt.decode(id_token, newer, registry=registry)


def _required(keys: KeySet | None) -> KeySet:
    if keys is None:
        raise ValueError("the provider has no keys")
    return keys


def _subject(issuer: str, sub: str) -> str:
    if not (0 < len(sub) <= _LIMIT_SUBJECT_CHARS and sub.isprintable()):
        raise OidcRefused(_REFUSED)
    # An issuer has no fragment, so the first # always ends it.
    return f"{issuer}#{sub}"


def _login(claims: dict[str, object], rules: OidcRules) -> str | None:
    """Return the login the provider vouches for.

    An address that is not verified may be anybody's: people type it themselves.
    """
    claim = claims.get(rules.login_claim)
    if not isinstance(claim, str):
        return None
    if rules.login_claim == "email" and claims.get("email_verified") is not True:
        return None
    try:
        login = normalise_login(claim)
    except BadInput:
        return None
    # KELVIN SIGN folds to k: a letter that merely looks alike must not become another's login.
    return login if claim.isascii() or claim == login else None
