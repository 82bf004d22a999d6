"""The town's records for other software: HSDS to take away, and the way to bring some in.

``router`` belongs before ``record_pages``, whose address any word below ``/records`` fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.errors import NotReady
from service.records.exchange import Form, as_hsds, exportable
from service.records.national import national_parts
from service.web.record_town import Shelf, shelf_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("records.read"))]
_TYPES: dict[Form, tuple[str, str]] = {
    "json": ("json", "application/json"),
    "package": ("zip", "application/zip"),
}


@dataclass(frozen=True, slots=True)
class ExchangePage:
    """What goes out, and whether the viewer may bring something in.

    ``not_ready`` says why nothing can go out yet (a town without its facts).
    """

    shelf: Shelf
    may_import: bool
    records: int = 0
    left_out: int = 0
    not_ready: str = ""


@router.get("/records/hsds")
def exchange_page(request: Request, viewer: Reader) -> Response:
    """Show what can be taken away, in which form."""
    shelf = shelf_of(request, viewer)
    may_import = allowed(viewer, "records.import", shelf.town)
    try:
        found = exportable(shelf.engine, shelf.town.code, national_parts())
    except NotReady as error:
        page = ExchangePage(shelf, may_import, not_ready=str(error))
    else:
        page = ExchangePage(shelf, may_import, len(found.resources), found.left_out)
    return html(request, "exchange.html", page=page)


@router.get("/records/hsds.json")
def json_file(request: Request, viewer: Reader, services: bool = False) -> Response:
    """Return the town's records as HSDS in JSON, with the national services if asked for."""
    return _file(request, viewer, "json", services)


@router.get("/records/hsds.zip")
def package_file(request: Request, viewer: Reader, services: bool = False) -> Response:
    """Return them as a tabular data package: datapackage.json and a CSV file for each table."""
    return _file(request, viewer, "package", services)


def _file(request: Request, viewer: Viewer, form: Form, services: bool) -> Response:
    shelf, today = shelf_of(request, viewer), world_of(request).today().isoformat()
    national = national_parts()
    try:
        found = exportable(shelf.engine, shelf.town.code, national)
    except NotReady:
        # The page says why there is nothing to take away, and what to do.
        return see_other("/records/hsds")
    ending, media_type = _TYPES[form]
    name = quote(f"{shelf.town.name}_HSDS_{today}.{ending}", safe="")
    # The plain name for what cannot read the other (RFC 6266).
    headers = {
        "Content-Disposition": (
            f'attachment; filename="hsds-{shelf.town.code}-{today}.{ending}"; '
            f"filename*=UTF-8''{name}"
        )
    }
    data = as_hsds(found, national, form, services)
    return Response(data, headers=headers, media_type=media_type)
