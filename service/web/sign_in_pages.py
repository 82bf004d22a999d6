"""Signing in with a password, and signing out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.first_admin import set_up_due
from service.accounts.sign_in import SignedIn, sign_in, sign_out
from service.accounts.viewer import Viewer
from service.errors import DeskError
from service.web.cookies import clear_token, read_token, set_token
from service.web.hosts import client_of, is_loopback
from service.web.next_page import HOME, safe_next
from service.web.render import html, see_other
from service.web.rights_dependency import find_out, needs
from service.web.world import World, world_of

router = APIRouter(include_in_schema=False)
Anybody = Annotated[Viewer, Depends(needs("account.own", before_change=True))]
_LIMIT_LOGIN_CHARS = 200


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What the page shows.  The password is never given back to it."""

    login: str = ""
    next: str = HOME
    error: str = ""
    said: str = ""


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = HOME, out: bool = False) -> Response:  # noqa: A002  the name in the address
    """Ask for login and password; go on at once if somebody is signed in."""
    world = world_of(request)
    if set_up_due(world.store):
        return see_other("/set-up")
    if find_out(request, world):
        return see_other(safe_next(next))
    said = "ログアウトしました。" if out else ""
    return show_sign_in(request, SignInPage(next=safe_next(next), said=said))


@router.post("/sign-in")
def sign_in_answer(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = HOME,  # noqa: A002
) -> Response:
    """Sign in, with a new session, and go to the page that was wanted."""
    world = world_of(request)
    user_agent = request.headers.get("user-agent", "")
    try:
        signed_in = sign_in(
            world.store, login, password, client_of(request), user_agent, world.now(), world.rules
        )
    except DeskError as error:
        page = SignInPage(login[:_LIMIT_LOGIN_CHARS], safe_next(next), str(error))
        wait = getattr(error, "retry_after", None)
        return show_sign_in(request, page, error.status, {"Retry-After": str(wait)} if wait else {})
    return enter(request, signed_in, safe_next(next))


@router.post("/sign-out")
def sign_out_answer(request: Request, _viewer: Anybody) -> Response:
    """End this session here and on the server."""
    world = world_of(request)
    _end_old_session(request, world)
    response = see_other("/sign-in?out=1")
    clear_token(response, world.settings)
    return response


def enter(request: Request, signed_in: SignedIn, next_page: str) -> Response:
    """Give the new session to the browser, end the one it had, and go on."""
    world = world_of(request)
    _end_old_session(request, world)
    must_change = signed_in.viewer.must_change_password
    response = see_other("/account/password" if must_change else next_page)
    set_token(response, world.settings, signed_in.token)
    return response


def _end_old_session(request: Request, world: World) -> None:
    if token := read_token(request):
        sign_out(world.store, token, world.now())


def show_sign_in(
    request: Request, page: SignInPage, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return the sign-in page."""
    settings = world_of(request).settings
    response = html(
        request,
        "sign_in.html",
        status,
        page=page,
        provider_label=settings.oidc_label if settings.oidc_issuer else "",
        cookie_gets_lost=settings.secure_cookie and _is_plain_http(request),
    )
    response.headers.update(headers or {})
    return response


def _is_plain_http(request: Request) -> bool:
    """Tell whether the browser will drop a cookie meant for https only.

    Browsers count this machine's own names as safe.  Only a hint is shown, so a header that
    anybody could have written is good enough here.
    """
    if request.headers.get("x-forwarded-proto", request.url.scheme) == "https":
        return False
    return not is_loopback(request.url.hostname or "")
