"""By which names the desk may be opened, and from where a request really comes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from service.settings import Settings
from service.web.world import world_of

_UNKNOWN_CLIENT = "unknown"


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` (a name or an address) is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_allowed_host(header: str, settings: Settings) -> bool:
    """Tell whether the Host header names this desk.

    In single-user mode only this machine's own names: a page elsewhere that makes its name
    point here (DNS rebinding) still sends that name.
    """
    name = _name_of(header)
    if name is None:
        return False
    if is_loopback(name):
        return True
    if settings.mode == "single":
        return False
    return name in settings.allowed_hosts or name == settings.host.casefold()


def client_of(request: HTTPConnection) -> str:
    """Return the address of whoever asks.

    X-Forwarded-For counts only from the configured proxies, read from its end: what stands
    before the first address that is not such a proxy was written by the client itself.
    """
    peer = request.client.host if request.client else _UNKNOWN_CLIENT
    proxies = world_of(request).settings.trusted_proxies
    # A proxy may add a line of its own instead of lengthening the client's.
    chain = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while _is_within(peer, proxies) and chain and (before := chain.pop().strip()):
        if _address(before) is None:
            break
        peer = before
    return peer


def _name_of(header: str) -> str | None:
    """Return the name in a Host header, without the port; None when it is no such header."""
    # Printable ASCII and nothing a URL would read as more than host and port.
    if not header.isascii() or not header.isprintable() or set(header) & set("/\\?#@, "):
        return None
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _is_within(address: str, networks: Iterable[str]) -> bool:
    ip = _address(address)
    return ip is not None and any(ip in ipaddress.ip_network(network) for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    # What a socket for both families calls an IPv4 client.
    return getattr(ip, "ipv4_mapped", None) or ip
