"""Every route's right: ``needs("...")``, or a place in ``PUBLIC`` with the reason.

``check_routes`` goes through a finished app and raises for a route that has neither, so a
forgotten one cannot be served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute

from service.accounts.rights import RIGHTS, allowed
from service.accounts.sign_in import find_viewer
from service.accounts.viewer import Viewer, single_user
from service.errors import DeskError, Forbidden
from service.web.cookies import read_token
from service.web.record import record_refusal
from service.web.town_of import chosen_town, town_of
from service.web.world import World, world_of

# path → why nobody needs to be signed in
PUBLIC: dict[str, str] = {
    "/static": "見た目と動きのファイルだけ。相談も利用者も含まない。",
    "/healthz": "動いているかを見張る仕組みが、ログインなしで確かめる。",
    "/openapi.json": "API の形だけ。",
    "/sign-in": "ログインする前の人が開く。",
    "/set-up": "利用者がまだいないときだけ、サーバーに出たコードで開く。",
    "/sign-in/oidc": "ログインする前の人を、認証基盤へ送る。",
    "/sign-in/oidc/callback": "認証基盤から戻った、まだログインしていない人が開く。",
}


class NotSignedIn(DeskError):
    """Nobody is signed in, or not any more."""

    code = "not_signed_in"
    status = 401


class MustChangePassword(DeskError):
    """The person still has the one-time password."""

    code = "must_change_password"
    status = 403


ViewerOf = Callable[[Request], Viewer]
_ACTION_OF: dict[object, str] = {}


@cache
def needs(action: str, before_change: bool = False) -> ViewerOf:
    """Return the dependency that gives the viewer, if the viewer may do ``action`` here.

    Here is the town that ``town_of`` gives for the request.

    ``before_change``: allowed while a one-time password still waits to be changed.  Raises
    :class:`NotSignedIn`, :class:`MustChangePassword` or :class:`Forbidden`, ValueError for an
    action that is not in the table of rights.
    """
    if action not in RIGHTS:
        raise ValueError(f"{action!r} is not in the table of rights")

    def viewer_of(request: Request) -> Viewer:
        world = world_of(request)
        viewer = find_out(request, world)
        if viewer is None:
            raise NotSignedIn("ログインしていないか、ログインの期限が切れました。")
        request.state.viewer = viewer
        if viewer.must_change_password and not before_change:
            raise MustChangePassword("先に、パスワードを自分で決めたものに変えてください。")
        town = town_of(request)
        if not allowed(viewer, action, town):
            record_refusal(request, viewer, action)
            raise Forbidden(
                f"この操作の権限がありません（{town.name}）。必要なら、管理者に役割を頼んでください。"
            )
        return viewer

    _ACTION_OF[viewer_of] = action
    return viewer_of


def find_out(request: Request, world: World) -> Viewer | None:
    """Return who asks; None for nobody.  Without accounts it is always the single user.

    That one has every role, in whichever town was chosen.
    """
    if not world.has_accounts:
        return single_user(chosen_town(request, world) or world.town)
    token = read_token(request)
    return find_viewer(world.store, token, world.now(), world.rules) if token else None


def check_routes(app: FastAPI) -> None:
    """Raise RuntimeError for a route without exactly one right, or a public one with any."""
    for route in app.routes:
        path, found = str(getattr(route, "path", route)), actions_of(route)
        if path in PUBLIC:
            if found:
                raise RuntimeError(f"{path}: public, but also needs {found}")
        elif len(found) != 1:
            raise RuntimeError(
                f'{path}: declare Depends(needs("...")) once, or name it in PUBLIC with a reason'
            )


def actions_of(route: BaseRoute) -> tuple[str, ...]:
    """Return the actions that a route declares."""
    calls = _calls(route.dependant) if isinstance(route, APIRoute) else ()
    return tuple(_ACTION_OF[call] for call in calls if call in _ACTION_OF)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
