"""The session's cookie: where the token goes, and nothing else does."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.settings import Settings
from service.web.world import world_of

NAME = "tsunagi_session"


def cookie_name(settings: Settings) -> str:
    """Return the cookie's name; ``__Host-`` makes browsers refuse one set by a neighbour."""
    return f"__Host-{NAME}" if settings.secure_cookie else NAME


def read_token(request: Request) -> str | None:
    """Return the token that the browser holds."""
    return request.cookies.get(cookie_name(world_of(request).settings))


def set_token(response: Response, settings: Settings, token: str) -> None:
    """Give the token to the browser, until it is closed; the server ends it earlier."""
    response.set_cookie(
        cookie_name(settings),
        token,
        path="/",
        secure=settings.secure_cookie,
        httponly=True,
        samesite="lax",
    )


def clear_token(response: Response, settings: Settings) -> None:
    """Take the token from the browser."""
    response.delete_cookie(
        cookie_name(settings),
        path="/",
        secure=settings.secure_cookie,
        httponly=True,
        samesite="lax",
    )
