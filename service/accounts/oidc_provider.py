"""Talking to the provider: its addresses, its keys, and the code for a token."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.accounts.oidc_rules import (
    OidcRefused,
    OidcRules,
    OidcUnavailable,
    check_rules,
    is_safe_address,
)
from service.accounts.oidc_token import Tokens
from service.accounts.oidc_trip import LOST, Trip
from service.errors import BadInput

Answer = TypeVar("Answer")

KEEP_SECONDS = 3_600.0
# How soon to ask again after a failure, or for keys that a token names and we do not know.
PAUSE_SECONDS = 10.0
_LIMIT_BYTES = 256 * 1024
_LIMIT_KEYS = 50
_SCOPE = "openid email profile"
_KEY_TYPES = ("RSA", "EC", "OKP")

_DOWN = "外部ログインの認証基盤につながりません。パスワードを持っている方は、パスワードでログインできます。続くときは、管理者に知らせてください。"
_STRANGE = "外部ログインの認証基盤の返事が正しくありません。パスワードを持っている方は、パスワードでログインできます。管理者に知らせてください。"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses from the provider's discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    auth_method: str
    names_itself: bool


class Provider:
    """The provider, with its addresses and keys kept for an hour; may be shared by threads."""

    def __init__(self, rules: OidcRules, seconds: Callable[[], float] = time.monotonic) -> None:
        """Nothing is asked before it is needed: the desk starts without the provider.

        Raises :class:`BadInput` when the rules or the CA file cannot be used.
        """
        self.rules = check_rules(rules)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._tls = _tls(rules)
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._metadata_until = self._keys_until = 0.0
        self._asked_keys_at = float("-inf")
        self._quiet_until = float("-inf")

    def metadata(self) -> Metadata:
        """Return the addresses.  Raises :class:`OidcUnavailable`."""
        with self._lock:
            return self._known_metadata()

    def keys(self, newer: bool = False) -> KeySet | None:
        """Return the keys; asked for ``newer`` ones, None when it has looked a moment ago.

        Raises :class:`OidcUnavailable`.
        """
        with self._lock:
            now = self._seconds()
            if newer and now - self._asked_keys_at < PAUSE_SECONDS:
                return None
            if newer or self._keys is None or now >= self._keys_until:
                address = self._known_metadata().jwks_uri
                self._keys = self._ask(lambda client: _read_keys(_get_json(client, address)))
                self._asked_keys_at = now
                self._keys_until = now + KEEP_SECONDS
            return self._keys

    def sign_in_url(self, trip: Trip) -> str:
        """Return where to send the browser.  Raises :class:`OidcUnavailable`."""
        metadata = self.metadata()
        with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=trip.state,
                nonce=trip.nonce,
                code_verifier=trip.verifier,
                # Computers are shared: the next person must not come in as the one before,
                # whom the provider still remembers.
                prompt="login",
            )
        return str(url)

    def exchange(self, code: str, trip: Trip) -> Tokens:
        """Return the tokens for the code.

        Raises :class:`OidcRefused` when the provider does not take the code (any more), and
        :class:`OidcUnavailable`.
        """
        metadata = self.metadata()
        try:
            with self._client(metadata) as client:
                answer = client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=trip.verifier,
                    redirect_uri=self.rules.callback_url,
                )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise OidcRefused(LOST) from error
            # Nobody at the desk can mend a wrong client secret.
            raise OidcUnavailable(_STRANGE) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise OidcUnavailable(_words_for(error)) from error
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise OidcUnavailable(_STRANGE)
        return Tokens(id_token, access_token if isinstance(access_token, str) else None)

    def _known_metadata(self) -> Metadata:
        now = self._seconds()
        if self._metadata is None or now >= self._metadata_until:
            address = f"{self.rules.issuer.rstrip('/')}/.well-known/openid-configuration"
            self._metadata = self._ask(
                lambda client: _read_metadata(_get_json(client, address), self.rules.issuer)
            )
            self._metadata_until = now + KEEP_SECONDS
        return self._metadata

    def _ask(self, question: Callable[[OAuth2Client], Answer]) -> Answer:
        """Ask once; after a failure be quiet for a while, so that waiting does not pile up."""
        if self._seconds() < self._quiet_until:
            raise OidcUnavailable(_DOWN)
        try:
            with self._client() as client:
                return question(client)
        except (httpx2.HTTPError, ValueError, KeyError, JoseError) as error:
            self._quiet_until = self._seconds() + PAUSE_SECONDS
            raise OidcUnavailable(_words_for(error)) from error

    def _client(self, metadata: Metadata | None = None) -> OAuth2Client:
        """Return a client for one exchange: it keeps the token, so nobody shares it."""
        rules = self.rules
        return OAuth2Client(
            rules.client_id,
            rules.client_secret,
            token_endpoint_auth_method=metadata.auth_method if metadata else None,
            scope=_SCOPE,
            redirect_uri=rules.callback_url,
            code_challenge_method="S256",
            verify=self._tls,
            timeout=rules.timeout_seconds,
            follow_redirects=False,
            event_hooks={"request": [_ask_plainly], "response": [self._bound]},
        )

    def _bound(self, response: httpx2.Response) -> None:
        deadline = self._seconds() + self.rules.timeout_seconds
        response.stream = _Bounded(response, lambda: self._seconds() > deadline)


class _Bounded(httpx2.SyncByteStream):
    """A response's bytes, as many and as long as we are willing to read."""

    def __init__(self, response: httpx2.Response, is_late: Callable[[], bool]) -> None:
        self._response = response
        self._stream = response.stream
        self._is_late = is_late

    def __iter__(self) -> Iterator[bytes]:
        # Compressed, a small answer could become any size.
        if self._response.headers.get("Content-Encoding", "identity") != "identity":
            raise httpx2.ReadError("compressed, though we asked not to")
        left = _LIMIT_BYTES
        for chunk in self._stream:  # type: ignore[union-attr]  # a sync client's stream
            left -= len(chunk)
            if left < 0 or self._is_late():
                raise httpx2.ReadError("too long or too slow")
            yield chunk

    def close(self) -> None:
        self._stream.close()  # type: ignore[union-attr]


