"""Which people an admin may see and change: those of the towns the admin has the right in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from service.accounts.one_time import is_one_time_over, one_time_until
from service.accounts.people import towns_of_person
from service.accounts.rights import allowed, allowed_over
from service.accounts.viewer import Viewer
from service.errors import Forbidden, NotFound
from service.store import accounts, grants
from service.store.accounts import Person
from service.store.engine import reading
from service.store.towns import Town, list_towns
from service.web.record import record_refusal
from service.web.town_of import town_of
from service.web.words import Role, roles_by_town
from service.web.world import world_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A person with roles, as an admin sees them; ``one_time_*`` is about the one-time password."""

    person: Person
    roles: tuple[Role, ...]
    towns: tuple[Town, ...]
    one_time_until: datetime | None
    one_time_over: bool


def towns_with(request: Request, viewer: Viewer, action: str) -> tuple[Town, ...]:
    """Return the towns in which the viewer may do ``action``, the request's own first."""
    with reading(world_of(request).store) as conn:
        every = list_towns(conn)
    here = town_of(request).code
    found = [town for town in every if allowed(viewer, action, town)]
    return tuple(sorted(found, key=lambda town: (town.code != here, town.code)))


def list_seen(request: Request, viewer: Viewer) -> tuple[Seen, ...]:
    """Return everybody with a role in a town whose accounts the viewer may list, by login."""
    towns = towns_with(request, viewer, "accounts.list")
    with reading(world_of(request).store) as conn:
        ids = {g.person_id for town in towns for g in grants.grants_in(conn, town.code)}
        people = [accounts.get_person(conn, person_id) for person_id in ids]
    return tuple(_look(request, p) for p in sorted(people, key=lambda p: p.login))


def see(request: Request, viewer: Viewer, person_id: str) -> Seen:
    """Return one person; raise :class:`NotFound` for strangers, as for ids that are not there.

    Whether an id exists in another town is not told; the attempt is recorded.
    """
    with reading(world_of(request).store) as conn:
        person = accounts.get_person(conn, person_id)
    seen = _look(request, person)
    if not any(allowed(viewer, "accounts.list", town) for town in seen.towns):
        record_refusal(request, viewer, "accounts.list", ("person", person.id))
        raise NotFound("その利用者は登録されていません。")
    return seen


def check_over(request: Request, viewer: Viewer, action: str, seen: Seen) -> None:
    """Raise :class:`Forbidden` unless the viewer may do ``action`` in all towns of the person."""
    if allowed_over(viewer, action, seen.towns):
        return
    record_refusal(request, viewer, action, ("person", seen.person.id))
    raise Forbidden(
        "この人は、ほかの自治体でも役割を持っているため、この自治体だけでは変えられません。"
        "そちらの管理者に頼むか、サーバーで `tsunagi account` を使ってください。"
    )


def check_in(
    request: Request, viewer: Viewer, action: str, town_code: str, person_id: str | None = None
) -> None:
    """Raise :class:`Forbidden` unless the viewer may do ``action`` in the named town."""
    if town_code in {town.code for town in towns_with(request, viewer, action)}:
        return
    record_refusal(request, viewer, action, ("person", person_id) if person_id else None)
    raise Forbidden("その自治体の役割を変える権限がありません。")


def _look(request: Request, person: Person) -> Seen:
    world = world_of(request)
    with reading(world.store) as conn:
        held = grants.grants_of(conn, person.id)
        towns = towns_of_person(conn, person.id)
    return Seen(
        person,
        roles_by_town(held, towns),
        towns,
        one_time_until(person, world.rules),
        is_one_time_over(person, world.now(), world.rules),
    )
