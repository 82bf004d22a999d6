"""What the desk writes into the audit: counts and codes, never a word of a note."""

from __future__ import annotations

from typing import Literal

from service.accounts.viewer import Viewer
from service.logs import error_fields, log
from service.store.audit import Event, append
from service.store.engine import writing
from service.store.errors import StoreProblem
from service.triage.models import Triage
from service.web.world import World

# Each attempt waits two seconds for other writers.
_ATTEMPTS = 2


def record_triage(world: World, viewer: Viewer, found: Triage, via: Literal["page", "api"]) -> None:
    """Record that the viewer had a note read, before the answer is shown."""
    detail = {
        "route": found.route,
        "flags": len(found.red_flags),
        "problems": len(found.problems),
        "suggestions": len(found.suggestions),
        "took_ms": round(found.elapsed_ms),
        "via": via,
    }
    _record(world, Event(viewer.person_id, "desk.triage", None, world.town.code, detail=detail))


def record_refusal(
    world: World, viewer: Viewer, action: str, subject: tuple[str, str] | None = None
) -> None:
    """Record that the viewer asked for something without the right to it."""
    detail = {"right": action}
    _record(
        world,
        Event(viewer.person_id, "access.refuse", subject, world.town.code, "denied", detail),
    )


def record_seen(
    world: World, viewer: Viewer, person_id: str | None = None, count: int | None = None
) -> None:
    """Record that the viewer was shown one account, or the list with so many."""
    action = "person.list" if person_id is None else "person.see"
    subject = ("person", person_id) if person_id is not None else None
    detail = {"count": count} if count is not None else {}
    _record(world, Event(viewer.person_id, action, subject, world.town.code, detail=detail))


def _record(world: World, event: Event) -> None:
    if world.engine is None:
        return
    try:
        with writing(world.engine, _ATTEMPTS) as conn:
            append(conn, event, world.now())
    except StoreProblem as error:
        # The answer may be about somebody's life: it is not held back for its record.  The gap
        # stands in the log instead.
        log.error("audit_missed", reason=event.action, **error_fields(error))
