"""The town's records in lists: all of them with filters, those that fall due, and as a CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.viewer import Viewer
from service.records.listing import Filters, list_records, records_csv, work_list
from service.store.towns import Town
from service.web.record_look import CategoryTick, Row, by_sector, catalogue, row_of, ticks_of
from service.web.record_town import Shelf, prefecture_above, shelf_of
from service.web.record_words import DONE, PROBLEMS, STATES
from service.web.render import html
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("records.read"))]

ROWS_PER_PAGE = 50
# The prefecture's records stand below, whole lists of them on the prefecture's own desk.
_MOST_ABOVE = 50
_SORTS = {"name": "名前の順", "due": "期限の早い順"}
# Excel reads a CSV as Shift_JIS unless this stands in front.
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Choice:
    """A narrowing of the list that is one click away; ``count`` is None where none is counted."""

    label: str
    href: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of the list is shown, and where its neighbours are ('' for none)."""

    first: int
    last: int
    total: int
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """The list; ``above`` are the prefecture's records that fit the same filters."""

    shelf: Shelf
    filters: Filters
    rows: tuple[Row, ...]
    problems: tuple[Choice, ...]
    sorts: tuple[Choice, ...]
    paging: Paging
    csv_href: str
    categories: tuple[tuple[str, tuple[CategoryTick, ...]], ...]
    states: Mapping[str, str]
    prefecture: Town | None
    above: tuple[Row, ...]
    above_total: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class DuePage:
    """The work list; what the keeper calls today, the refused first."""

    shelf: Shelf
    refused: tuple[Row, ...]
    late: tuple[Row, ...]
    coming: tuple[Row, ...]
    said: str = ""


def filters_from(
    text: str = "", category: str = "", state: str = "active", problem: str = "", sort: str = "name"
) -> Filters:
    """Return the filters of an address; what is not one of the choices is left out."""
    return Filters(
        text=text.strip()[:200],
        category=category if category in {c.code for c in catalogue()} else "",
        state=state if state in STATES or state == "" else "active",
        problem=problem if problem in PROBLEMS else "",
        sort=sort if sort in _SORTS else "name",
    )


Asked = Annotated[Filters, Depends(filters_from)]


@router.get("/records")
def records_page(
    request: Request, viewer: Reader, filters: Asked, page: int = 1, done: str = ""
) -> Response:
    """Show a part of the list."""
    shelf, today = shelf_of(request, viewer), world_of(request).today()
    # Far below any database's largest number.
    offset = min(max(page - 1, 0), 1_000_000) * ROWS_PER_PAGE
    found = list_records(shelf.engine, shelf.town.code, filters, today, offset, ROWS_PER_PAGE)
    above = prefecture_above(shelf)
    higher = (
        list_records(shelf.engine, above.code, filters, today, 0, _MOST_ABOVE) if above else None
    )
    shown = RecordsPage(
        shelf=shelf,
        filters=filters,
        rows=tuple(row_of(kept, today) for kept in found.rows),
        problems=_problems(filters, found.counts),
        sorts=_sorts(filters),
        paging=_paging(filters, offset, len(found.rows), found.total),
        csv_href=_address("/records.csv", filters),
        categories=by_sector(ticks_of(None)),
        states=STATES,
        prefecture=above,
        above=tuple(row_of(kept, today) for kept in higher.rows) if higher else (),
        above_total=higher.total if higher else 0,
        said=DONE.get(done, ""),
    )
    return html(request, "records.html", page=shown)


@router.get("/records.csv")
def records_file(request: Request, viewer: Reader, filters: Asked) -> Response:
    """Return the filtered list, every page of it, in the columns of resources.csv."""
    shelf, today = shelf_of(request, viewer), world_of(request).today()
    text = records_csv(shelf.engine, shelf.town.code, filters, today)
    name = f"{shelf.town.name}_支援先_{today.isoformat()}.csv"
    # The plain name for what cannot read the other (RFC 6266).
    disposition = (
        f'attachment; filename="records-{shelf.town.code}-{today.isoformat()}.csv"; '
        f"filename*=UTF-8''{quote(name, safe='')}"
    )
    body = (_BOM + text.removeprefix(_BOM)).encode()
    headers = {"Content-Disposition": disposition}
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/records/due")
def due_page(request: Request, viewer: Reader, done: str = "") -> Response:
    """Show what is to be verified: the refused first, then by due date."""
    shelf, today = shelf_of(request, viewer), world_of(request).today()
    rows = [row_of(kept, today) for kept in work_list(shelf.engine, shelf.town.code, today)]
    rest = [row for row in rows if not row.reports]
    page = DuePage(
        shelf,
        refused=tuple(row for row in rows if row.reports),
        late=tuple(row for row in rest if row.is_stale),
        coming=tuple(row for row in rest if not row.is_stale),
        said=DONE.get(done, ""),
    )
    return html(request, "records_due.html", page=page)


def _address(path: str, filters: Filters, page: int = 1) -> str:
    asked = {
        "text": filters.text,
        "category": filters.category,
        "problem": filters.problem,
        "sort": "" if filters.sort == "name" else filters.sort,
        "page": str(page) if page > 1 else "",
    }
    query = {key: value for key, value in asked.items() if value}
    if filters.state != "active":
        query["state"] = filters.state
    return f"{path}?{urlencode(query)}" if query else path


def _problems(filters: Filters, counts: Mapping[str, int]) -> tuple[Choice, ...]:
    every = Choice(
        "すべて", _address("/records", replace(filters, problem="")), not filters.problem
    )
    named = (
        Choice(
            label,
            _address("/records", replace(filters, problem=code)),
            filters.problem == code,
            counts.get(code, 0),
        )
        for code, label in PROBLEMS.items()
    )
    return (every, *named)


def _sorts(filters: Filters) -> tuple[Choice, ...]:
    return tuple(
        Choice(label, _address("/records", replace(filters, sort=code)), filters.sort == code)
        for code, label in _SORTS.items()
    )


def _paging(filters: Filters, offset: int, rows: int, total: int) -> Paging:
    number = offset // ROWS_PER_PAGE + 1
    return Paging(
        first=offset + 1 if rows else 0,
        last=offset + rows,
        total=total,
        earlier=_address("/records", filters, number - 1) if offset else "",
        later=_address("/records", filters, number + 1) if offset + rows < total else "",
    )
