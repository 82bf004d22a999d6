"""The headers every answer carries, whatever produced it."""

from __future__ import annotations

from collections.abc import MutableMapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
HEADERS: dict[str, str] = {
    # No inline script or style, nothing from elsewhere, and no page may put ours in a frame.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it browsers send "Origin: null" with our own forms, and the guard
    # against forged requests could not tell them from foreign ones.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _NOTHING),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Pages hold notes and names; what may be kept (static files) says so itself.
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """Adds ``HEADERS`` to every answer that has not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(message)
            await send(message)

        await self._app(scope, receive, with_headers)


def _complete(message: MutableMapping[str, object]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
