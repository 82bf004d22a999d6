"""The JSON API: the same triage as the page, for other programs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, Field, StrictBool, StrictInt

from knowledge.models import Resource, Service
from service.accounts.viewer import Viewer
from service.errors import NotFound
from service.present import as_json
from service.triage.triage import DEFAULT_TOP, triage
from service.web.record import record_triage
from service.web.rights_dependency import needs
from service.web.town_of import desk_of
from service.web.world import world_of

router = APIRouter()
DeskUser = Annotated[Viewer, Depends(needs("desk.use"))]
RecordReader = Annotated[Viewer, Depends(needs("desk.read_record"))]


class TriageRequest(BaseModel):
    """A note to be answered."""

    note: str = Field(description="相談記録（20,000文字まで）", examples=["母84が同じ話をくり返す"])
    top: int = Field(DEFAULT_TOP, ge=1, le=69, description="支援分野の数")
    answers: dict[str, StrictBool | StrictInt | None] = Field(
        default_factory=dict,
        description="「次に聞くこと」の答え。fact ごとに、はい・いいえ、数、null（聞いたが分からない）",
        examples=[{"renting": True, "age": 38, "debt": None}],
    )


class Fault(BaseModel):
    """An error: ``code`` for programs, ``message`` in Japanese for people."""

    code: str
    message: str


def _fault(description: str) -> dict[str, Any]:
    return {"model": Fault, "description": description}


_ASKING: dict[int | str, dict[str, Any]] = {
    400: _fault("JSON として読めない"),
    401: _fault("ログインしていない（役場で使うとき）"),
    403: _fault("権限がない、またはほかのサイトからの要求"),
    413: _fault("大きすぎる"),
    422: _fault("内容に誤りがある"),
}
_LOOKING_UP: dict[int | str, dict[str, Any]] = {
    401: _ASKING[401],
    403: _ASKING[403],
    404: _fault("その id の記録がない"),
}


@router.post("/api/triage", summary="相談記録からつなぎ先の候補を返す", responses=_ASKING)
def api_triage(request: Request, viewer: DeskUser, body: TriageRequest) -> dict[str, Any]:
    """Answer a note."""
    desk, today = desk_of(request), world_of(request).today()
    found = triage(desk, body.note, today, body.top, answers=body.answers)
    record_triage(request, viewer, found, "api")
    return as_json(found)


@router.get(
    "/api/services/{service_id}", summary="制度・地域資源の記録を返す", responses=_LOOKING_UP
)
def api_service(request: Request, _viewer: RecordReader, service_id: str) -> dict[str, Any]:
    """Return the record with this id."""
    desk = desk_of(request)
    services = {service.id: service for service in desk.knowledge.services}
    # Of one id in both, the town's own record: it is what the card shows.
    record: Service | Resource | None = desk.resources.by_id.get(service_id)
    record = record or services.get(service_id)
    if record is not None:
        encoded: dict[str, Any] = jsonable_encoder(record)
        return encoded
    raise NotFound(f"id「{service_id}」の制度・地域資源はありません。")


@router.get("/healthz", summary="動いているか")
def healthz(request: Request) -> dict[str, Any]:
    """Tell which index answers at the home town's desk."""
    desks = world_of(request).desks
    manifest = desks.of(desks.home).index.manifest
    return {
        "status": "ok",
        "town": manifest.town,
        "index": manifest.version,
        "model": manifest.model_name,
    }
