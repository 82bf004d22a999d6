"""What the desk must know to send people to a provider (OpenID Connect), and what can go wrong."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import BadInput, DeskError, NotReady
from service.settings import LoginClaim, Settings

CALLBACK_PATH = "/sign-in/oidc/callback"


class OidcRefused(DeskError):
    """The provider's answer does not let this person in; the message says what to do."""

    code = "oidc_refused"
    status = 403


class OidcUnavailable(DeskError):
    """The provider does not answer, or answers nonsense; passwords still work."""

    code = "oidc_unavailable"
    status = 503


@dataclass(frozen=True, slots=True)
class OidcRules:
    """One provider, and how far it is believed.

    ``callback_url`` is configured, never made from a request: the Host header is the visitor's.
    ``login_claim`` names the claim that may tie an invited account to an identity, once.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    callback_url: str
    label: str = "職員アカウント"
    login_claim: LoginClaim = "email"
    ca_file: Path | None = None
    timeout_seconds: float = 5.0
    # Clocks of two servers on a closed network drift apart.
    leeway_seconds: int = 60


def oidc_rules_from(settings: Settings) -> OidcRules | None:
    """Return the provider that the settings name; None when they name none.

    Raises :class:`BadInput` naming the setting that cannot be used, and :class:`NotReady` when
    the extra ``oidc`` is not installed.
    """
    if not settings.oidc_issuer:
        return None
    if find_spec("authlib") is None:
        raise NotReady(
            "TSUNAGI_OIDC_ISSUER を使うには部品が足りません。"
            "`pip install -c constraints.txt '.[oidc]'` で入れてください。"
        )
    rules = OidcRules(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        callback_url=settings.oidc_callback_url,
        label=settings.oidc_label,
        login_claim=settings.oidc_login_claim,
        ca_file=settings.oidc_ca_file,
    )
    return check_rules(rules)


def check_rules(rules: OidcRules) -> OidcRules:
    """Return ``rules``; raise :class:`BadInput` naming the setting that cannot be used."""
    # The client secret travels there.
    if not is_safe_address(rules.issuer):
        raise BadInput(
            "TSUNAGI_OIDC_ISSUER は https:// で始まるアドレスにしてください"
            "（http:// はこのコンピュータの中だけ）。"
        )
    if set(rules.issuer) & set("?#"):
        raise BadInput("TSUNAGI_OIDC_ISSUER に「?」や「#」を含めないでください。")
    # http too: whether the desk is served so is decided elsewhere, and PKCE guards the code.
    if not rules.callback_url.startswith(("https://", "http://")) or not (
        rules.callback_url.endswith(CALLBACK_PATH)
    ):
        raise BadInput(
            f"TSUNAGI_OIDC_CALLBACK_URL は「https://窓口の名前{CALLBACK_PATH}」の形にし、"
            "同じものを認証基盤にも登録してください。"
        )
    for name, value in (("CLIENT_ID", rules.client_id), ("CLIENT_SECRET", rules.client_secret)):
        # They travel in an HTTP header.
        if not (value and value.isascii() and value.isprintable()):
            raise BadInput(f"TSUNAGI_OIDC_{name} に、認証基盤から渡された値を設定してください。")
    if rules.ca_file is not None and not rules.ca_file.is_file():
        raise BadInput(f"TSUNAGI_OIDC_CA_FILE のファイルがありません: {rules.ca_file}")
    return rules


def is_safe_address(address: object) -> bool:
    """Tell whether nobody on the way can read or change what is sent to ``address``."""
    if not isinstance(address, str) or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    # A name and password in an address would end up in logs.
    if not host or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
