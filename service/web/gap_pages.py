"""Nothing fits: noted in one click, as codes, and taken back as easily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.gaps import NewGap, note_gap, take_back_gap
from service.errors import BadInput
from service.triage.triage import Desk
from service.web.desk_form import desk_form
from service.web.render import html, is_htmx, see_other
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Changer = Annotated[Viewer, Depends(needs("cases.change"))]
Sent = Annotated[FormData, Depends(desk_form)]


@dataclass(frozen=True, slots=True)
class GapPage:
    """A gap that was noted (``gap_id``), or taken back (``gap_id`` "")."""

    gap_id: str = ""


@router.post("/gaps")
def note_answer(request: Request, viewer: Changer, sent: Sent) -> Response:
    """Note that nothing fitted: the codes of troubles and categories, and nothing else."""
    world, town = world_of(request), town_of(request)
    new = _new_gap(sent, desk_of(request))
    gap = note_gap(world.store, town.code, new, viewer.person_id, world.now())
    if is_htmx(request):
        return html(request, "_gap.html", page=GapPage(gap.id))
    return see_other(f"/gaps/{gap.id}")


@router.get("/gaps/{gap_id}")
def noted_page(request: Request, _viewer: Changer, gap_id: str) -> Response:
    """Say that it was noted, with the button that takes it back."""
    return html(request, "gap.html", page=GapPage(gap_id))


@router.get("/gaps-taken-back")
def taken_back_page(request: Request, _viewer: Changer) -> Response:
    """Say that it was taken back."""
    return html(request, "gap.html", page=GapPage())


@router.post("/gaps/{gap_id}/take-back")
def take_back_answer(request: Request, viewer: Changer, gap_id: str) -> Response:
    """Take it back.  Raises NotFound for one that is not there any more."""
    world, town = world_of(request), town_of(request)
    take_back_gap(world.store, town.code, gap_id, viewer.person_id, world.now())
    if is_htmx(request):
        return html(request, "_gap.html", page=GapPage())
    return see_other("/gaps-taken-back")


def _new_gap(sent: FormData, desk: Desk) -> NewGap:
    problems = tuple(dict.fromkeys(str(code) for code in sent.getlist("problem")))
    categories = tuple(dict.fromkeys(str(code) for code in sent.getlist("category")))
    known = {rule.code for rule in desk.problem_rules}
    if set(problems) - known or set(categories) - set(desk.codes):
        raise BadInput("課題か分野の種類が、いまのものと違います。画面を開き直してください。")
    return NewGap(kind="nothing_fits", problems=problems, categories=categories)
