"""One record: all that is known of it.

``router`` holds an address that any word fits (``/records/{record_id}``): it is put into the app
after every other page below ``/records``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.viewer import Viewer
from service.errors import DeskError
from service.records.importing import mappings_of
from service.records.kept import Kept
from service.web.record_look import CategoryTick, Row, row_of, ticks_of
from service.web.record_originals import Said, originals_of
from service.web.record_story import (
    Event,
    ReportShown,
    SourceShown,
    ValueGroup,
    events_of,
    reports_of,
    sources_of,
    values_of,
)
from service.web.record_town import Found, RecordId, Shelf, find_record, shelf_of, verifier_of
from service.web.record_words import DONE
from service.web.render import html
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("records.read"))]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything that is known of one record."""

    shelf: Shelf
    found: Found
    row: Row
    groups: tuple[ValueGroup, ...]
    categories: tuple[CategoryTick, ...]
    sources: tuple[SourceShown, ...]
    reports: tuple[ReportShown, ...]
    events: tuple[Event, ...]
    verified_by: str
    may_change: bool
    said: str = ""
    error: str = ""


@router.get("/records/{record_id}")
def record_page(request: Request, viewer: Reader, record_id: RecordId, done: str = "") -> Response:
    """Show the record."""
    return show_record(request, viewer, record_id, said=DONE.get(done, ""))


def show_record(
    request: Request,
    viewer: Viewer,
    record_id: str,
    said: str = "",
    error: DeskError | None = None,
) -> Response:
    """Return the record's page, with ``error`` above it if something could not be done."""
    shelf, today = shelf_of(request, viewer), world_of(request).today()
    found = find_record(shelf, record_id)
    kept = found.kept
    page = RecordPage(
        shelf=shelf,
        found=found,
        row=row_of(kept, today),
        groups=values_of(kept, published_words(shelf, kept)),
        categories=tuple(tick for tick in ticks_of(kept) if tick.ticked),
        sources=sources_of(kept),
        reports=reports_of(shelf, kept, found.is_own),
        # Who did what at the prefecture is the prefecture's own.
        events=events_of(shelf, kept) if found.is_own else (),
        verified_by=verifier_of(kept),
        may_change=shelf.may_change and found.is_own and kept.merged_into is None,
        said=said,
        error=str(error) if error else "",
    )
    return html(request, "record.html", error.status if error else 200, page=page)


def published_words(shelf: Shelf, kept: Kept) -> dict[str, tuple[Said, ...]]:
    """Return the published words behind the record's values, by field."""
    return originals_of(kept.record, mappings_of(shelf.engine, kept.town_code))
