"""One log line per request, and the end of every exception nobody expected.

The line names the route's template, never the address that was asked for: a person may have
pasted a note into the address bar.  The exception's words go nowhere.
"""

from __future__ import annotations

import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.logs import error_fields, log
from service.web.problems import UNEXPECTED, problem_response

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET_ROUTES = frozenset({"/healthz", "/static"})


class BrokenOff(RuntimeError):
    """An answer failed after it had begun; only cutting the connection tells the browser."""


class RequestLog:
    """Logs requests, and answers with a plain page where a route failed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, started, status = secrets.token_hex(8), time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            log.error(
                "failed", request_id=request_id, route=_route_of(scope), **error_fields(error)
            )
            if status:
                raise BrokenOff from None
            await problem_response(Request(scope), UNEXPECTED)(scope, receive, noting)
        finally:
            _write(scope, request_id, status, started)


def _write(scope: Scope, request_id: str, status: int, started: float) -> None:
    route, problem = _route_of(scope), scope.get("state", {}).get("problem")
    write = log.debug if route in _QUIET_ROUTES else log.info
    write(
        "request",
        request_id=request_id,
        method=scope["method"] if scope["method"] in _METHODS else "OTHER",
        route=route,
        status=status,
        ms=round((time.perf_counter() - started) * 1000, 1),
        **({"reason": problem} if problem else {}),
    )


def _route_of(scope: Scope) -> str:
    """Return the template of the route that answered; ``-`` when there was none."""
    # Static files are mounted, which leaves only the path they are mounted at.
    return str(getattr(scope.get("route"), "path", None) or scope.get("root_path") or "-")
