"""Earlier cases of this desk that are like the note on the screen.

The note comes in the form's body and is forgotten; what is shown is what was kept: masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.models import Case
from service.cases.similar import Similar, similar_cases
from service.cases.words import CASE_STATES, CLOSED, REFERRAL_STATES, REFUSED
from service.store.audit import Event, append
from service.store.engine import writing
from service.triage.note import check_note
from service.web.desk_form import desk_form, note_of
from service.web.render import html, is_htmx
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("cases.read"))]
Sent = Annotated[FormData, Depends(desk_form)]
_TEXT_CHARS = 120


@dataclass(frozen=True, slots=True)
class Met:
    """A connection of an earlier case and what came of it."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier case: its masked beginning, its troubles, what was chosen."""

    id: str
    label: str
    state: str
    text: str
    problems: tuple[str, ...]
    met: tuple[Met, ...]


@dataclass(frozen=True, slots=True)
class SimilarPage:
    """The nearest cases, nearest first."""

    cases: tuple[Earlier, ...]


@router.post("/similar")
def similar_answer(request: Request, viewer: Reader, sent: Sent) -> Response:
    """Show the nearest cases.  Raises NoteProblem for a note that cannot be read."""
    world, desk, town = world_of(request), desk_of(request), town_of(request)
    note = note_of(sent)
    check_note(note)
    vector = desk.embedder.encode(note)
    found = similar_cases(world.store, town.code, desk.embedder.digest, vector)
    if found:
        with writing(world.store) as conn:
            event = Event(
                viewer.person_id, "case.list", None, town.code, detail={"count": len(found)}
            )
            append(conn, event, world.now())
    page = SimilarPage(tuple(_earlier(similar) for similar in found))
    return html(request, "_similar.html" if is_htmx(request) else "similar.html", page=page)


def _earlier(similar: Similar) -> Earlier:
    case = similar.case
    text = " ".join(case.text.split())
    return Earlier(
        id=case.id,
        label=case.label,
        state=_state(case),
        text=text[:_TEXT_CHARS] + ("…" if len(text) > _TEXT_CHARS else ""),
        problems=tuple(dict.fromkeys(problem.label for problem in case.problems)),
        met=tuple(
            Met(
                r.target.name,
                REFERRAL_STATES[r.state] + (f"（{REFUSED[r.reason]}）" if r.reason else ""),
            )
            for r in case.referrals
        ),
    )


def _state(case: Case) -> str:
    words = CASE_STATES[case.state]
    return f"{words}（{CLOSED[case.closed_reason]}）" if case.closed_reason else words
