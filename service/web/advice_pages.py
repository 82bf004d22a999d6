"""The prefecture's inbox: what towns asked, each with the packet alone, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.advice import AdviceRequest, answer, get_request, inbox
from service.cases.models import MAX_TEXT
from service.errors import BadInput, DeskError, NotFound
from service.records.errors import Changed
from service.store.audit import Event, append
from service.store.engine import reading, writing
from service.store.towns import Town, list_towns
from service.web.advice_words import Looked, look_through
from service.web.case_form import form_sent
from service.web.case_look import town_time
from service.web.record_look import people_names
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/advice")
Adviser = Annotated[Viewer, Depends(needs("advice.answer"))]
Sent = Annotated[FormData, Depends(form_sent)]
_MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class InboxPage:
    """What was asked; ``desk`` is None where no prefecture is registered."""

    desk: Town | None
    requests: tuple[AdviceRequest, ...]
    shows_all: bool
    open_count: int
    all_count: int
    said: str = ""
    town_time = staticmethod(town_time)


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request with its packet, and the answer or the form for it."""

    desk: Town
    asked: AdviceRequest
    names: Mapping[str, str]
    typed: str = ""
    error: str = ""
    looked: Looked | None = None
    max_text: int = MAX_TEXT
    town_time = staticmethod(town_time)


@router.get("")
def inbox_page(request: Request, _: Adviser, show: str = "open", done: str = "") -> Response:
    """Show the open requests, the longest waiting first, or all of them."""
    desk = _desk_of(request)
    engine = world_of(request).store
    every = inbox(engine, desk.code, only_open=False) if desk else ()
    waiting = tuple(one for one in every if one.answered_at is None)
    page = InboxPage(
        desk=desk,
        requests=(every if show == "all" else waiting)[:_MOST_LISTED],
        shows_all=show == "all",
        open_count=len(waiting),
        all_count=len(every),
        said="回答を送りました。" if done == "answered" else "",
    )
    return html(request, "advice.html", page=page)


@router.get("/{request_id}")
def request_page(request: Request, viewer: Adviser, request_id: str) -> Response:
    """Show one request, and record that it was seen."""
    world, desk = world_of(request), _desk_or_not_found(request)
    get_request(world.store, desk.code, request_id)
    seen = Event(viewer.person_id, "advice.see", ("advice", request_id), desk.code)
    with writing(world.store) as conn:
        append(conn, seen, world.now())
    return _show(request, request_id)


@router.post("/{request_id}")
def request_answer(request: Request, viewer: Adviser, request_id: str, sent: Sent) -> Response:
    """Send the answer; the town finds it in its case."""
    world, desk = world_of(request), _desk_or_not_found(request)
    get_request(world.store, desk.code, request_id)
    looked = look_through(request, sent, ("answer",), frozenset())
    typed = str(sent.get("answer") or "")
    if looked.to_ask:
        return _show(request, request_id, typed, looked=looked)
    text, who = looked.texts["answer"], viewer.person_id
    try:
        answer(world.store, desk.code, request_id, text, who, world.now())
    except (BadInput, Changed) as error:
        return _show(request, request_id, typed, error=error)
    return see_other("/advice?done=answered")


def _show(
    request: Request,
    request_id: str,
    typed: str = "",
    error: DeskError | None = None,
    looked: Looked | None = None,
) -> Response:
    desk, engine = _desk_or_not_found(request), world_of(request).store
    asked = get_request(engine, desk.code, request_id)
    people = {asked.asked_by} | ({asked.answered_by} if asked.answered_by else set())
    again = isinstance(error, Changed)
    page = RequestPage(
        desk=desk,
        asked=asked,
        names=people_names(engine, people),
        typed=typed,
        error="ほかの人が先に変えました。この求めには、もう回答があります。"
        if again
        else str(error or ""),
        looked=looked,
    )
    status = error.status if error else 422 if looked else 200
    return html(request, "advice_request.html", status, page=page)


def _desk_of(request: Request) -> Town | None:
    """Return the prefecture whose inbox the request is about: the town's own, or itself."""
    town = town_of(request)
    if town.kind == "prefecture":
        return town
    with reading(world_of(request).store) as conn:
        near = list_towns(conn, town.prefecture_code)
    return next((one for one in near if one.kind == "prefecture"), None)


def _desk_or_not_found(request: Request) -> Town:
    desk = _desk_of(request)
    if desk is None:
        raise NotFound(
            "都道府県の窓口が登録されていません。管理者に、都道府県の登録を頼んでください。"
        )
    return desk
