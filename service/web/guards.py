"""What is refused before any route is asked: foreign names, forged requests, huge bodies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from knowledge.importing.limits import LIMITS
from service.triage.note import MAX_NOTE_CHARS
from service.web.hosts import is_allowed_host
from service.web.import_upload import MOST_SENT_BYTES
from service.web.origin import is_forged
from service.web.problems import Problem, problem_response
from service.web.world import world_of

# Far above the longest note, so that an overlong one comes back on the page with its text kept.
MAX_BODY_BYTES = 4_000_000
# path → what its route may be sent; it reads the body itself, once the right is known.
UPLOADS: Mapping[str, int] = MappingProxyType({"/records/import": MOST_SENT_BYTES})

FOREIGN_HOST = Problem(
    "foreign_host",
    "この名前（住所）では、つなぎを開けません。管理者は、正しい名前を TSUNAGI_ALLOWED_HOSTS に加えてください。"
    "1人用（お試し）のときは http://127.0.0.1 で始まる住所だけで開けます。",
    400,
)
FORGED = Problem(
    "forged_request",
    "ほかのサイトから送られた要求のようなので、断りました。つなぎの画面を開き直してから、もう一度行ってください。",
    403,
)
TOO_BIG = Problem(
    "too_large",
    f"送られた内容が大きすぎます。相談記録は{MAX_NOTE_CHARS:,}文字以内に分けてください。",
    413,
)
FILE_TOO_BIG = Problem(
    "too_large",
    f"送られたファイルが大きすぎます。1つを {LIMITS.file_bytes // 1_000_000:,} MB より小さく分けるか、サーバーで `tsunagi knowledge import` を使ってください。",
    413,
)
AMBIGUOUS = Problem(
    "two_lengths", "送られた内容の長さが2通りに示されています。送り直してください。", 400
)


class BodyLimit:
    """Counts bodies on their way in, as some come without their length: each path has its limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._usual = RequestBodyLimitMiddleware(app, MAX_BODY_BYTES)
        self._uploads = {
            path: RequestBodyLimitMiddleware(app, limit) for path, limit in UPLOADS.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        limited = self._uploads.get(scope.get("path", ""), self._usual)
        await limited(scope, receive, send)


class Guards:
    """Answers what must not reach a route; bodies of unknown length are counted further in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it."""
        if scope["type"] != "http":
            await _not_http(self._app, scope, receive, send)
            return
        request = Request(scope)
        refused = _refusal(request)
        if refused is None:
            await self._app(scope, receive, send)
        else:
            # Two lengths: what follows on this connection may be a request nobody has checked.
            closing = {"Connection": "close"} if refused is AMBIGUOUS else {}
            await problem_response(request, refused, closing)(scope, receive, send)


async def _not_http(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Pass on the server's start and stop; the desk speaks no websockets."""
    if scope["type"] == "lifespan":
        await app(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


def _refusal(request: Request) -> Problem | None:
    headers = request.headers
    if not is_allowed_host(headers.get("host", ""), world_of(request).settings):
        return FOREIGN_HOST
    if "content-length" in headers and "transfer-encoding" in headers:
        return AMBIGUOUS
    if is_forged(request.method, headers):
        return FORGED
    path = request.url.path
    too_long = _is_too_long(headers.get("content-length", ""), UPLOADS.get(path, MAX_BODY_BYTES))
    return too_big(path) if too_long else None


def too_big(path: str) -> Problem:
    """Return what is said of a body that is larger than the path may be sent."""
    return FILE_TOO_BIG if path in UPLOADS else TOO_BIG


def _is_too_long(length: str, limit: int) -> bool:
    # The length of the number first: Python refuses to read one of thousands of digits.
    return length.isdigit() and (len(length) > 20 or int(length) > limit)
