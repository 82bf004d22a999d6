"""The preview of an import: every row's fate, the questions, and carrying it out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from knowledge.importing.apply import Decisions
from knowledge.importing.findings import ImportRefused
from knowledge.importing.report import report_csv
from service.records.errors import Changed
from service.records.importing import carry_out
from service.uploads import Upload, remove_folder
from service.web.import_catalogue import category_names
from service.web.import_planning import (
    ONE_AT_A_TIME,
    Importer,
    ManyFields,
    Prepared,
    prepare_upload,
    store_of,
    upload_of,
)
from service.web.import_preview import preview_page, read_decisions
from service.web.render import html, see_other
from service.web.world import world_of

HERE = "/records/import"
router = APIRouter(include_in_schema=False, prefix=f"{HERE}/{{upload_id}}")
_CHANGED = (
    "確かめている間に、この町の記録か取り込みの条件が（ほかの人か、別の画面で）変わりました。"
    "計画を作り直しました。もう一度確かめてから、取り込んでください。"
)


@router.get("")
def preview(request: Request, viewer: Importer, upload_id: str) -> Response:
    """Show what the import would do."""
    upload = upload_of(request, viewer, upload_id)
    return _page(request, upload, prepare_upload(request, upload))


@router.get("/report.csv")
def preview_report(request: Request, viewer: Importer, upload_id: str) -> Response:
    """Return every row's fate as a CSV."""
    upload = upload_of(request, viewer, upload_id)
    return csv_file(report_csv(prepare_upload(request, upload).planned.plan))


@router.post("/confirm")
def confirm_answer(
    request: Request, viewer: Importer, upload_id: str, form: ManyFields
) -> Response:
    """Carry the plan out, made again from the file and from what the store holds now."""
    world = world_of(request)
    upload = upload_of(request, viewer, upload_id)
    prepared = prepare_upload(request, upload)
    planned = prepared.planned
    decided = read_decisions(planned.plan, form)
    if form.get("basis") != prepared.basis:
        return _page(request, upload, prepared, decided, _CHANGED, Changed.status)
    try:
        with ONE_AT_A_TIME:
            result = carry_out(
                store_of(world),
                upload.about.town_code,
                planned,
                decided,
                viewer.person_id,
                world.now(),
            )
    except Changed as error:
        again = prepare_upload(request, upload)
        decided = read_decisions(again.planned.plan, form)
        return _page(request, upload, again, decided, _CHANGED, error.status)
    except ImportRefused as error:
        return _page(request, upload, prepared, decided, _refused(error), 422)
    remove_folder(upload.folder)
    return see_other(f"{HERE}/past/{result.import_id}?done=1")


def csv_file(report: str) -> Response:
    """Return a report as a file that a spreadsheet opens in the right encoding."""
    named = {"Content-Disposition": 'attachment; filename="import-report.csv"'}
    return Response(report.encode("utf-8-sig"), headers=named, media_type="text/csv; charset=utf-8")


def _refused(error: ImportRefused) -> str:
    return (
        f"まだ取り込めません。直すところが {len(error.findings)} 件あります。何も変わっていません。"
        "下の「決めること」を選んでから、もう一度押してください。"
    )


def _page(
    request: Request,
    upload: Upload,
    prepared: Prepared,
    decided: Decisions | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    plan = prepared.planned.plan
    page = preview_page(
        upload, plan, prepared.basis, category_names(), prepared.saved, decided, error
    )
    return html(request, "import_preview.html", status, page=page)
