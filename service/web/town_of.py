"""Which town a request is about: chosen by a cookie, checked against the rights each time."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.settings import Settings
from service.store.engine import reading
from service.store.towns import Town, find_town, list_towns
from service.triage.triage import Desk
from service.web.world import World, world_of

NAME = "tsunagi_town"
# Being in a town at all is being allowed to use its desk.
_TO_BE_THERE = "desk.use"


def town_of(request: Request) -> Town:
    """Return the town whose desk, records and people this request is about.

    The chosen one if the viewer may use its desk, else the home town, else the first town that
    the viewer has a role in.  Before somebody is known (sign-in, errors): the home town.  The
    answer stays the same for the whole request.
    """
    known: Town | None = getattr(request.state, "town", None)
    if known is not None:
        return known
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    world = world_of(request)
    if viewer is None:
        return world.town
    request.state.town = _landing(request, world, viewer)
    return request.state.town  # type: ignore[no-any-return]  # the state is untyped


def town_so_far(request: Request) -> Town:
    """Return what ``town_of`` has found in this request, else the home town; asks no database.

    For the frame of a page, which may be the page that says the database is gone.
    """
    known: Town | None = getattr(request.state, "town", None)
    return known or world_of(request).town


def desk_of(request: Request) -> Desk:
    """Return the desk of the request's town, the same one for the whole request.

    Raises :class:`service.errors.NotReady` when the town has no knowledge yet.
    """
    known: Desk | None = getattr(request.state, "desk", None)
    if known is None:
        known = world_of(request).desks.of(town_of(request).code)
        request.state.desk = known
    return known


def chosen_town(request: Request, world: World) -> Town | None:
    """Return the town that the cookie names, if it is registered; nothing is checked yet."""
    code = request.cookies.get(NAME)
    if not code or code == world.town.code:
        return None
    if world.engine is None or not (code.isascii() and code.isalnum() and len(code) <= 12):
        return None
    with reading(world.engine) as conn:
        return find_town(conn, code)


def towns_for(request: Request, viewer: Viewer) -> tuple[Town, ...]:
    """Return the towns whose desk the viewer may use, by code: what there is to choose from."""
    world = world_of(request)
    if world.engine is None:
        return (world.town,)
    with reading(world.engine) as conn:
        every = list_towns(conn)
    if not world.has_accounts:
        return every
    return tuple(town for town in every if allowed(viewer, _TO_BE_THERE, town))


def set_town(response: Response, settings: Settings, code: str) -> None:
    """Have the browser remember the town until it is closed."""
    response.set_cookie(
        NAME, code, path="/", secure=settings.secure_cookie, httponly=True, samesite="lax"
    )


def _landing(request: Request, world: World, viewer: Viewer) -> Town:
    chosen = chosen_town(request, world)
    for town in (chosen, world.town, *viewer.towns):
        if town is not None and allowed(viewer, _TO_BE_THERE, town):
            return town
    # Somebody without any role: every page but the own account refuses, under the home's name.
    return world.town
