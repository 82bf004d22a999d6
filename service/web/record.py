"""What the desk writes into the audit: counts and codes, never a word of a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection
from starlette.requests import Request

from service.accounts.viewer import Viewer
from service.logs import error_fields, log
from service.records.reports import note_shown
from service.store.audit import Event, append
from service.store.engine import writing
from service.store.errors import StoreProblem
from service.triage.models import Triage
from service.web.town_of import town_of
from service.web.world import world_of

# Each attempt waits two seconds for other writers.
_ATTEMPTS = 2


def record_triage(
    request: Request, viewer: Viewer, found: Triage, via: Literal["page", "api"]
) -> None:
    """Record that the viewer had a note read, and which records it brought up, before it is shown.

    Of the records only that they were shown on this day: never together with the note.
    """
    detail = {
        "route": found.route,
        "flags": len(found.red_flags),
        "problems": len(found.problems),
        "suggestions": len(found.suggestions),
        "took_ms": round(found.elapsed_ms),
        "via": via,
    }
    town, day = town_of(request), world_of(request).today()
    shown = dict.fromkeys(card.record_id for card in found.suggestions if card.record_id)
    _record(
        request,
        Event(viewer.person_id, "desk.triage", None, town.code, detail=detail),
        lambda conn: note_shown(conn, town.code, shown, day),
    )


def record_refusal(
    request: Request, viewer: Viewer, action: str, subject: tuple[str, str] | None = None
) -> None:
    """Record that the viewer asked for something without the right to it."""
    code = town_of(request).code
    detail = {"right": action}
    _record(request, Event(viewer.person_id, "access.refuse", subject, code, "denied", detail))


def record_seen(
    request: Request, viewer: Viewer, person_id: str | None = None, count: int | None = None
) -> None:
    """Record that the viewer was shown one account, or the list with so many."""
    action = "person.list" if person_id is None else "person.see"
    subject = ("person", person_id) if person_id is not None else None
    detail = {"count": count} if count is not None else {}
    _record(request, Event(viewer.person_id, action, subject, town_of(request).code, detail=detail))


def record_switch(request: Request, viewer: Viewer, town_code: str) -> None:
    """Record that the viewer went to another town."""
    _record(request, Event(viewer.person_id, "town.switch", ("town", town_code), town_code))


def record_release(request: Request, viewer: Viewer, action: str, version: str) -> None:
    """Record that the viewer changed which release is in use (``release.roll_back`` …)."""
    subject = ("release", version) if version else None
    _record(request, Event(viewer.person_id, action, subject, town_of(request).code))


def _record(
    request: Request, event: Event, also: Callable[[Connection], None] = lambda conn: None
) -> None:
    world = world_of(request)
    if world.engine is None:
        return
    try:
        with writing(world.engine, _ATTEMPTS) as conn:
            append(conn, event, world.now())
            also(conn)
    except StoreProblem as error:
        # The answer may be about somebody's life: it is not held back for its record.  The gap
        # stands in the log instead.
        log.error("audit_missed", reason=event.action, **error_fields(error))
