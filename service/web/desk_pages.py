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
from service.web.render import html, is_htmx
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
DeskUser = Annotated[Viewer, Depends(needs("desk.use"))]


@router.get("/")
def desk_page(request: Request, _viewer: DeskUser) -> Response:
    """Show the empty desk."""
    return _page(request, DeskPage())


@router.post("/")
def answer(request: Request, viewer: DeskUser, note: Annotated[str, Form()] = "") -> Response:
    """Show what the note leads to."""
    world = world_of(request)
    try:
        found = triage(world.desk, note, world.today())
    except NoteProblem as error:
        return _page(request, DeskPage(note=note, error=str(error)), 422)
    record_triage(world, viewer, found, "page")
    knowledge = world.desk.knowledge
    resources = {resource.id: resource for resource in knowledge.resources}
    now = world.now().astimezone()
    return _page(request, answer_page(note, found, resources, knowledge.town.windows, now))


def _page(request: Request, page: DeskPage, status: int = 200) -> Response:
    # htmx asks for the result alone; a browser without JavaScript gets the whole page.
    template = "_result.html" if is_htmx(request) else "desk.html"
    return html(request, template, status, page=page, sign_in_again=False)
