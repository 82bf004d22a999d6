"""Importing on the screen: choosing a file, cancelling it, and the imports that were made.

The preview is in ``import_preview_pages``, the meaning of columns in ``import_mapping_pages``;
``router`` serves all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form as Mapped
from knowledge.importing.limits import LIMITS
from knowledge.importing.report import FATES
from knowledge.importing.template import write_template
from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError, NotFound
from service.records.importing import PastImport, import_report, imports_of, mappings_of
from service.uploads import (
    About,
    Options,
    Upload,
    keep_upload,
    new_folder,
    remove_folder,
    remove_old_uploads,
    with_options,
)
from service.web import import_mapping_pages, import_preview_pages
from service.web.import_planning import (
    Importer,
    plan_upload,
    store_of,
    upload_of,
    uploads_folder,
)
from service.web.import_preview import ONLY
from service.web.import_upload import Received, receive
from service.web.render import html, see_other
from service.web.town_of import town_of
from service.web.world import world_of

HERE = "/records/import"
router = APIRouter(include_in_schema=False, prefix=HERE)
SAID = {"cancelled": "取り込みをやめました。送られたファイルは消しました。何も変わっていません。"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form to choose a file, and what was imported before; what was typed comes back."""

    past: tuple[PastImport, ...]
    mappings: tuple[Mapped, ...]
    only: Mapping[str, str]
    most_mb: int
    typed: Mapping[str, str]
    error: str = ""
    findings: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class PastPage:
    """One import: what it did.  ``is_new``: it was carried out just now."""

    past: PastImport
    counts: tuple[tuple[str, int], ...]
    is_new: bool


@router.get("")
def import_page(request: Request, _viewer: Importer, done: str = "") -> Response:
    """Show the form."""
    return _page(request, {}, said=SAID.get(done, ""))


@router.post("")
async def upload_answer(request: Request, viewer: Importer) -> Response:
    """Receive a file and lead to its preview; what cannot be read at all is not kept."""
    return await _receive(request, viewer)


@router.get("/template.xlsx")
def template_file(_viewer: Importer) -> Response:
    """Return our own form as an empty workbook."""
    named = {"Content-Disposition": 'attachment; filename="tsunagi-template.xlsx"'}
    return Response(write_template(), headers=named, media_type=_XLSX)


@router.get("/past/{import_id}")
def past_page(request: Request, _viewer: Importer, import_id: str, done: str = "") -> Response:
    """Show what an import did."""
    store, town = store_of(world_of(request)), town_of(request)
    past = next((one for one in imports_of(store, town.code) if one.id == import_id), None)
    if past is None:
        raise NotFound("その取り込みの記録はありません。")
    counts = tuple(
        (words, past.counts[fate]) for fate, words in FATES.items() if past.counts.get(fate)
    )
    page = PastPage(past, counts, is_new=done == "1")
    return html(request, "import_done.html", page=page)


@router.get("/past/{import_id}/report.csv")
def past_report(request: Request, _viewer: Importer, import_id: str) -> Response:
    """Return the report that an import left: every row's fate."""
    report = import_report(store_of(world_of(request)), town_of(request).code, import_id)
    return import_preview_pages.csv_file(report)


@router.post("/{upload_id}/options")
def options_answer(
    request: Request,
    viewer: Importer,
    upload_id: str,
    dataset: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
    as_of: Annotated[str, Form()] = "",
    only: Annotated[str, Form()] = "all",
) -> Response:
    """Plan the same file again with other options."""
    upload = upload_of(request, viewer, upload_id)
    typed = {"dataset": dataset, "source": source, "as_of": as_of, "only": only}
    with_options(upload, read_options(typed))
    return see_other(f"{HERE}/{upload.id}")


@router.post("/{upload_id}/cancel")
def cancel_answer(request: Request, viewer: Importer, upload_id: str) -> Response:
    """Remove the file; nothing was changed."""
    remove_folder(upload_of(request, viewer, upload_id).folder)
    return see_other(f"{HERE}?done=cancelled")


def read_options(typed: Mapping[str, str]) -> Options:
    """Return what was typed as options.  Raises :class:`BadInput`."""
    values = {name: typed.get(name, "").strip() for name in Options.model_fields}
    try:
        return Options.model_validate({name: value for name, value in values.items() if value})
    except ValidationError as error:
        if any("as_of" in fault["loc"] for fault in error.errors()):
            said = "時点は、2026-04-01 のように年月日で入れてください。"
            raise BadInput(said) from error
        if any({"dataset", "source"} & set(fault["loc"]) for fault in error.errors()):
            said = "一覧の名前と出典は、300文字までにしてください。"
            raise BadInput(said) from error
        raise BadInput("どの行を取り込むかを選び直してください。") from error


async def _receive(request: Request, viewer: Viewer) -> Response:
    world = world_of(request)
    root = uploads_folder(world)
    await run_in_threadpool(remove_old_uploads, root, world.now())
    folder = await run_in_threadpool(new_folder, root)
    typed: Mapping[str, str] = {}
    try:
        received = await receive(request, folder)
        typed = received.fields
        upload = await run_in_threadpool(_kept, request, viewer, folder, received)
        # Once already here: a file that cannot be read leaves nothing behind.
        await run_in_threadpool(_check_use, request, upload)
    except ImportRefused as error:
        remove_folder(folder)
        findings = tuple(map(str, error.findings[:20]))
        said = "このファイルは取り込めません。何も変わっていません。"
        return await run_in_threadpool(_page, request, typed, said, findings, 422)
    except DeskError as error:
        remove_folder(folder)
        return await run_in_threadpool(_page, request, typed, str(error), (), error.status)
    except BaseException:
        remove_folder(folder)
        raise
    return see_other(f"{HERE}/{upload.id}")


def _check_use(request: Request, upload: Upload) -> None:
    """Raise ImportRefused for a file of which nothing can be used, not even with a mapping."""
    plan = plan_upload(request, upload).plan
    if not plan.rows and not plan.proposals:
        raise ImportRefused(plan.errors)


def _kept(request: Request, viewer: Viewer, folder: Path, received: Received) -> Upload:
    if not received.name:
        raise BadInput("ファイルが選ばれていません。取り込むファイルを選んでください。")
    about = About(
        name=received.name,
        companion=received.companion,
        town_code=town_of(request).code,
        person_id=viewer.person_id,
        options=read_options(received.fields),
    )
    return keep_upload(folder, about)


def _page(
    request: Request,
    typed: Mapping[str, str],
    error: str = "",
    findings: tuple[str, ...] = (),
    status: int = 200,
    said: str = "",
) -> Response:
    store, town = store_of(world_of(request)), town_of(request)
    page = ImportPage(
        past=imports_of(store, town.code),
        mappings=mappings_of(store, town.code),
        only=ONLY,
        most_mb=LIMITS.file_bytes // (1024 * 1024),
        typed=typed,
        error=error,
        findings=findings,
        said=said,
    )
    return html(request, "import.html", status, page=page)


# One router for the app: the order matters, /past/… before /{upload_id}/….
router.routes.extend(import_mapping_pages.router.routes)
router.routes.extend(import_preview_pages.router.routes)