def _words_for(error: Exception) -> str:
    """Return what to tell people: the provider does not answer, or it answers wrongly."""
    silent = isinstance(error, httpx2.HTTPError) and not isinstance(error, httpx2.HTTPStatusError)
    return _DOWN if silent else _STRANGE


def _ask_plainly(request: httpx2.Request) -> None:
    request.headers["Accept-Encoding"] = "identity"


def _tls(rules: OidcRules) -> ssl.SSLContext:
    """Trust the given CA alone; without one, what the machine trusts."""
    try:
        return ssl.create_default_context(cafile=rules.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise BadInput(
            f"TSUNAGI_OIDC_CA_FILE を証明書（PEM）として読めません: {rules.ca_file}"
        ) from error


def _get_json(client: OAuth2Client, address: str) -> dict[str, Any]:
    headers = {"Accept": "application/json"}
    response = client.request("GET", address, withhold_token=True, headers=headers)
    response.raise_for_status()
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return answer


def _read_metadata(document: dict[str, Any], issuer: str) -> Metadata:
    """Return the addresses; raise ValueError when the document is not this issuer's."""
    if document["issuer"] != issuer:
        raise ValueError("another issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    sign_in, token, keys = (document[name] for name in names)
    if not all(map(is_safe_address, (sign_in, token, keys))):
        raise ValueError("an address that is not https")
    # Without the key the standard says: basic.
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    wanted = ("client_secret_basic", "client_secret_post")
    method = next((name for name in wanted if isinstance(methods, list) and name in methods), None)
    if method is None:
        raise ValueError("no way to show the client secret")
    named = document.get("authorization_response_iss_parameter_supported") is True
    return Metadata(sign_in, token, keys, method, named)


def _read_keys(document: dict[str, Any]) -> KeySet:
    """Return the public signing keys; a shared secret among them is no key to us."""
    listed = document["keys"]
    if not isinstance(listed, list) or not all(isinstance(key, dict) for key in listed):
        raise ValueError("not a list of keys")
    keys = [
        key
        for key in listed[:_LIMIT_KEYS]
        if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": keys})
