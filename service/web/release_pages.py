"""The releases of a town's knowledge: which one answers, going back to one, going on again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from index.errors import IndexProblem
from index.release import ReleaseInfo, is_pinned, list_releases
from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.desk_problems import Trouble
from service.errors import NotFound
from service.shelf import releases_root
from service.web.record import record_release
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/releases")
Reader = Annotated[Viewer, Depends(needs("records.read"))]
Changer = Annotated[Viewer, Depends(needs("releases.change"))]

DONE: Mapping[str, str] = {
    "back": "その版にもどしました。窓口はこの版で答えます。自動の更新は、再開するまで止まります。",
    "resumed": "自動の更新を再開しました。支援先の変更は、1分ほどで窓口に出ます。",
}


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the page shows it; ``answers``: the desk of this server answers from it."""

    info: ReleaseInfo
    made_at: datetime
    answers: bool


@dataclass(frozen=True, slots=True)
class ReleasesPage:
    """The releases of the town, newest first."""

    releases: tuple[Release, ...]
    pinned: bool
    may_change: bool
    trouble: Trouble | None
    said: str = ""
    error: str = ""


@router.get("")
def releases_page(request: Request, viewer: Reader, done: str = "") -> Response:
    """Show which releases there are, and which one answers."""
    return _page(request, viewer, said=DONE.get(done, ""))


@router.get("/{version}/roll-back")
def roll_back_page(request: Request, _viewer: Changer, version: str) -> Response:
    """Ask whether to go back to this release."""
    return html(request, "release_back.html", page=_find(request, version))


@router.post("/{version}/roll-back")
def roll_back_answer(request: Request, viewer: Changer, version: str) -> Response:
    """Go back to this release, and stay there until somebody goes on."""
    found = _find(request, version)
    town_code = town_of(request).code
    try:
        world_of(request).desks.go_back(town_code, found.info.version)
    except IndexProblem as error:
        return _page(request, viewer, error=str(error))
    record_release(request, viewer, "release.roll_back", found.info.version)
    return see_other("/releases?done=back")


@router.post("/resume")
def resume_answer(request: Request, viewer: Changer) -> Response:
    """Let what the keepers change reach the desk again."""
    world_of(request).desks.go_on(town_of(request).code)
    record_release(request, viewer, "release.resume", "")
    return see_other("/releases?done=resumed")


def _find(request: Request, version: str) -> Release:
    found = next((each for each in _releases(request) if each.info.version == version), None)
    if found is None:
        raise NotFound("その版はありません。版の一覧を開き直してください。")
    return found


def _releases(request: Request) -> tuple[Release, ...]:
    world, town_code = world_of(request), town_of(request).code
    desk = world.desks.loaded(town_code)
    answering = desk.index.manifest.version if desk else ""
    return tuple(
        Release(
            info, datetime.fromisoformat(info.created_at).astimezone(), info.version == answering
        )
        for info in list_releases(releases_root(world.settings.data_dir, town_code))
    )


def _page(request: Request, viewer: Viewer, said: str = "", error: str = "") -> Response:
    world, town = world_of(request), town_of(request)
    page = ReleasesPage(
        releases=_releases(request),
        pinned=is_pinned(releases_root(world.settings.data_dir, town.code)),
        may_change=allowed(viewer, "releases.change", town),
        trouble=world.desks.trouble_of(town.code),
        said=said,
        error=error,
    )
    return html(request, "releases.html", 409 if error else 200, page=page)
