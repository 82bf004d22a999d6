"""Filling templates: the page itself, and the frame that every page has around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from knowledge.models import Town as TownFacts
from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.web.world import world_of

_SERVICE = Path(__file__).parents[1]
STATIC = _SERVICE / "static"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page: whose desk this is, and who is signed in."""

    town: TownFacts
    single_user: bool
    viewer: Viewer | None
    may_list_accounts: bool


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
    signed_in = viewer if world.has_accounts else None
    return Frame(
        town=world.desk.knowledge.town,
        single_user=not world.has_accounts,
        viewer=signed_in,
        may_list_accounts=signed_in is not None
        and not signed_in.must_change_password
        and allowed(signed_in, "accounts.list", world.town),
    )
