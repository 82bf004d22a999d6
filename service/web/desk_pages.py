"""The desk itself: one page that takes a note and shows what it leads to.

The note is answered and forgotten: nothing here writes it to disk, log or session.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.cases.days import TOWN_TIME
from service.page import DeskPage, Offers, answer_page
from service.triage.note import NoteProblem
from service.triage.triage import triage
from service.web.desk_form import desk_form, note_of, read_picked
from service.web.record import record_triage
from service.web.refusal_pages import reports_to
from service.web.render import html, is_htmx
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
DeskUser = Annotated[Viewer, Depends(needs("desk.use"))]
Sent = Annotated[FormData, Depends(desk_form)]


@router.get("/")
def desk_page(request: Request, _viewer: DeskUser) -> Response:
    """Show the empty desk; a town of which nothing is known says so before a note is typed."""
    desk_of(request)
    return _page(request, DeskPage())


@router.post("/")
def answer(request: Request, viewer: DeskUser, sent: Sent) -> Response:
    """Show what the note and the answers given at the desk lead to."""
    world, desk, note = world_of(request), desk_of(request), note_of(sent)
    picked = read_picked(sent, desk.knowledge)
    try:
        found = triage(desk, note, world.today(), answers=picked.answers)
    except NoteProblem as error:
        return _page(request, DeskPage(note=note, error=str(error), picked=picked), 422)
    record_triage(request, viewer, found, "page")
    now, windows = world.now().astimezone(TOWN_TIME), desk.knowledge.town.windows
    offers = _offers(request, viewer)
    page = answer_page(note, found, desk.resources.by_id, windows, now, offers, picked)
    return _page(request, page)


def _offers(request: Request, viewer: Viewer) -> Offers:
    town = town_of(request)
    has_store = world_of(request).engine is not None
    return Offers(
        reports_to=reports_to(request, viewer),
        may_keep=has_store and allowed(viewer, "cases.change", town),
        may_see_cases=has_store and allowed(viewer, "cases.read", town),
    )


def _page(request: Request, page: DeskPage, status: int = 200) -> Response:
    # htmx asks for the result alone; a browser without JavaScript gets the whole page.
    template = "_result.html" if is_htmx(request) else "desk.html"
    return html(request, template, status, page=page, sign_in_again=False)
