"""What is done to a record with one button: verified, closed, reopened, brought back, settled.

None of it asks for more than the page shows; all of it stands in the history and can be undone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.errors import BadInput
from service.records.errors import Changed
from service.records.keep import (
    close_record,
    get_record,
    reopen_record,
    undo_record,
    verify_record,
)
from service.records.kept import Kept
from service.records.reports import settle_report
from service.web.record_look import Row, address_of, row_of
from service.web.record_pages import show_record
from service.web.record_town import RecordId, Shelf, an_id, shelf_of, verifier_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/records/{record_id}")
Changer = Annotated[Viewer, Depends(needs("records.change"))]
Revision = Annotated[int, Form()]


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """What closing or reopening will do, before it is done."""

    shelf: Shelf
    row: Row
    what: Literal["close", "reopen"]
    is_window: bool


@router.post("/verify")
def verify_answer(
    request: Request,
    viewer: Changer,
    record_id: RecordId,
    revision: Revision,
    by_name: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Note that somebody made sure today; from the work list, go back to it."""
    world, shelf = world_of(request), shelf_of(request, viewer)
    try:
        verify_record(
            shelf.engine,
            shelf.town.code,
            record_id,
            by_name.strip() or verifier_of(get_record(shelf.engine, shelf.town.code, record_id)),
            viewer.person_id,
            world.now(),
            world.today(),
            revision,
        )
    except (BadInput, Changed) as error:
        return show_record(request, viewer, record_id, error=error)
    if back == "due":
        return see_other("/records/due?done=verified")
    return see_other(f"{address_of(record_id)}?done=verified")


@router.get("/close")
def close_page(request: Request, viewer: Changer, record_id: RecordId) -> Response:
    """Say what closing does, and ask."""
    return _confirm(request, viewer, record_id, "close")


@router.post("/close")
def close_answer(
    request: Request, viewer: Changer, record_id: RecordId, revision: Revision
) -> Response:
    """Close the record; it stays in the history."""

    def close(shelf: Shelf) -> Kept:
        now = world_of(request).now()
        return close_record(
            shelf.engine, shelf.town.code, record_id, revision, viewer.person_id, now
        )

    return _do(request, viewer, record_id, close, "closed")


@router.get("/reopen")
def reopen_page(request: Request, viewer: Changer, record_id: RecordId) -> Response:
    """Say what reopening does, and ask."""
    return _confirm(request, viewer, record_id, "reopen")


@router.post("/reopen")
def reopen_answer(
    request: Request, viewer: Changer, record_id: RecordId, revision: Revision
) -> Response:
    """Use a closed or vanished record again."""

    def reopen(shelf: Shelf) -> Kept:
        now = world_of(request).now()
        return reopen_record(
            shelf.engine, shelf.town.code, record_id, revision, viewer.person_id, now
        )

    return _do(request, viewer, record_id, reopen, "reopened")


@router.post("/undo")
def undo_answer(
    request: Request,
    viewer: Changer,
    record_id: RecordId,
    revision: Revision,
    to_revision: Annotated[int, Form()],
) -> Response:
    """Bring back the values of an earlier revision."""

    def undo(shelf: Shelf) -> Kept:
        now = world_of(request).now()
        return undo_record(
            shelf.engine, shelf.town.code, record_id, to_revision, revision, viewer.person_id, now
        )

    return _do(request, viewer, record_id, undo, "undone")


@router.post("/reports/{report_id}/settle")
def settle_answer(
    request: Request, viewer: Changer, record_id: RecordId, report_id: str
) -> Response:
    """Close a refusal that somebody has looked into."""
    shelf = shelf_of(request, viewer)
    get_record(shelf.engine, shelf.town.code, record_id)
    settle_report(
        shelf.engine, shelf.town.code, an_id(report_id), viewer.person_id, world_of(request).now()
    )
    return see_other(f"{address_of(record_id)}?done=settled")


def _do(
    request: Request,
    viewer: Viewer,
    record_id: str,
    change: Callable[[Shelf], Kept],
    done: str,
) -> Response:
    """Do it and go back to the record; show the record as it is now when that cannot be."""
    try:
        change(shelf_of(request, viewer))
    except (BadInput, Changed) as error:
        return show_record(request, viewer, record_id, error=error)
    return see_other(f"{address_of(record_id)}?done={done}")


def _confirm(
    request: Request, viewer: Viewer, record_id: str, what: Literal["close", "reopen"]
) -> Response:
    shelf = shelf_of(request, viewer)
    kept = get_record(shelf.engine, shelf.town.code, record_id)
    is_window = kept.record.fields.get("is_window") == "1"
    page = ConfirmPage(shelf, row_of(kept, world_of(request).today()), what, is_window)
    return html(request, "record_confirm.html", page=page)
