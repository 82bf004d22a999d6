"""What else is done to a case: red flags, consent, memo, its end, and going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.keep import get_case, undo_case
from service.cases.models import Case
from service.cases.steps import close, decide_flag, reopen, set_basics, set_consent, set_memo
from service.errors import BadInput
from service.records.errors import Changed
from service.web.case_form import form_sent
from service.web.case_look import address_of, folder_of
from service.web.case_new_pages import districts_of
from service.web.case_pages import a_day, do, next_day, revision_in, show_case
from service.web.case_words import words_to_keep
from service.web.render import see_other
from service.web.rights_dependency import needs
from service.web.town_of import desk_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/cases/{case_id}")
Changer = Annotated[Viewer, Depends(needs("cases.change"))]
Sent = Annotated[FormData, Depends(form_sent)]


@router.post("/flags/{index}")
def flag_answer(
    request: Request, viewer: Changer, case_id: str, index: int, sent: Sent
) -> Response:
    """Note what was decided about a red flag that was shown."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"memo": "緊急・通報のメモ"})
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        decision, now = str(sent.get("decision") or ""), world_of(request).now()
        return decide_flag(index, decision, texts["memo"], viewer.person_id, now)  # type: ignore[arg-type]  # the step checks it

    return do(request, viewer, case, sent, step, "decided", f"flag-{index}")


@router.post("/consent")
def consent_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Note whether the person agrees to sharing."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"consent_memo": "同意のメモ"})
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        day = a_day(sent, "consent_on", "同意を確かめた日")
        if day is not None and day > folder.today:
            raise BadInput("同意を確かめた日が、きょうより先です。")
        return set_consent(str(sent.get("consent") or ""), day, texts["consent_memo"])  # type: ignore[arg-type]  # the step checks it

    return do(request, viewer, case, sent, step, "consent", "consent")


@router.post("/memo")
def memo_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Write the memo and the next day to look at the case."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"memo": "メモ"})
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        day = a_day(sent, "next_on", "次に見る日")
        # A day that has passed may stay while the memo is written on.
        if day != case.next_on:
            day = next_day(sent, "next_on", folder.today, "次に見る日")
        return set_memo(texts["memo"], day)

    return do(request, viewer, case, sent, step, "memo", "memo")


@router.post("/basics")
def basics_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Correct how the person came, the age group and the district."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    known = ("", case.district, *districts_of(desk_of(request)))

    def step() -> Callable[[Case], Case]:
        channel, age, district = (
            str(sent.get(name) or "") for name in ("channel", "age_group", "district")
        )
        # From the list alone: typed words could name a person.
        if district not in known:
            raise BadInput("地区を、一覧から選んでください。")
        return set_basics(channel, age, district)  # type: ignore[arg-type]  # the step checks them

    return do(request, viewer, case, sent, step, "basics", "basics")


@router.post("/close")
def close_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """End the case."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)

    def step() -> Callable[[Case], Case]:
        return close(str(sent.get("reason") or ""), world_of(request).now())  # type: ignore[arg-type]  # the step checks it

    return do(request, viewer, case, sent, step, "closed", "close", "case.close")


@router.post("/reopen")
def reopen_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Take a closed case up again."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    return do(request, viewer, case, sent, reopen, "reopened", "reopen", "case.reopen")


@router.post("/undo")
def undo_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Bring back an earlier version, as one more version."""
    folder, now = folder_of(request, viewer), world_of(request).now()
    case = get_case(folder.engine, folder.town.code, case_id)
    text = str(sent.get("to_revision") or "")
    to = int(text) if text.isdecimal() and len(text) < 10 else 0
    try:
        undo_case(
            folder.engine,
            folder.town.code,
            case_id,
            to,
            revision_in(sent),
            viewer.person_id,
            now,
        )
    except (BadInput, Changed) as error:
        return show_case(request, viewer, case_id, error=error)
    return see_other(f"{address_of(case)}?done=undone")
