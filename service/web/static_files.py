"""Static files: kept for good under an address that names their content, else asked for anew."""

from __future__ import annotations

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.web.render import STATIC, static_version


class VersionedFiles(StaticFiles):
    """The files of ``service/static``."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file.  Raises HTTPException 404 or 405."""
        response = await super().get_response(path, scope)
        current = scope["query_string"] == f"v={static_version(path)}".encode()
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if current else "no-cache"
        )
        return response
