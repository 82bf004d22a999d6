"""The first-run set-up: the first admin, by whoever can read the code at the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from service.accounts.first_admin import create_first_admin, set_up_due
from service.accounts.refusals import SetUpDone
from service.accounts.sign_in import SignedIn, open_for
from service.errors import BadInput, DeskError, Forbidden
from service.store.accounts import Person
from service.store.audit_words import ANONYMOUS
from service.web.hosts import client_of
from service.web.next_page import HOME
from service.web.render import html, see_other
from service.web.sign_in_pages import enter
from service.web.world import World, world_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SetUpPage:
    """What the page shows.  Neither code nor password is given back to it."""

    login: str = ""
    display_name: str = ""
    error: str = ""


@router.get("/set-up")
def set_up_page(request: Request) -> Response:
    """Ask for the code and the first admin; only while there is no account."""
    if not set_up_due(world_of(request).store):
        return see_other("/sign-in")
    return html(request, "set_up.html", page=SetUpPage())


@router.post("/set-up")
def set_up_answer(
    request: Request,
    code: Annotated[str, Form()] = "",
    login: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Make the first admin and sign in as that person."""
    world = world_of(request)
    if not set_up_due(world.store):
        return see_other("/sign-in")
    try:
        _check(world, code, password, again)
        person = create_first_admin(
            world.store,
            login,
            display_name,
            password,
            world.town,
            world.now(),
            world.rules,
            ANONYMOUS,
        )
    except SetUpDone:
        return see_other("/sign-in")
    except DeskError as error:
        page = SetUpPage(login, display_name, str(error))
        return html(request, "set_up.html", error.status, page=page)
    return enter(request, _open(request, world, person), HOME)


def _check(world: World, code: str, password: str, again: str) -> None:
    """Raise :class:`Forbidden` for a wrong code, :class:`BadInput` for two passwords."""
    if not world.set_up.accepts(world.store, code, world.now()):
        raise Forbidden(
            "設定コードが違います。サーバーの画面（tsunagi serve の表示）に出たコードを入れてください。"
        )
    if password != again:
        raise BadInput("2つのパスワードが違います。同じものを2回入れてください。")


def _open(request: Request, world: World, person: Person) -> SignedIn:
    return open_for(
        world.store,
        person.id,
        client_of(request),
        request.headers.get("user-agent", ""),
        world.now(),
        world.rules,
        "set_up",
    )
