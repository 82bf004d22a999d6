"""Inviting, changing and closing accounts, and giving roles.

Nothing here asks for rights: the caller has done so (``rights.allowed``).  ``actor`` is who
does it: a viewer, or a name of the audit such as ``command``.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from service.accounts.first_admin import new_code
from service.accounts.passwords import hash_password
from service.accounts.refusals import LastAdmin
from service.accounts.rules import SignInRules
from service.accounts.viewer import Viewer
from service.errors import BadInput
from service.store import accounts, audit, grants, retention, sessions
from service.store.accounts import Person
from service.store.audit_words import Value
from service.store.engine import empty_log, writing
from service.store.grants import Role
from service.store.towns import Town, find_town

Actor = Viewer | str


class Invited(NamedTuple):
    """A new account, and the password to hand over: shown once, stored only as a hash."""

    person: Person
    one_time_password: str


def invite(
    engine: Engine,
    actor: Actor,
    login: str,
    display_name: str,
    now: datetime,
    rules: SignInRules,
    first_role: tuple[str, Role] | None = None,
) -> Invited:
    """Register a person with a one-time password, to be changed at the first sign-in.

    ``first_role`` is a town's code and a role there, given in the same step: an account without
    a role belongs to no town, and no admin has a right over it.  Raises :class:`Taken`,
    :class:`BadInput` or :class:`NotFound`.
    """
    password = new_code()
    hashed = hash_password(password, rules.cost)
    with writing(engine) as conn:
        person = accounts.add_person(
            conn, login, display_name, now, hashed, must_change_password=True
        )
        _record(conn, actor, "person.add", person.id, now)
        if first_role:
            _give(conn, actor, person.id, *first_role, now)
    return Invited(person, password)


def reset_password(
    engine: Engine, actor: Actor, person_id: str, now: datetime, rules: SignInRules
) -> str:
    """Put a one-time password in place of the forgotten one, end all sessions, lift the lock.

    An identity at a provider is untied too: the account waits for its person as if invited
    anew.  Raises :class:`NotFound`.
    """
    password = new_code()
    hashed = hash_password(password, rules.cost)
    with writing(engine) as conn:
        accounts.get_person(conn, person_id)
        accounts.set_password(conn, person_id, hashed, now, must_change=True)
        accounts.set_subject(conn, person_id, None)
        ended = sessions.revoke_all(conn, person_id, now)
        _record(conn, actor, "password.reset", person_id, now, count=ended)
    return password


def disable(engine: Engine, actor: Actor, person_id: str, now: datetime) -> Person:
    """Close the account and end its sessions.  Raises :class:`LastAdmin` or :class:`NotFound`."""
    with writing(engine) as conn:
        person = accounts.get_person(conn, person_id)
        if person.disabled_at is not None:
            return person
        _keep_an_admin(conn, person_id)
        sessions.revoke_all(conn, person_id, now)
        _record(conn, actor, "person.disable", person_id, now)
        return accounts.disable_person(conn, person_id, now)


def enable(engine: Engine, actor: Actor, person_id: str, now: datetime) -> Person:
    """Open a closed account again, and lift the lock after wrong passwords."""
    with writing(engine) as conn:
        accounts.note_login(conn, person_id)
        _record(conn, actor, "person.enable", person_id, now)
        return accounts.enable_person(conn, person_id)


def give_role(
    engine: Engine, actor: Actor, person_id: str, town_code: str, role: Role, now: datetime
) -> bool:
    """Give the role; return False when the person holds it already.

    Raises :class:`NotFound` for an unknown person or town, :class:`BadInput` for a role that
    does not fit the town.
    """
    with writing(engine) as conn:
        return _give(conn, actor, person_id, town_code, role, now)


def take_role(
    engine: Engine, actor: Actor, person_id: str, town_code: str, role: Role, now: datetime
) -> bool:
    """Take the role away; return False when the person does not hold it.

    Raises :class:`LastAdmin` for the town's last admin.
    """
    with writing(engine) as conn:
        if role == "admin":
            _keep_an_admin(conn, person_id, town_code)
        taken = grants.take(conn, person_id, town_code, role)
        if taken:
            _record(conn, actor, "grant.take", person_id, now, town_code, role=role)
    return taken


def erase(engine: Engine, actor: Actor, person_id: str, now: datetime) -> None:
    """Erase the person's data.  Raises :class:`LastAdmin` or :class:`NotFound`.

    The audit keeps the id, a number that then belongs to nobody.
    """
    with writing(engine) as conn:
        _keep_an_admin(conn, person_id)
        retention.erase_person(conn, person_id, now, _name(actor))
    empty_log(engine)


def towns_of_person(conn: Connection, person_id: str) -> tuple[Town, ...]:
    """Return the towns a person works in: what ``rights.allowed_over`` asks for."""
    codes = sorted({grant.town_code for grant in grants.grants_of(conn, person_id)})
    found = (find_town(conn, code) for code in codes)
    return tuple(town for town in found if town is not None)


def _give(
    conn: Connection, actor: Actor, person_id: str, town_code: str, role: Role, now: datetime
) -> bool:
    town = find_town(conn, town_code)
    if role == "prefecture" and town and town.kind != "prefecture":
        # It reaches over the whole prefecture: a town's admin must not be able to give it.
        raise BadInput(
            f"「都道府県の担当」の役割は、都道府県にだけ与えられます。{town.name}では別の役割を選んでください。"
        )
    given = grants.give(conn, person_id, town_code, role, now)
    if given:
        _record(conn, actor, "grant.give", person_id, now, town_code, role=role)
    return given


def _keep_an_admin(conn: Connection, person_id: str, town_code: str | None = None) -> None:
    """Raise :class:`LastAdmin` if a town (or the given one) has no other admin who can act."""
    for grant in grants.grants_of(conn, person_id):
        if grant.role != "admin" or town_code not in (None, grant.town_code):
            continue
        admins = {g.person_id for g in grants.grants_in(conn, grant.town_code) if g.role == "admin"}
        active = {p for p in admins if accounts.get_person(conn, p).disabled_at is None}
        if active == {person_id}:
            raise LastAdmin(
                "この人は最後の管理者です。先に別の人に管理者の役割を与えてから、やり直してください。"
            )


def _record(
    conn: Connection,
    actor: Actor,
    action: str,
    person_id: str,
    now: datetime,
    town_code: str | None = None,
    **detail: Value,
) -> None:
    about = ("person", person_id)
    event = audit.Event(_name(actor), action, about, town_code, detail=detail)
    audit.append(conn, event, now)


def _name(actor: Actor) -> str:
    return actor if isinstance(actor, str) else actor.person_id
