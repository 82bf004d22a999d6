"""The desk itself: one page that takes a note and shows what it leads to.

The note is answered and forgotten: nothing here writes it to disk, log or session.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.page import DeskPage, answer_page
from service.triage.note import NoteProblem
from service.triage.triage import triage
from service.web.record import record_triage
from service.web.refusal_pages import reports_to
from service.web.render import html, is_htmx
from service.web.rights_dependency import needs
from service.web.town_of import desk_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
DeskUser = Annotated[Viewer, Depends(needs("desk.use"))]


@router.get("/")
def desk_page(request: Request, _viewer: DeskUser) -> Response:
    """Show the empty desk; a town of which nothing is known says so before a note is typed."""
    desk_of(request)
    return _page(request, DeskPage())


@router.post("/")
def answer(request: Request, viewer: DeskUser, note: Annotated[str, Form()] = "") -> Response:
    """Show what the note leads to."""
    world, desk = world_of(request), desk_of(request)
    try:
        found = triage(desk, note, world.today())
    except NoteProblem as error:
        return _page(request, DeskPage(note=note, error=str(error)), 422)
    record_triage(request, viewer, found, "page")
    now, windows = world.now().astimezone(), desk.knowledge.town.windows
    page = answer_page(note, found, desk.resources.by_id, windows, now, reports_to(request, viewer))
    return _page(request, page)


def _page(request: Request, page: DeskPage, status: int = 200) -> Response:
    # htmx asks for the result alone; a browser without JavaScript gets the whole page.
    template = "_result.html" if is_htmx(request) else "desk.html"
    return html(request, template, status, page=page, sign_in_again=False)
