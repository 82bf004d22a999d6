"""People who sign in.  The password's hash leaves only through ``password_hash_of``."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from service.errors import NotFound
from service.store.check import one_line
from service.store.errors import Taken
from service.store.tables import people


@dataclass(frozen=True, slots=True)
class Person:
    """An account.  ``id`` is all that the audit knows of a person."""

    id: str
    login: str
    display_name: str
    has_password: bool
    oidc_subject: str | None
    disabled_at: datetime | None
    must_change_password: bool
    created_at: datetime
    failed_logins: int
    locked_until: datetime | None
    password_set_at: datetime | None


def normalise_login(login: str) -> str:
    """Return the login as it is stored and compared: NFKC, no case, no outer spaces.

    Raises :class:`BadInput` when it is empty, too long or not one line.
    """
    return one_line(unicodedata.normalize("NFKC", login).casefold(), "ログイン名")


def add_person(
    conn: Connection,
    login: str,
    display_name: str,
    now: datetime,
    password_hash: str | None = None,
    oidc_subject: str | None = None,
    must_change_password: bool = False,
) -> Person:
    """Add a person with a new id.  Raises :class:`Taken` or :class:`BadInput`."""
    name = normalise_login(login)
    # Asked first, not caught after: the write lock keeps the answer true.
    if _find(conn, people.c.login == name):
        raise Taken(f"ログイン名「{name}」はすでに使われています。別の名前にしてください。")
    _check_subject(conn, oidc_subject)
    values = {
        "id": str(uuid4()),
        "login": name,
        "display_name": one_line(display_name, "表示名"),
        "password_hash": password_hash,
        "oidc_subject": oidc_subject,
        "must_change_password": must_change_password,
        "created_at": now,
        "failed_logins": 0,
        "password_set_at": now if password_hash is not None else None,
    }
    conn.execute(insert(people).values(**values))
    return get_person(conn, str(values["id"]))


def get_person(conn: Connection, person_id: str) -> Person:
    """Return the person; raise :class:`NotFound` for an id that is not there."""
    person = _find(conn, people.c.id == person_id)
    if person is None:
        raise NotFound("その利用者は登録されていません。")
    return person


def find_by_login(conn: Connection, login: str) -> Person | None:
    """Return the person with this login, however it is written.  Raises :class:`BadInput`."""
    return _find(conn, people.c.login == normalise_login(login))


def find_by_subject(conn: Connection, oidc_subject: str) -> Person | None:
    """Return the person with this identity (issuer and subject) at the provider."""
    return _find(conn, people.c.oidc_subject == oidc_subject)


def list_people(conn: Connection) -> tuple[Person, ...]:
    """Return everyone, disabled people too, by login."""
    return tuple(sorted(map(_person, conn.execute(select(people))), key=lambda p: p.login))


def count_people(conn: Connection) -> int:
    """Return how many accounts there are; 0 means the first-run set-up is due."""
    return conn.execute(select(func.count()).select_from(people)).scalar_one()


def password_hash_of(conn: Connection, person_id: str) -> str | None:
    """Return the stored hash for the one comparison that needs it."""
    return conn.execute(
        select(people.c.password_hash).where(people.c.id == person_id)
    ).scalar_one_or_none()


def set_password(
    conn: Connection,
    person_id: str,
    password_hash: str,
    now: datetime,
    must_change: bool = False,
) -> Person:
    """Store the hash of a new password and lift the lock."""
    return _change(
        conn,
        person_id,
        password_hash=password_hash,
        password_set_at=now,
        must_change_password=must_change,
        failed_logins=0,
        locked_until=None,
    )


def renew_hash(conn: Connection, person_id: str, password_hash: str) -> Person:
    """Store another hash of the same password: its time, and whether it must be changed, stay."""
    return _change(conn, person_id, password_hash=password_hash)


def drop_password(conn: Connection, person_id: str) -> Person:
    """Leave the account without a password: a provider vouches for the person from now on."""
    return _change(
        conn,
        person_id,
        password_hash=None,
        password_set_at=None,
        must_change_password=False,
        failed_logins=0,
        locked_until=None,
    )


def note_failed_login(
    conn: Connection, person_id: str, now: datetime, limit: int, lock_for: timedelta
) -> Person:
    """Count a failed login; lock at the ``limit``-th in a row and at each one after it."""
    failed = get_person(conn, person_id).failed_logins + 1
    if failed < limit:
        return _change(conn, person_id, failed_logins=failed)
    return _change(conn, person_id, failed_logins=failed, locked_until=now + lock_for)


def note_login(conn: Connection, person_id: str) -> Person:
    """Forget earlier failures."""
    return _change(conn, person_id, failed_logins=0, locked_until=None)


def rename_person(conn: Connection, person_id: str, display_name: str) -> Person:
    """Change the name that others see.  Raises :class:`BadInput`."""
    return _change(conn, person_id, display_name=one_line(display_name, "表示名"))


def set_subject(conn: Connection, person_id: str, oidc_subject: str | None) -> Person:
    """Tie the account to an identity at the provider, or untie it.  Raises :class:`Taken`."""
    if get_person(conn, person_id).oidc_subject != oidc_subject:
        _check_subject(conn, oidc_subject)
    return _change(conn, person_id, oidc_subject=oidc_subject)


def disable_person(conn: Connection, person_id: str, now: datetime) -> Person:
    """Close the account.  Sessions are ended with ``sessions.revoke_all``."""
    return _change(conn, person_id, disabled_at=now)


def enable_person(conn: Connection, person_id: str) -> Person:
    """Open a closed account again."""
    return _change(conn, person_id, disabled_at=None)


def _check_subject(conn: Connection, oidc_subject: str | None) -> None:
    if oidc_subject is not None and find_by_subject(conn, oidc_subject):
        raise Taken("その外部の利用者は、すでに別の利用者と結びついています。")


def _find(conn: Connection, where: ColumnElement[bool]) -> Person | None:
    row = conn.execute(select(people).where(where)).one_or_none()
    return _person(row) if row else None


def _change(conn: Connection, person_id: str, **values: object) -> Person:
    conn.execute(update(people).where(people.c.id == person_id).values(**values))
    return get_person(conn, person_id)


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        login=row.login,
        display_name=row.display_name,
        has_password=row.password_hash is not None,
        oidc_subject=row.oidc_subject,
        disabled_at=row.disabled_at,
        must_change_password=row.must_change_password,
        created_at=row.created_at,
        failed_logins=row.failed_logins,
        locked_until=row.locked_until,
        password_set_at=row.password_set_at,
    )
