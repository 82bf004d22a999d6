"""From exceptions to answers: one place for every error that a route may raise."""

from __future__ import annotations

from typing import NoReturn

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.errors import DeskError
from service.page import DeskPage
from service.triage.note import NoteProblem
from service.web.guards import TOO_BIG, too_big
from service.web.next_page import sign_in_address
from service.web.problems import Problem, problem_response, wants_page
from service.web.render import html, is_htmx, see_other
from service.web.rights_dependency import MustChangePassword, NotSignedIn

# RFC 9110 asks for this header with every 401; browsers show the page for a scheme like this.
_CHALLENGE = {"WWW-Authenticate": 'Session realm="tsunagi"'}
# Signing out twice loses nothing.
_SIGN_OUT = ("/sign-out",)
_HTTP = {
    400: "送られた内容を読み取れません。画面を開き直してから、もう一度行ってください。",
    404: "そのページはありません。",
    405: "その操作はできません。",
}


def add_error_answers(app: FastAPI) -> None:
    """Teach ``app`` what to answer for each kind of error."""
    app.add_exception_handler(NoteProblem, _bad_note)
    app.add_exception_handler(DeskError, _desk_error)
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(MustChangePassword, _must_change_password)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def _bad_note(request: Request, error: Exception) -> Response:
    return problem_response(request, Problem("bad_note", str(error), 422))


def _desk_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, DeskError):
        _never(error)
    wait = getattr(error, "retry_after", None)
    headers = {"Retry-After": str(wait)} if wait else {}
    problem = Problem(error.code, str(error), error.status)
    return problem_response(request, problem, headers)


async def _not_signed_in(request: Request, error: Exception) -> Response:
    """Send people to sign in; keep what they had typed on the desk's page."""
    problem = Problem(NotSignedIn.code, str(error), NotSignedIn.status)
    if not wants_page(request):
        return problem_response(request, problem, _CHALLENGE)
    if is_htmx(request):
        return html(request, "_sign_in_again.html", problem.status)
    if request.method != "POST":
        query = f"?{request.url.query}" if request.url.query else ""
        return see_other(sign_in_address(request.url.path + query))
    if request.url.path in _SIGN_OUT:
        return see_other("/sign-in")
    if request.url.path != "/":
        return html(request, "sign_in_to_go_on.html", problem.status)
    # The form has been read already, before the route's right was looked at.
    note = (await request.form()).get("note")
    page = DeskPage(note=note if isinstance(note, str) else "")
    return html(request, "desk.html", problem.status, page=page, sign_in_again=True)


def _must_change_password(request: Request, error: Exception) -> Response:
    if wants_page(request) and not is_htmx(request):
        return see_other("/account/password")
    problem = Problem(MustChangePassword.code, str(error), MustChangePassword.status)
    return problem_response(request, problem)


def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        _never(error)
    # The names of the fields only: the rest of the error repeats what was sent.
    if any(fault["type"] == "json_invalid" for fault in error.errors()):
        return problem_response(request, Problem("bad_json", "JSON として読めません。", 400))
    fields = "、".join(str(fault["loc"][-1]) for fault in error.errors())
    message = f"項目の内容に誤りがあります: {fields}"
    return problem_response(request, Problem("bad_input", message, 422))


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        _never(error)
    if error.status_code == TOO_BIG.status:
        return problem_response(request, too_big(request.url.path))
    message = _HTTP.get(error.status_code, "処理できませんでした。")
    problem = Problem("http_error", message, error.status_code)
    return problem_response(request, problem, error.headers)


def _never(error: Exception) -> NoReturn:
    """Starlette types handlers for any exception but calls each for its own."""
    raise error
