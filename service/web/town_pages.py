"""Choosing the town: whose desk, records and releases the pages are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.errors import NotFound
from service.records.town_knowledge import towns_with_records
from service.store.towns import Town
from service.web.record import record_refusal, record_switch
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import set_town, town_of, towns_for
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
DeskUser = Annotated[Viewer, Depends(needs("desk.use"))]


@dataclass(frozen=True, slots=True)
class Choice:
    """A town to choose; ``has_desk`` when something is known of it."""

    town: Town
    is_here: bool
    has_desk: bool


@dataclass(frozen=True, slots=True)
class TownPage:
    """The towns that the viewer may go to."""

    choices: tuple[Choice, ...]


@router.get("/town")
def town_page(request: Request, viewer: DeskUser) -> Response:
    """Show the towns whose desk the viewer may use."""
    here, known = town_of(request).code, frozenset(towns_with_records(world_of(request).store))
    choices = tuple(
        Choice(town, town.code == here, town.code in known) for town in towns_for(request, viewer)
    )
    return html(request, "town.html", page=TownPage(choices))


@router.post("/town")
def town_answer(request: Request, viewer: DeskUser, town: Annotated[str, Form()] = "") -> Response:
    """Go to a town; of one that is not open to the viewer nothing is told."""
    if town not in {each.code for each in towns_for(request, viewer)}:
        record_refusal(request, viewer, "desk.use")
        raise NotFound(
            "その自治体は選べません。必要なら、その自治体の管理者に役割を頼んでください。"
        )
    record_switch(request, viewer, town)
    response = see_other("/")
    set_town(response, world_of(request).settings, town)
    return response
