"""Filling templates: the page itself, and the frame that every page has around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.store.towns import Town
from service.web.town_of import town_so_far
from service.web.world import World, world_of

_SERVICE = Path(__file__).parents[1]
STATIC = _SERVICE / "static"


# address, words, the right it takes
_MENU = (
    ("/", "窓口", "desk.use"),
    ("/cases", "相談", "cases.read"),
    ("/insights", "気づき", "insights.read"),
    ("/advice", "後方支援", "advice.answer"),
    ("/records", "支援先", "records.read"),
    ("/records/import", "取り込み", "records.import"),
    ("/releases", "データの版", "releases.change"),
    ("/accounts", "利用者", "accounts.list"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page in the menu."""

    href: str
    words: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page: whose desk this is, who is signed in, where one may go."""

    town: Town
    invented: bool
    single_user: bool
    viewer: Viewer | None
    menu: tuple[Link, ...]
    may_switch_town: bool


def new_templates() -> Environment:
    """Return the environment for all pages; a name that a page lacks is an error, not a gap."""
    templates = Environment(
        loader=FileSystemLoader(_SERVICE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    templates.globals["static"] = static_address
    return templates


def is_htmx(request: Request) -> bool:
    """Tell whether htmx asks for a piece of the page, not a browser for all of it."""
    return "hx-request" in request.headers


def html(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """Return ``template`` filled with ``values`` and the frame."""
    text = world_of(request).templates.get_template(template)
    body = text.render(frame=_frame(request), **values)
    # One address answers in two forms.
    return Response(body, status, {"Vary": "HX-Request"}, media_type="text/html; charset=utf-8")


def see_other(path: str) -> Response:
    """Send the browser to another page of ours with a GET."""
    return RedirectResponse(path, 303)


@cache
def static_version(name: str) -> str:
    """Return the digest of a static file: its address changes when its content does."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]


def static_address(name: str) -> str:
    """Return the address under which browsers may keep the file for good."""
    return f"/static/{name}?v={static_version(name)}"


def _frame(request: Request) -> Frame:
    world = world_of(request)
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    town = town_so_far(request)
    desk = world.desks.loaded(town.code)
    return Frame(
        town=town,
        invented=desk is not None and desk.knowledge.town.invented,
        single_user=not world.has_accounts,
        viewer=viewer if world.has_accounts else None,
        menu=_menu(request, world, viewer, town),
        may_switch_town=viewer is not None and _may_switch(world, viewer),
    )


def _menu(request: Request, world: World, viewer: Viewer | None, town: Town) -> tuple[Link, ...]:
    if viewer is None or viewer.must_change_password:
        return ()
    return tuple(
        Link(href, words, request.url.path == href)
        for href, words, action in _MENU
        if allowed(viewer, action, town)
        and (world.engine is not None or href == "/")
        and (world.has_accounts or href != "/accounts")
    )


def _may_switch(world: World, viewer: Viewer) -> bool:
    """Tell whether there may be another town to go to; the page itself knows for certain."""
    if world.engine is None or viewer.must_change_password:
        return False
    if not world.has_accounts:
        return True
    return len(viewer.towns) > 1 or any(town.kind == "prefecture" for town in viewer.towns)
