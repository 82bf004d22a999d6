"""The web desk: one page and a small JSON API over the same triage.

The note is answered and forgotten: nothing here writes it to disk, log or session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from knowledge.models import Resource, Service
from service.errors import DeskError, NotFound
from service.page import DeskPage, answer_page
from service.present import as_json
from service.triage.note import MAX_NOTE_CHARS, NoteProblem
from service.triage.triage import DEFAULT_TOP, Desk, triage

_HERE = Path(__file__).parent
# Far above the longest note, so that an overlong one comes back on the page with its text kept.
_MAX_BODY_BYTES = 4_000_000
_TOO_BIG = f"送られた内容が大きすぎます。相談記録は{MAX_NOTE_CHARS:,}文字以内に分けてください。"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class TriageRequest(BaseModel):
    """A note to be answered."""

    note: str = Field(description="相談記録（20,000文字まで）", examples=["母84が同じ話をくり返す"])
    top: int = Field(DEFAULT_TOP, ge=1, le=69, description="支援分野の数")


class Fault(BaseModel):
    """An error: ``code`` for programs, ``message`` in Japanese for people."""

    code: str
    message: str


_FAULTS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "JSON として読めない"},
    413: {"model": Fault, "description": "大きすぎる"},
    422: {"model": Fault, "description": "内容に誤りがある"},
}


def create_app(desk: Desk, today: Callable[[], date] = date.today) -> FastAPI:
    """Return the web application around a loaded desk; ``today`` is its clock."""
    # FastAPI's own /docs loads scripts from elsewhere; the schema is at /openapi.json.
    app = FastAPI(title="つなぎ", version="0.1.0", docs_url=None, redoc_url=None)
    templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    _guard(app)
    _add_pages(app, desk, templates, today)
    _add_api(app, desk, today)
    return app


def _add_pages(app: FastAPI, desk: Desk, templates: Environment, today: Callable[[], date]) -> None:
    town = desk.knowledge.town
    resources = {resource.id: resource for resource in desk.knowledge.resources}

    def html(page: DeskPage, request: Request, status: int = 200) -> Response:
        # htmx asks for the result alone; a browser without JavaScript gets the whole page.
        name = "_result.html" if request.headers.get("HX-Request") else "desk.html"
        body = templates.get_template(name).render(page=page, town=town, max_chars=MAX_NOTE_CHARS)
        headers = {"Vary": "HX-Request"}
        return Response(body, status, headers, media_type="text/html; charset=utf-8")

    @app.get("/", include_in_schema=False)
    def desk_page(request: Request) -> Response:
        return html(DeskPage(), request)

    @app.post("/", include_in_schema=False)
    def answer(request: Request, note: Annotated[str, Form()] = "") -> Response:
        try:
            found = triage(desk, note, today())
        except NoteProblem as error:
            return html(DeskPage(note=note, error=str(error)), request, 422)
        now = datetime.now().astimezone()
        return html(answer_page(note, found, resources, town.windows, now), request)


def _add_api(app: FastAPI, desk: Desk, today: Callable[[], date]) -> None:
    records: dict[str, Service | Resource] = {s.id: s for s in desk.knowledge.services}
    records |= {r.id: r for r in desk.knowledge.resources}

    @app.post("/api/triage", summary="相談記録からつなぎ先の候補を返す", responses=_FAULTS)
    def api_triage(body: TriageRequest) -> dict[str, Any]:
        return as_json(triage(desk, body.note, today(), body.top))

    @app.get(
        "/api/services/{service_id}",
        summary="制度・地域資源の記録を返す",
        responses={404: {"model": Fault, "description": "その id の記録がない"}},
    )
    def api_service(service_id: str) -> dict[str, Any]:
        record = records.get(service_id)
        if record is not None:
            encoded: dict[str, Any] = jsonable_encoder(record)
            return encoded
        raise NotFound(f"id「{service_id}」の制度・地域資源はありません。")

    @app.get("/healthz", summary="動いているか")
    def healthz() -> dict[str, Any]:
        manifest = desk.index.manifest
        return {
            "status": "ok",
            "town": manifest.town,
            "index": manifest.version,
            "model": manifest.model_name,
        }


def _guard(app: FastAPI) -> None:
    """Add the body limit, the security headers and the error answers."""

    @app.middleware("http")
    async def headers_and_limit(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        length = request.headers.get("content-length", "")
        if request.method == "POST" and not length.isdigit():
            response: Response = _fault(
                "length_required", "送信の長さ（Content-Length）が必要です。", 411
            )
        elif length.isdigit() and int(length) > _MAX_BODY_BYTES:
            response = _fault("too_large", _TOO_BIG, 413, request)
        else:
            response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    @app.exception_handler(NoteProblem)
    def bad_note(request: Request, error: NoteProblem) -> Response:
        return _fault("bad_note", str(error), 422, request)

    @app.exception_handler(DeskError)
    def desk_error(request: Request, error: DeskError) -> Response:
        return _fault(error.code, str(error), error.status, request)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            return _fault("bad_json", "JSON として読めません。", 400, request)
        fields = "、".join(str(fault["loc"][-1]) for fault in error.errors())
        return _fault("bad_input", f"項目の内容に誤りがあります: {fields}", 422, request)

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> Response:
        messages = {404: "そのページはありません。", 405: "その操作はできません。"}
        message = messages.get(error.status_code, "処理できませんでした。")
        return _fault("http_error", message, error.status_code, request)


def _fault(code: str, message: str, status: int, request: Request | None = None) -> Response:
    """Return an error as JSON to programs and as a plain page to people."""
    wants_html = request is not None and "text/html" in request.headers.get("accept", "")
    if request is not None and (wants_html or request.headers.get("HX-Request")):
        templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
        body = templates.get_template("_error.html").render(message=message)
        return Response(body, status, media_type="text/html; charset=utf-8")
    return JSONResponse({"code": code, "message": message}, status)
