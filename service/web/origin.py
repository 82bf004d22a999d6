"""Whether a request that changes something comes from our own pages (CSRF).

Browsers say so themselves, with headers no page can forge.  ``Sec-Fetch-Site`` is the plain
answer; Chromium leaves it out on http to a name other than localhost, where ``Origin`` remains.
A request with neither is no browser of today.  It passes only as JSON: a page elsewhere cannot
send that type without asking first (CORS preflight), and we never say yes.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_forged(method: str, headers: Headers) -> bool:
    """Tell whether the request may come from somebody else's page."""
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        # "none": typed or bookmarked by the person.  "same-site" is a neighbour, not us.
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return not is_own_origin(origin, headers.get("host", ""))
    return _media_type(headers) != "application/json"


def is_own_origin(origin: str, host: str) -> bool:
    """Tell whether ``origin`` names the host and port the request was sent to.

    The scheme is not compared: behind a proxy that ends TLS we do not know our own.  The host
    can be trusted: names that are not allowed have been refused before.
    """
    try:
        parts = urlsplit(origin)
        own = urlsplit(f"{parts.scheme}://{host}")
        default = _DEFAULT_PORTS[parts.scheme]
        return bool(own.hostname) and (parts.hostname, parts.port or default) == (
            own.hostname,
            own.port or default,
        )
    except (KeyError, ValueError):
        # "null", another scheme, or no address at all.
        return False


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().casefold()
