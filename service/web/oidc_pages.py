"""Signing in through a provider: the way there, and the way back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.accounts.oidc import Answer, begin, finish
from service.accounts.oidc_provider import Provider
from service.accounts.oidc_rules import CALLBACK_PATH, OidcRules
from service.accounts.oidc_trip import LIFETIME
from service.errors import DeskError
from service.settings import Settings
from service.web.hosts import client_of
from service.web.next_page import HOME, safe_next
from service.web.render import see_other
from service.web.sign_in_pages import SignInPage, enter, show_sign_in
from service.web.world import world_of

_COOKIE = "tsunagi_oidc"


def oidc_router(rules: OidcRules) -> APIRouter:
    """Return the two routes; the provider is not asked before somebody wants to sign in.

    Raises :class:`BadInput` for rules that cannot be used.
    """
    provider = Provider(rules)
    router = APIRouter(include_in_schema=False)

    # GET: the policy for forms (form-action) would stop the browser on its way to the provider.
    @router.get("/sign-in/oidc")
    def leave(request: Request, next: str = HOME) -> Response:  # noqa: A002  the name in the address
        """Send the browser to the provider, with the cookie that it must bring back."""
        return _leave(request, provider, safe_next(next))

    @router.get(CALLBACK_PATH)
    def come_back(
        request: Request,
        state: str | None = None,
        code: str | None = None,
        error: str | None = None,
        iss: str | None = None,
    ) -> Response:
        """Sign in who has come back, with a new session."""
        response = _come_back(request, provider, Answer(state, code, error, iss))
        _clear_trip(response, world_of(request).settings)
        return response

    return router


def _leave(request: Request, provider: Provider, next_page: str) -> Response:
    world = world_of(request)
    try:
        departure = begin(provider, next_page, world.now())
    except DeskError as error:
        page = SignInPage(next=next_page, error=str(error))
        return show_sign_in(request, page, error.status)
    response = see_other(departure.url)
    _set_trip(response, world.settings, departure.sealed_trip)
    return response


def _come_back(request: Request, provider: Provider, answer: Answer) -> Response:
    world = world_of(request)
    try:
        arrival = finish(
            world.store,
            provider,
            answer,
            request.cookies.get(_cookie_name(world.settings)),
            client_of(request),
            request.headers.get("user-agent", ""),
            world.now(),
            world.rules,
        )
    except DeskError as problem:
        page = SignInPage(error=str(problem))
        wait = getattr(problem, "retry_after", None)
        headers = {"Retry-After": str(wait)} if wait else {}
        return show_sign_in(request, page, problem.status, headers)
    return enter(request, arrival.signed_in, safe_next(arrival.next))


def _cookie_name(settings: Settings) -> str:
    return f"__Host-{_COOKIE}" if settings.secure_cookie else _COOKIE


def _set_trip(response: Response, settings: Settings, sealed_trip: str) -> None:
    response.set_cookie(
        _cookie_name(settings),
        sealed_trip,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=settings.secure_cookie,
        httponly=True,
        # Not "strict": the provider's page sends the browser back to us.
        samesite="lax",
    )


def _clear_trip(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        _cookie_name(settings),
        path="/",
        secure=settings.secure_cookie,
        httponly=True,
        samesite="lax",
    )
