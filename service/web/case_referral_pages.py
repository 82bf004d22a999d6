"""Whom a case is connected to: choosing, moving on, taking away, and why not somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.keep import get_case
from service.cases.models import Case, Target
from service.cases.referring import add_own, choose, drop_referral, move_referral, reject
from service.errors import BadInput
from service.web.case_form import form_sent
from service.web.case_look import folder_of
from service.web.case_pages import do, next_day
from service.web.case_words import words_to_keep
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/cases/{case_id}")
Changer = Annotated[Viewer, Depends(needs("cases.change"))]
Sent = Annotated[FormData, Depends(form_sent)]
_NAME_CHARS = 200


@router.post("/referrals/{referral_id}/move")
def move_answer(
    request: Request, viewer: Changer, case_id: str, referral_id: str, sent: Sent
) -> Response:
    """Note how far a connection has come."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"memo": "つなぎのメモ"})
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        return move_referral(
            referral_id,
            _text(sent, "state"),  # type: ignore[arg-type]  # the step checks it
            _text(sent, "reason") or None,  # type: ignore[arg-type]  # the step checks it
            next_day(sent, "next_on", folder.today, "次に確かめる日"),
            texts["memo"],
            viewer.person_id,
            world_of(request).now(),
        )

    return do(request, viewer, case, sent, step, "moved", f"move-{referral_id}")


@router.post("/referrals/{referral_id}/drop")
def drop_answer(
    request: Request, viewer: Changer, case_id: str, referral_id: str, sent: Sent
) -> Response:
    """Take a connection away that nobody has been contacted for."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    return do(
        request, viewer, case, sent, lambda: drop_referral(referral_id), "dropped", f"move-{referral_id}"
    )  # fmt: skip


@router.post("/choose")
def choose_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Choose one more of the suggestions that were shown."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"why": "つなぐ理由"})
    if isinstance(texts, Response):
        return texts
    why = texts["why"] or next((s.reason for s in case.shown if s.target.key == _key(sent)), "")

    def step() -> Callable[[Case], Case]:
        now = world_of(request).now()
        return choose(_target(case, _key(sent)), why[:2_000], viewer.person_id, now)

    return do(request, viewer, case, sent, step, "chosen", "choose")


@router.post("/own")
def own_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Connect to somebody whom the desk itself names."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    labels = {"name": "つなぎ先の名前", "why": "つなぐ理由"}
    texts = words_to_keep(request, folder, case, sent, labels, offices=frozenset({"name"}))
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        target = _own_target(sent, texts["name"])
        return add_own(target, texts["why"], viewer.person_id, world_of(request).now())

    return do(request, viewer, case, sent, step, "chosen", "own")


@router.post("/reject")
def reject_answer(request: Request, viewer: Changer, case_id: str, sent: Sent) -> Response:
    """Note why a suggestion is not followed."""
    folder = folder_of(request, viewer)
    case = get_case(folder.engine, folder.town.code, case_id)
    texts = words_to_keep(request, folder, case, sent, {"memo": "選ばない理由のメモ"})
    if isinstance(texts, Response):
        return texts

    def step() -> Callable[[Case], Case]:
        reason = _text(sent, "reason")
        return reject(_target(case, _key(sent)), reason, texts["memo"])  # type: ignore[arg-type]  # the step checks it

    return do(request, viewer, case, sent, step, "rejected", "reject")


def _own_target(sent: FormData, name: str) -> Target:
    """Return the office as it was typed.  Raises :class:`BadInput`."""
    fields = {f: _text(sent, f) for f in ("window", "phone", "hours", "address")}
    if not name.strip():
        raise BadInput("つなぎ先の名前を書いてください。")
    for text in (name, *fields.values()):
        if len(text) > _NAME_CHARS:
            raise BadInput(f"つなぎ先の名前や電話は、{_NAME_CHARS}文字以内にしてください。")
    return Target(kind="own", name=name.strip(), **fields)


def _target(case: Case, key: str) -> Target:
    """Return what was suggested under a key.  Raises :class:`BadInput`."""
    for target in (*(s.target for s in case.shown), *(r.target for r in case.rejected)):
        if target.key == key:
            return target
    raise BadInput("この支援先は、この相談の候補にありません。画面を開き直してください。")


def _key(sent: FormData) -> str:
    return _text(sent, "key")


def _text(sent: FormData, name: str) -> str:
    return str(sent.get(name) or "").replace("\x00", "").strip()
