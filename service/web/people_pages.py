"""The people of the desk's town: the list, inviting, and a role for somebody known elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.people import give_role, invite
from service.accounts.rights import ROLE_NAMES
from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError, NotFound
from service.store import accounts
from service.store.engine import reading
from service.store.grants import Role
from service.store.towns import Town
from service.web.people_seen import Seen, check_in, list_seen, towns_with
from service.web.record import record_seen
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import town_of
from service.web.words import DONE
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Lister = Annotated[Viewer, Depends(needs("accounts.list"))]
Changer = Annotated[Viewer, Depends(needs("accounts.change"))]
RoleChanger = Annotated[Viewer, Depends(needs("roles.change"))]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The list, and the form to invite; what was typed comes back with an error."""

    people: tuple[Seen, ...]
    towns: tuple[Town, ...]
    role_names: Mapping[Role, str]
    error: str = ""
    said: str = ""
    login: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class OneTimePasswordPage:
    """A password that is shown here and never again."""

    person_id: str
    login: str
    display_name: str
    password: str
    good_for_days: int


@router.get("/accounts")
def people_page(request: Request, viewer: Lister, done: str = "") -> Response:
    """Show the people of the town."""
    return _list(request, viewer, said=DONE.get(done, ""))


@router.post("/accounts")
def invite_answer(
    request: Request,
    viewer: Changer,
    login: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    town: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
) -> Response:
    """Register a person with a first role, and show the one-time password."""
    world = world_of(request)
    try:
        first_role = (town or town_of(request).code, as_role(role))
        check_in(request, viewer, "accounts.change", first_role[0])
        check_in(request, viewer, "roles.change", first_role[0])
        invited = invite(
            world.store, viewer, login, display_name, world.now(), world.rules, first_role
        )
    except DeskError as error:
        return _list(request, viewer, error, login=login, display_name=display_name)
    return one_time_password(request, invited.person, invited.one_time_password)


@router.post("/roles")
def give_by_login_answer(
    request: Request,
    viewer: RoleChanger,
    login: Annotated[str, Form()] = "",
    town: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
) -> Response:
    """Give a role to somebody who has an account already, here or in another town."""
    world = world_of(request)
    town_code = town or town_of(request).code
    try:
        check_in(request, viewer, "roles.change", town_code)
        with reading(world.store) as conn:
            person = accounts.find_by_login(conn, login)
        if person is None:
            raise NotFound("そのログイン名の利用者は登録されていません。入力を確かめてください。")
        given = give_role(world.store, viewer, person.id, town_code, as_role(role), world.now())
    except DeskError as error:
        return _list(request, viewer, error)
    done = "role_given" if given else "role_held"
    return see_other(f"/accounts/{person.id}?done={done}")


def as_role(text: str) -> Role:
    """Return the role that a form named.  Raises :class:`BadInput`."""
    if text not in ROLE_NAMES:
        raise BadInput("役割を選んでください。")
    return cast(Role, text)


def roles_for(towns: tuple[Town, ...]) -> dict[Role, str]:
    """Return the roles that fit these towns: the prefecture's own only in a prefecture."""
    reach = any(town.kind == "prefecture" for town in towns)
    return {code: name for code, name in ROLE_NAMES.items() if reach or code != "prefecture"}


def one_time_password(request: Request, person: accounts.Person, password: str) -> Response:
    """Show the password once: it is in no address, and no page can show it again."""
    days = world_of(request).rules.one_time.days
    page = OneTimePasswordPage(person.id, person.login, person.display_name, password, days)
    return html(request, "one_time_password.html", page=page)


def _list(
    request: Request, viewer: Viewer, error: DeskError | None = None, **typed: str
) -> Response:
    towns = towns_with(request, viewer, "roles.change")
    seen = list_seen(request, viewer)
    record_seen(request, viewer, count=len(seen))
    page = PeoplePage(seen, towns, roles_for(towns), str(error) if error else "", **typed)
    return html(request, "people.html", error.status if error else 200, page=page)
