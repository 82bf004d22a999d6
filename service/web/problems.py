"""What went wrong, told to whoever asked: a page, a piece of a page, or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.web.render import html, is_htmx


@dataclass(frozen=True, slots=True)
class Problem:
    """``code`` for programs, ``message`` (Japanese) for people."""

    code: str
    message: str
    status: int


UNEXPECTED = Problem(
    "unexpected",
    "思いがけない誤りが起き、処理できませんでした。入力した内容は記録していません。"
    "くり返すときは、管理者に、起きた時刻を伝えてください。",
    500,
)


def wants_page(request: Request) -> bool:
    """Tell whether a person is looking: the API always answers in JSON."""
    if request.url.path.startswith("/api/"):
        return False
    return is_htmx(request) or "text/html" in request.headers.get("accept", "")


def problem_response(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that tells of ``problem``; the request's log line gets its code."""
    request.state.problem = problem.code
    if not wants_page(request):
        told = {"code": problem.code, "message": problem.message}
        return JSONResponse(told, problem.status, dict(headers or {}))
    template = "_error.html" if is_htmx(request) else "error.html"
    response = html(request, template, problem.status, message=problem.message)
    response.headers.update(headers or {})
    return response
