"""One person's account, as an admin sees and changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts import people
from service.accounts.sign_in import end_sessions
from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError
from service.store.grants import Role
from service.store.towns import Town
from service.web.people_pages import as_role, one_time_password, roles_for
from service.web.people_seen import Seen, check_in, check_over, see, towns_with
from service.web.record import record_seen
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import town_of
from service.web.words import DONE
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/accounts/{person_id}")
Lister = Annotated[Viewer, Depends(needs("accounts.list"))]
Changer = Annotated[Viewer, Depends(needs("accounts.change"))]
RoleChanger = Annotated[Viewer, Depends(needs("roles.change"))]
SessionEnder = Annotated[Viewer, Depends(needs("sessions.end_others"))]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person, and what the viewer may give; ``is_self`` hides what would shut the viewer out."""

    seen: Seen
    towns: tuple[Town, ...]
    role_names: Mapping[Role, str]
    is_self: bool
    is_locked: bool
    said: str = ""
    error: str = ""


@router.get("")
def person_page(request: Request, viewer: Lister, person_id: str, done: str = "") -> Response:
    """Show the account."""
    return _page(request, viewer, person_id, said=DONE.get(done, ""))


@router.post("/roles/give")
def give_role_answer(
    request: Request,
    viewer: RoleChanger,
    person_id: str,
    role: Annotated[str, Form()] = "",
    town: Annotated[str, Form()] = "",
) -> Response:
    """Give a role in one of the viewer's towns."""
    world = world_of(request)
    town_code = town or town_of(request).code
    see(request, viewer, person_id)
    check_in(request, viewer, "roles.change", town_code, person_id)
    try:
        given = people.give_role(
            world.store, viewer, person_id, town_code, as_role(role), world.now()
        )
    except DeskError as error:
        return _page(request, viewer, person_id, error=error)
    return _back(person_id, "role_given" if given else "role_held")


@router.post("/roles/take")
def take_role_answer(
    request: Request,
    viewer: RoleChanger,
    person_id: str,
    role: Annotated[str, Form()] = "",
    town: Annotated[str, Form()] = "",
) -> Response:
    """Take a role away in one of the viewer's towns."""
    world = world_of(request)
    town_code = town or town_of(request).code
    see(request, viewer, person_id)
    check_in(request, viewer, "roles.change", town_code, person_id)
    try:
        people.take_role(world.store, viewer, person_id, town_code, as_role(role), world.now())
    except DeskError as error:
        return _page(request, viewer, person_id, error=error)
    # Without the last role the person is in no town that the list knows, perhaps the viewer.
    return see_other("/account" if person_id == viewer.person_id else "/accounts?done=role_taken")


@router.post("/disable")
def disable_answer(request: Request, viewer: Changer, person_id: str) -> Response:
    """Close the account and end its sessions."""
    world = world_of(request)
    check_over(request, viewer, "accounts.change", see(request, viewer, person_id))
    try:
        _check_other(viewer, person_id)
        people.disable(world.store, viewer, person_id, world.now())
    except DeskError as error:
        return _page(request, viewer, person_id, error=error)
    return _back(person_id, "disabled")


@router.post("/enable")
def enable_answer(request: Request, viewer: Changer, person_id: str) -> Response:
    """Open a closed or locked account again."""
    world = world_of(request)
    check_over(request, viewer, "accounts.change", see(request, viewer, person_id))
    people.enable(world.store, viewer, person_id, world.now())
    return _back(person_id, "enabled")


@router.post("/reset-password")
def reset_password_answer(request: Request, viewer: Changer, person_id: str) -> Response:
    """Replace a forgotten password by a one-time password, and show it once."""
    world = world_of(request)
    seen = see(request, viewer, person_id)
    check_over(request, viewer, "accounts.change", seen)
    try:
        _check_other(viewer, person_id)
    except DeskError as error:
        return _page(request, viewer, person_id, error=error)
    password = people.reset_password(world.store, viewer, person_id, world.now(), world.rules)
    return one_time_password(request, seen.person, password)


@router.post("/end-sessions")
def end_sessions_answer(request: Request, viewer: SessionEnder, person_id: str) -> Response:
    """Sign the person out everywhere."""
    world = world_of(request)
    check_over(request, viewer, "sessions.end_others", see(request, viewer, person_id))
    end_sessions(world.store, person_id, world.now(), viewer.person_id)
    return _back(person_id, "sessions_ended")


def _check_other(viewer: Viewer, person_id: str) -> None:
    """Raise :class:`BadInput` when admins are about to shut themselves out."""
    if person_id == viewer.person_id:
        raise BadInput(
            "自分の利用を止めたり、自分のパスワードを再発行したりはできません。パスワードは「自分のアカウント」で変えられます。"
        )


def _back(person_id: str, done: str) -> Response:
    return see_other(f"/accounts/{person_id}?done={done}")


def _page(
    request: Request,
    viewer: Viewer,
    person_id: str,
    said: str = "",
    error: DeskError | None = None,
) -> Response:
    world = world_of(request)
    seen = see(request, viewer, person_id)
    record_seen(request, viewer, person_id)
    towns = towns_with(request, viewer, "roles.change")
    locked = seen.person.locked_until
    page = PersonPage(
        seen=seen,
        towns=towns,
        role_names=roles_for(towns),
        is_self=person_id == viewer.person_id,
        is_locked=locked is not None and locked > world.now(),
        said=said,
        error=str(error) if error else "",
    )
    return html(request, "person.html", error.status if error else 200, page=page)
