"""The day's cases: what is to be looked at by today, and all of them by what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.viewer import Viewer
from service.cases.listing import Filters, Reminder, list_cases, reminders
from service.store.audit import Event, append
from service.store.engine import writing
from service.web.case_look import CaseRow, Folder, address_of, folder_of, row_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("cases.read"))]
ROWS_PER_PAGE = 50
_REMINDERS_SHOWN = 10
_LONGEST_SEARCH = 200
# what the link says, what it narrows the list to, the count behind it
_VIEWS: Mapping[str, tuple[str, Filters, str]] = {
    "open": ("対応中", Filters(), "open"),
    "overdue": ("期限切れ", Filters(due="overdue"), "overdue"),
    "week": ("今週", Filters(due="week"), "week"),
    "flags": ("緊急が未決", Filters(flag=True), "flags"),
    "refused": ("断られた", Filters(referral_state="refused"), ""),
    "closed": ("終わった", Filters(state="closed"), ""),
    "all": ("すべて", Filters(state=""), ""),
}


@dataclass(frozen=True, slots=True)
class View:
    """A link that narrows the list."""

    href: str
    words: str
    chosen: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class ReminderShown:
    """Something to look at today."""

    href: str
    label: str
    words: str
    phone: str
    on: date
    is_late: bool


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything the list shows."""

    folder: Folder
    shown: str
    text: str
    views: tuple[View, ...]
    rows: tuple[CaseRow, ...]
    total: int
    first: int
    earlier: str
    later: str
    due: tuple[ReminderShown, ...]
    due_more: tuple[ReminderShown, ...]


@router.get("/cases/new")
def no_note_page(_request: Request, _viewer: Reader) -> Response:
    """A note comes from the desk alone: opened by its address, the page leads there."""
    return see_other("/")


@router.get("/cases")
def list_page(
    request: Request, viewer: Reader, show: str = "open", text: str = "", page: int = 1
) -> Response:
    """Show the cases of the town, and what is due by today."""
    folder = folder_of(request, viewer)
    shown = show if show in _VIEWS else "open"
    words = text[:_LONGEST_SEARCH].strip()
    number = min(max(page, 1), 10_000)
    offset = (number - 1) * ROWS_PER_PAGE
    filters = replace(_VIEWS[shown][1], text=words)
    found = list_cases(
        folder.engine, folder.town.code, filters, folder.today, offset, ROWS_PER_PAGE
    )
    _note_seen(request, viewer, folder, found.total)
    due = tuple(
        _shown(one, folder.today)
        for one in reminders(folder.engine, folder.town.code, folder.today, 0)
    )
    last = offset + len(found.rows)
    return html(
        request,
        "cases.html",
        page=ListPage(
            folder=folder,
            shown=shown,
            text=words,
            views=_views(shown, words, found.counts),
            rows=tuple(row_of(case, folder.today) for case in found.rows),
            total=found.total,
            first=offset + 1 if found.rows else 0,
            earlier=_address(shown, words, number - 1) if number > 1 else "",
            later=_address(shown, words, number + 1) if last < found.total else "",
            due=due[:_REMINDERS_SHOWN],
            due_more=due[_REMINDERS_SHOWN:],
        ),
    )


def _views(shown: str, text: str, counts: Mapping[str, int]) -> tuple[View, ...]:
    return tuple(
        View(_address(name, text), label, name == shown, counts[key] if key else None)
        for name, (label, _, key) in _VIEWS.items()
    )


def _address(show: str, text: str, page: int = 1) -> str:
    asked = {"show": "" if show == "open" else show, "text": text, "page": page if page > 1 else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/cases?{query}" if query else "/cases"


def _shown(one: Reminder, today: date) -> ReminderShown:
    return ReminderShown(
        href=address_of(one.case),
        label=one.case.label,
        words=one.words,
        phone=one.referral.target.phone if one.referral else "",
        on=one.on,
        is_late=one.on < today,
    )


def _note_seen(request: Request, viewer: Viewer, folder: Folder, count: int) -> None:
    event = Event(viewer.person_id, "case.list", None, folder.town.code, detail={"count": count})
    with writing(folder.engine) as conn:
        append(conn, event, world_of(request).now())
