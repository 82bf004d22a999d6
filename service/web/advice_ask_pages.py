"""Asking the prefecture for back-up (後方支援): the packet, its way out, an answer on paper.

The prefecture sees the packet, never the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.advice import ask, desk_of_prefecture, note_answer
from service.cases.keep import get_case, note_print, see_case
from service.cases.models import MAX_MEMO, MAX_TEXT, Advice, Case
from service.cases.sharing import Sharing, may_share
from service.errors import BadInput, DeskError, NotFound
from service.printouts.make import NotShareable, as_text, make_printout
from service.records.errors import Changed
from service.store.towns import Town
from service.web.advice_words import Looked, look_through
from service.web.case_form import form_sent
from service.web.case_look import Folder, address_of, folder_of, names_in, town_time
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import desk_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/cases/{case_id}/advice")
Changer = Annotated[Viewer, Depends(needs("cases.change"))]
Sent = Annotated[FormData, Depends(form_sent)]
_DONE = {
    "file": "資料を作りました。下の「資料を書き出す」から、ファイルを取り出してください。",
    "answered": "回答を記録しました。",
}
_AGAIN = "ほかの人が先に変えました。いまの内容を確かめて、もう一度押してください。"


@dataclass(frozen=True, slots=True)
class AskPage:
    """The packet to be sent, and what was asked before.

    ``typed``: what was sent and could not be done; ``typed_for`` is "" or the advice's id.
    """

    folder: Folder
    case: Case
    sharing: Sharing
    prefecture: Town | None
    packet: str
    names: Mapping[str, str]
    typed: Mapping[str, str]
    typed_for: str = ""
    error: str = ""
    said: str = ""
    looked: Looked | None = None
    max_question: int = MAX_MEMO
    max_text: int = MAX_TEXT
    town_time = staticmethod(town_time)

    @property
    def href(self) -> str:
        """Where the case's page is."""
        return address_of(self.case)


@router.get("")
def ask_page(request: Request, viewer: Changer, case_id: str, done: str = "") -> Response:
    """Show the packet as it would go out, and what was asked before."""
    folder = folder_of(request, viewer)
    now = world_of(request).now()
    case = see_case(folder.engine, folder.town.code, case_id, viewer.person_id, now)
    return _show(request, viewer, case, said=_DONE.get(done, ""))


@router.post("")
def ask_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Send what is asked to the prefecture's desk, or make it ready as a file."""
    folder, now = folder_of(request, viewer), world_of(request).now()
    case = get_case(folder.engine, folder.town.code, case_id)
    own = frozenset(_packet(request, viewer, case).split("\n"))
    sharing = may_share(case, "packet")
    if not sharing.allowed:
        return _show(request, viewer, case, sent, error=NotShareable(sharing.warning))
    looked = look_through(request, sent, ("question", "packet"), own)
    if looked.to_ask:
        return _show(request, viewer, case, sent, looked=looked)
    to = desk_of_prefecture(folder.engine, folder.town.code) if sent.get("how") == "send" else None
    try:
        ask(
            folder.engine,
            folder.town.code,
            to.code if to else "",
            case_id,
            looked.texts["question"],
            looked.texts["packet"],
            _revision(sent),
            viewer.person_id,
            now,
        )
    except (BadInput, Changed) as error:
        return _show(request, viewer, case, sent, error=error)
    return see_other(
        f"{address_of(case)}?done=asked" if to else f"{address_of(case)}/advice?done=file"
    )


@router.post("/{advice_id}/answer")
def paper_answer(
    request: Request, viewer: Changer, case_id: str, advice_id: str, sent: Sent
) -> Response:
    """Write down an answer that came on paper or by telephone."""
    folder, now = folder_of(request, viewer), world_of(request).now()
    case = get_case(folder.engine, folder.town.code, case_id)
    _advice_in(case, advice_id)
    looked = look_through(request, sent, ("answer",), frozenset())
    if looked.to_ask:
        return _show(request, viewer, case, sent, advice_id, looked=looked)
    try:
        note_answer(
            folder.engine,
            folder.town.code,
            case_id,
            advice_id,
            looked.texts["answer"],
            _revision(sent),
            viewer.person_id,
            now,
        )
    except (BadInput, Changed) as error:
        return _show(request, viewer, case, sent, advice_id, error=error)
    return see_other(f"{address_of(case)}/advice?done=answered")


@router.get("/{advice_id}/file")
def packet_file(request: Request, viewer: Changer, case_id: str, advice_id: str) -> Response:
    """Return what was asked as a page that stands alone, with room for the answer."""
    folder, world = folder_of(request, viewer), world_of(request)
    case = get_case(folder.engine, folder.town.code, case_id)
    advice, sharing = _advice_in(case, advice_id), may_share(case, "packet")
    if not sharing.allowed:
        # The consent may have been taken back since.
        raise NotShareable(sharing.warning)
    code, who = folder.town.code, viewer.person_id
    note_print(folder.engine, code, case_id, "packet", "html", who, world.now())
    text = world.templates.get_template("advice_file.html").render(
        case=case, advice=advice, town=folder.town, asked_at=town_time(advice.asked_at)
    )
    disposition = f'attachment; filename="tsunagi-{case.label}-packet.html"'
    headers = {"Content-Disposition": disposition}
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")


def _show(
    request: Request,
    viewer: Viewer,
    case: Case,
    sent: FormData | None = None,
    typed_for: str = "",
    error: DeskError | None = None,
    looked: Looked | None = None,
    said: str = "",
) -> Response:
    folder = folder_of(request, viewer)
    if isinstance(error, Changed):
        # The newest, with what was typed.
        case = get_case(folder.engine, folder.town.code, case.id)
    page = AskPage(
        folder=folder,
        case=case,
        sharing=may_share(case, "packet"),
        prefecture=desk_of_prefecture(folder.engine, folder.town.code),
        packet=_packet(request, viewer, case),
        names=names_in(folder.engine, case),
        typed={name: str(value) for name, value in sent.multi_items()} if sent else {},
        typed_for=typed_for,
        error=_AGAIN if isinstance(error, Changed) else str(error or ""),
        said=said,
        looked=looked,
    )
    status = error.status if error else 422 if looked else 200
    return html(request, "advice_ask.html", status, page=page)


def _packet(request: Request, viewer: Viewer, case: Case) -> str:
    """Return the packet as the program writes it; "" when it may not go out."""
    today = world_of(request).today()
    try:
        knowledge = desk_of(request).knowledge
        return as_text(make_printout(case, "packet", knowledge, today, viewer.display_name))
    except NotShareable:
        return ""


def _advice_in(case: Case, advice_id: str) -> Advice:
    for advice in case.advice:
        if advice.id == advice_id:
            return advice
    raise NotFound("その後方支援の求めはありません。相談を開き直してください。")


def _revision(sent: FormData) -> int:
    text = str(sent.get("revision") or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
