"""The first-run set-up: the first admin, made while there is nobody else."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Engine

from service.accounts.password_policy import check_password
from service.accounts.passwords import hash_password
from service.accounts.refusals import SetUpDone
from service.accounts.rules import SignInRules
from service.accounts.town_list import ensure_town_in
from service.store import accounts, audit, grants
from service.store.accounts import Person
from service.store.audit_words import COMMAND
from service.store.engine import reading, writing
from service.store.towns import Town

# Without letters and digits that look alike on paper.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP_CHARS = 4, 5


def new_code() -> str:
    """Return 100 random bits to be read out and typed: ``K7QWM-3VXAB-…``, four groups of five."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS)
    )


def new_set_up_code() -> str:
    """Return the code that whoever starts the server sees, and the set-up page asks for."""
    return new_code()


def set_up_due(engine: Engine) -> bool:
    """Tell whether there is no account yet."""
    with reading(engine) as conn:
        return accounts.count_people(conn) == 0


def create_first_admin(
    engine: Engine,
    login: str,
    display_name: str,
    password: str,
    town: Town,
    now: datetime,
    rules: SignInRules,
    actor: str = COMMAND,
) -> Person:
    """Register the first person, as admin of ``town``, and the town with it.

    Of several at the same moment exactly one succeeds.  Raises :class:`SetUpDone` once there is
    an account, :class:`WeakPassword` or :class:`BadInput`.
    """
    if not set_up_due(engine):
        raise SetUpDone
    check_password(password, login, display_name)
    hashed = hash_password(password, rules.cost)
    with writing(engine) as conn:
        # Asked again: the write lock keeps this answer true until the commit.
        if accounts.count_people(conn):
            raise SetUpDone
        person = accounts.add_person(conn, login, display_name, now, hashed)
        ensure_town_in(conn, town, now, actor)
        grants.give(conn, person.id, town.code, "admin", now)
        about, detail = ("person", person.id), {"role": "admin"}
        audit.append(conn, audit.Event(actor, "person.add", about), now)
        audit.append(conn, audit.Event(actor, "grant.give", about, town.code, detail=detail), now)
    return person
