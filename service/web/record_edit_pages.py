"""The form of a record: editing one, adding one, and what to do when somebody else was quicker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.errors import DeskError
from service.records.errors import BadFields, Changed
from service.records.keep import add_record, edit_record, get_record, history_of
from service.records.kept import Kept
from service.web.record_form import (
    GroupShown,
    RecordForm,
    changes_in,
    groups_shown,
    merge_typed,
)
from service.web.record_look import CategoryTick, address_of, by_sector, codes_in, name_of, ticks_of
from service.web.record_pages import published_words
from service.web.record_story import Event, events_of
from service.web.record_town import RecordId, Shelf, shelf_of
from service.web.record_words import label_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Changer = Annotated[Viewer, Depends(needs("records.change"))]
# Every box may be ticked, beside the other fields.
_MOST_FIELDS = 150


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that cannot be kept as typed."""

    field: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form of a record or of a new one; ``changed_by``: what others did since it was opened."""

    shelf: Shelf
    title: str
    back: str
    action: str
    revision: int
    is_new: bool
    groups: tuple[GroupShown, ...]
    sectors: tuple[tuple[str, tuple[CategoryTick, ...]], ...]
    error: str = ""
    faults: tuple[Fault, ...] = ()
    changed_by: tuple[Event, ...] = ()

    @property
    def has_proposals(self) -> bool:
        """Whether a ticked category was proposed by the import and confirmed by nobody."""
        return any(tick.proposed for _, ticks in self.sectors for tick in ticks)


@router.get("/records/new")
def new_page(request: Request, viewer: Changer) -> Response:
    """Show an empty form."""
    return _new_form(request, viewer, {})


@router.post("/records/new", form_limits={"max_files": 0, "max_fields": _MOST_FIELDS})
def add_answer(request: Request, viewer: Changer, form: Annotated[RecordForm, Form()]) -> Response:
    """Add the record, or show what is wrong with it."""
    shelf, typed = shelf_of(request, viewer), form.values()
    filled = {name: value for name, value in typed.items() if value}
    try:
        kept = add_record(
            shelf.engine, shelf.town.code, filled, viewer.person_id, world_of(request).now()
        )
    except DeskError as error:
        return _new_form(request, viewer, typed, error)
    complete = bool(filled.get("categories")) and kept.verified_on is not None
    return see_other(f"{address_of(kept.id)}?done={'added' if complete else 'added_incomplete'}")


@router.get("/records/{record_id}/edit")
def edit_page(request: Request, viewer: Changer, record_id: RecordId) -> Response:
    """Show the form, filled with the record."""
    shelf = shelf_of(request, viewer)
    kept = get_record(shelf.engine, shelf.town.code, record_id)
    return html(request, "record_edit.html", page=_filled(shelf, kept, kept.record.fields))


@router.post("/records/{record_id}/edit", form_limits={"max_files": 0, "max_fields": _MOST_FIELDS})
def edit_answer(
    request: Request, viewer: Changer, record_id: RecordId, form: Annotated[RecordForm, Form()]
) -> Response:
    """Save what was changed; else show the form again with all that was typed."""
    shelf, typed = shelf_of(request, viewer), form.values()
    engine, town = shelf.engine, shelf.town.code
    kept = get_record(engine, town, record_id)
    changes = changes_in(typed, kept)
    if kept.revision == form.revision and not changes:
        return see_other(f"{address_of(record_id)}?done=same")
    try:
        edit_record(
            engine,
            town,
            record_id,
            changes,
            form.revision,
            viewer.person_id,
            world_of(request).now(),
        )
    except Changed as error:
        # Read again: what others saved since the line above counts as well.
        page = _overtaken(shelf, get_record(engine, town, record_id), typed, form.revision, error)
        return html(request, "record_edit.html", error.status, page=page)
    except DeskError as error:
        page = _filled(shelf, kept, typed, error, form.revision)
        return html(request, "record_edit.html", error.status, page=page)
    return see_other(f"{address_of(record_id)}?done=changed")


def _filled(
    shelf: Shelf,
    kept: Kept,
    values: Mapping[str, str],
    error: DeskError | None = None,
    revision: int | None = None,
) -> EditPage:
    """Return the form with ``values``, beside them the published words."""
    faults = error.faults if isinstance(error, BadFields) else {}
    return EditPage(
        shelf=shelf,
        title=f"{name_of(kept)}を直す",
        back=address_of(kept.id),
        action=f"{address_of(kept.id)}/edit",
        revision=kept.revision if revision is None else revision,
        is_new=False,
        groups=groups_shown(values, faults, None, published_words(shelf, kept)),
        sectors=by_sector(ticks_of(kept, codes_in(values.get("categories", "")))),
        error=_told(error),
        faults=_faults(faults),
    )


def _overtaken(
    shelf: Shelf, kept: Kept, typed: Mapping[str, str], revision: int, error: Changed
) -> EditPage:
    """Return the form with what was typed and what somebody else saved, side by side."""
    versions = history_of(shelf.engine, shelf.town.code, kept.id)
    merged = merge_typed(typed, kept, versions, revision)
    page = _filled(shelf, kept, merged.values, error)
    return replace(
        page,
        groups=groups_shown(merged.values, None, merged, published_words(shelf, kept)),
        changed_by=tuple(e for e in events_of(shelf, kept) if e.revision > revision),
    )


def _new_form(
    request: Request, viewer: Viewer, values: Mapping[str, str], error: DeskError | None = None
) -> Response:
    faults = error.faults if isinstance(error, BadFields) else {}
    page = EditPage(
        shelf=shelf_of(request, viewer),
        title="支援先を加える",
        back="/records",
        action="/records/new",
        revision=0,
        is_new=True,
        groups=groups_shown(values, faults),
        sectors=by_sector(ticks_of(None, codes_in(values.get("categories", "")))),
        error=_told(error),
        faults=_faults(faults),
    )
    return html(request, "record_edit.html", error.status if error else 200, page=page)


def _faults(faults: Mapping[str, str]) -> tuple[Fault, ...]:
    return tuple(Fault(name, label_of(name), message) for name, message in faults.items())


def _told(error: DeskError | None) -> str:
    if error is None:
        return ""
    # Each fault stands at its field and in the list above the form.
    return "まだ保存していません。" if isinstance(error, BadFields) else str(error)
