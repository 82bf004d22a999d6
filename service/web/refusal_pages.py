"""When a suggestion came to nothing: the desk says why, and the record's keeper is told.

Only the record's id and a reason from a fixed list come here.  The note stays on the screen
that asked: it is neither stored nor sent a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from knowledge.freshness import DOUBTS
from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.errors import DeskError
from service.records.reports import report_refusal
from service.web.render import html, is_htmx
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reporter = Annotated[Viewer, Depends(needs("records.report"))]


class OtherTown(DeskError):
    """The card is of another town than the one the viewer is in now."""

    code = "other_town"
    status = 409


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """What was noted; ``is_doubted``: it speaks against the record, not against one visit."""

    name: str
    reason: str
    is_doubted: bool


def reports_to(request: Request, viewer: Viewer) -> str:
    """Return the code of the town that hears of refusals; "" when there is none to tell."""
    town = town_of(request)
    has_store = world_of(request).engine is not None
    return town.code if has_store and allowed(viewer, "records.report", town) else ""


# Ids come from the towns' own tables, and some write a slash.
@router.post("/records/{record_id:path}/reports")
def report(
    request: Request,
    viewer: Reporter,
    record_id: str,
    reason: Annotated[str, Form()] = "",
    town: Annotated[str, Form()] = "",
) -> Response:
    """Note why a suggestion came to nothing, and say so.  Raises NotFound, BadInput, OtherTown."""
    world, here = world_of(request), town_of(request)
    if town != here.code:
        raise OtherTown(
            f"候補を出したあとで、自治体が「{here.name}」に切り替わっています。"
            "元の自治体に戻してから、もう一度押してください。"
        )
    noted = report_refusal(world.store, here.code, record_id, reason, viewer.person_id, world.now())
    page = RefusalPage(
        name=_name(request, record_id),
        reason=noted.reason_words,
        is_doubted=noted.reason_words in DOUBTS,
    )
    template = "_refusal_noted.html" if is_htmx(request) else "refusal_noted.html"
    return html(request, template, page=page)


def _name(request: Request, record_id: str) -> str:
    resources = desk_of(request).knowledge.resources
    return next((r.name for r in resources if r.id == record_id), record_id)
