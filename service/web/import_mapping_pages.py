"""Saying once what the columns of an unknown table mean; the next edition is read by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response

from knowledge.importing.form import Form
from knowledge.importing.plan import ImportPlan
from knowledge.importing.roles import ROLES
from knowledge.importing.tables import Sheet, read_table
from knowledge.models import Category
from service.errors import BadInput, DeskError, NotFound
from service.records.importing import mappings_of, save_mapping
from service.uploads import Upload
from service.web.import_catalogue import known_categories
from service.web.import_mapping import (
    MappingSeen,
    check_mapping,
    read_mapping,
    see_mapping,
    sheet_of,
    with_header,
    with_own_id,
)
from service.web.import_planning import (
    Importer,
    ManyFields,
    prepare_upload,
    store_of,
    upload_of,
)
from service.web.render import html, see_other
from service.web.world import world_of

HERE = "/records/import"
_HEADER_ROWS = 11
router = APIRouter(include_in_schema=False, prefix=f"{HERE}/{{upload_id}}/mapping")


@dataclass(frozen=True, slots=True)
class MappingPage:
    """The columns of a table and what each means; ``saved``: it was saved before."""

    upload: Upload
    mapping: MappingSeen
    form_id: str
    sheets: tuple[str, ...]
    saved: bool
    header_rows: tuple[int, ...]
    # Which row the keeper may name as the header, where none was found; 0 is none.
    header_choices: tuple[int, ...]
    header: int
    roles: Mapping[str, str]
    categories: Sequence[Category]
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Open:
    """The mapping that is being changed, and the sheets it is about."""

    form: Form
    sheet: Sheet | None
    sheets: tuple[str, ...]
    unplaced: tuple[str, ...]
    header_rows: tuple[int, ...]
    saved: bool
    header: int = 0


@router.get("")
def mapping_page(
    request: Request, viewer: Importer, upload_id: str, form: str = "", header: int = 0
) -> Response:
    """Show the first table whose columns nobody has described yet, or the saved mapping ``form``.

    ``header`` is the row that the keeper says the header is on, where none was found.
    """
    upload = upload_of(request, viewer, upload_id)
    opened = _open(request, upload, form, header)
    return _page(request, upload, opened, opened.form)


@router.post("")
def mapping_answer(
    request: Request,
    viewer: Importer,
    upload_id: str,
    filled: ManyFields,
    form: str = "",
    header: int = 0,
) -> Response:
    """Save the mapping and show the preview that it gives."""
    world = world_of(request)
    upload = upload_of(request, viewer, upload_id)
    opened = _open(request, upload, form, header)
    shown = opened.form
    try:
        shown = read_mapping(shown, filled, (category.code for category in known_categories()))
        check_mapping(shown)
        store, town = store_of(world), upload.about.town_code
        kept = shown if opened.saved else with_own_id(shown, mappings_of(store, town))
        save_mapping(store, town, kept, viewer.person_id, world.now())
    except DeskError as error:
        return _page(request, upload, opened, shown, error)
    return see_other(f"{HERE}/{upload.id}")


def _open(request: Request, upload: Upload, form_id: str, header: int) -> _Open:
    sheets = read_table(upload.file, upload.about.name).sheets
    if form_id:
        store = store_of(world_of(request))
        saved = {form.id: form for form in mappings_of(store, upload.about.town_code)}
        if form_id not in saved:
            raise NotFound(
                "その列の対応は保存されていません。取り込みの画面からやり直してください。"
            )
        form = saved[form_id]
        return _Open(form, sheet_of(form, sheets), (), (), (), saved=True)
    opened = _proposed(prepare_upload(request, upload).planned.plan, sheets)
    if not header or opened.header_rows or opened.sheet is None:
        return opened
    form = with_header(opened.form, opened.sheet, header)
    return replace(opened, form=form, unplaced=tuple(form.columns), header=header)


def _proposed(plan: ImportPlan, sheets: Sequence[Sheet]) -> _Open:
    if not plan.proposals:
        raise BadInput("このファイルの列の意味は、もう決まっています。前の画面へもどってください。")
    found = plan.proposals[0]
    proposal = found.proposal
    sheet = next((sheet for sheet in sheets if sheet.name == found.sheets[0]), None)
    return _Open(
        proposal.form, sheet, found.sheets, proposal.unplaced, proposal.header_rows, saved=False
    )


def _page(
    request: Request, upload: Upload, opened: _Open, form: Form, error: DeskError | None = None
) -> Response:
    page = MappingPage(
        upload=upload,
        mapping=see_mapping(form, opened.sheet, opened.unplaced),
        form_id=opened.form.id if opened.saved else "",
        sheets=tuple(name for name in opened.sheets if name),
        saved=opened.saved,
        header_rows=opened.header_rows,
        header_choices=() if opened.saved or opened.header_rows else tuple(range(_HEADER_ROWS)),
        header=opened.header,
        roles=ROLES,
        categories=known_categories(),
        error=str(error) if error else "",
    )
    return html(request, "import_mapping.html", error.status if error else 200, page=page)
