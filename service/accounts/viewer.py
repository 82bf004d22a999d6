"""Who is asking: what a page or a command may know of the person in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import Connection

from service.store import accounts, grants
from service.store.grants import Grant, Role
from service.store.towns import Town, find_town

# The audit's name for the person of the single-user mode, who has no account.
SINGLE_USER_ID = "single-user"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who is signed in, or the one person of the single-user mode.

    ``towns`` are those that ``grants`` speak of.  A right that reaches over a prefecture needs
    them: without, it reaches nowhere.  ``session_hash`` is None in the single-user mode.
    """

    person_id: str
    login: str
    display_name: str
    grants: tuple[Grant, ...]
    session_hash: str | None
    must_change_password: bool
    towns: tuple[Town, ...] = ()
    # Without: a provider vouches for the person, and there is no password to change.
    has_password: bool = True


def roles_in(viewer: Viewer, town_code: str) -> frozenset[Role]:
    """Return the roles that the viewer holds in the town itself."""
    return frozenset(grant.role for grant in viewer.grants if grant.town_code == town_code)


def read_viewer(conn: Connection, person_id: str, session_hash: str | None) -> Viewer:
    """Return the person as a viewer.  Raises :class:`NotFound`."""
    person = accounts.get_person(conn, person_id)
    held = grants.grants_of(conn, person_id)
    codes = sorted({grant.town_code for grant in held})
    found = (find_town(conn, code) for code in codes)
    return Viewer(
        person_id=person.id,
        login=person.login,
        display_name=person.display_name,
        grants=held,
        session_hash=session_hash,
        must_change_password=person.must_change_password,
        towns=tuple(town for town in found if town is not None),
        has_password=person.has_password,
    )


def single_user(town: Town) -> Viewer:
    """Return the one person of the single-user mode: every role, in ``town``, no session."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    roles: tuple[Role, ...] = get_args(Role)
    return Viewer(
        person_id=SINGLE_USER_ID,
        login=SINGLE_USER_ID,
        display_name="このパソコンの利用者",
        grants=tuple(Grant(SINGLE_USER_ID, town.code, role, since) for role in roles),
        session_hash=None,
        must_change_password=False,
        towns=(town,),
    )
