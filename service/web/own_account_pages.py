"""A person's own account: the password, and where else one is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.own_sessions import end_own_session, own_sessions
from service.accounts.sign_in import change_password
from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError
from service.web.cookies import set_token
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.words import DONE, Role, roles_by_town
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Own = Annotated[Viewer, Depends(needs("account.own"))]
OwnBeforeChange = Annotated[Viewer, Depends(needs("account.own", before_change=True))]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which the person is signed in; ``id`` is the hash of its token."""

    id: str
    began_at: datetime
    last_seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The person's own account."""

    roles: tuple[Role, ...]
    sessions: tuple[OpenSession, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """Changing the password; ``must_change`` when it is a one-time password."""

    must_change: bool
    error: str = ""


@router.get("/account")
def account_page(request: Request, viewer: Own, done: str = "") -> Response:
    """Show the account and the open sessions."""
    world = world_of(request)
    sessions = tuple(
        OpenSession(
            session.token_hash,
            session.created_at.astimezone(),
            session.last_seen_at.astimezone(),
            session.token_hash == viewer.session_hash,
        )
        for session in own_sessions(world.store, viewer, world.now(), world.rules)
    )
    page = AccountPage(roles_by_town(viewer.grants, viewer.towns), sessions, DONE.get(done, ""))
    return html(request, "account.html", page=page)


@router.get("/account/password")
def password_page(request: Request, viewer: OwnBeforeChange) -> Response:
    """Ask for the old and the new password; whoever has none is told so at the account."""
    if not viewer.has_password:
        return see_other("/account")
    return html(request, "password.html", page=PasswordPage(viewer.must_change_password))


@router.post("/account/password")
def password_answer(
    request: Request,
    viewer: OwnBeforeChange,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change the password: every other session ends, this one is renewed."""
    world = world_of(request)
    if not viewer.has_password:
        return see_other("/account")
    user_agent = request.headers.get("user-agent", "")
    try:
        if new != again:
            raise BadInput("2つの新しいパスワードが違います。同じものを2回入れてください。")
        signed_in = change_password(
            world.store, viewer, old, new, user_agent, world.now(), world.rules
        )
    except DeskError as error:
        page = PasswordPage(viewer.must_change_password, str(error))
        return html(request, "password.html", error.status, page=page)
    response = see_other("/" if viewer.must_change_password else "/account?done=password")
    set_token(response, world.settings, signed_in.token)
    return response


@router.post("/account/sessions/end")
def end_session_answer(
    request: Request, viewer: Own, session: Annotated[str, Form()] = ""
) -> Response:
    """End one of the viewer's own sessions."""
    world = world_of(request)
    ended = end_own_session(world.store, viewer, session, world.now(), world.rules)
    return see_other(f"/account?done={'session' if ended else 'session_over'}")
