"""Signing in and out, and who a cookie's token stands for.

Passwords are compared outside of the store's transactions (a hash takes a tenth of a second
and the write lock is one for all); what was compared is looked at again before it counts.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from service.accounts import passwords
from service.accounts.one_time import is_one_time_over
from service.accounts.password_policy import check_password
from service.accounts.refusals import (
    SignInBusy,
    SignInRefused,
    TooManyTries,
    WeakPassword,
    WrongPassword,
)
from service.accounts.rules import SignInRules
from service.accounts.tries import count_try, is_locked, note_failure
from service.accounts.viewer import Viewer, read_viewer
from service.errors import BadInput, NotFound
from service.store import accounts, audit, sessions
from service.store.accounts import Person
from service.store.audit_words import ANONYMOUS
from service.store.engine import reading, writing
from service.store.errors import StoreBusy

__all__ = [
    "SignInBusy",
    "SignInRefused",
    "SignInRules",
    "SignedIn",
    "TooManyTries",
    "change_password",
    "end_sessions",
    "find_viewer",
    "open_for",
    "sign_in",
    "sign_out",
]

TOUCH_EVERY = timedelta(minutes=1)
_EVER = timedelta(days=36_500)
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# No login is longer; a longer one is not even normalised.
_LOGIN_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened.  ``token`` goes into the cookie and nowhere else."""

    token: str
    viewer: Viewer
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store held about a login while its password was compared."""

    person_id: str
    stored: str | None


def sign_in(
    engine: Engine,
    login: str,
    password: str,
    client: str,
    user_agent: str,
    now: datetime,
    rules: SignInRules,
) -> SignedIn:
    """Open a session for the right password.

    Raises :class:`SignInRefused`, the same for an unknown login, a wrong password, a one-time
    password past its end, a locked and a disabled account, each after the same work; :class:`TooManyTries`; :class:`SignInBusy`.
    """
    count_try(engine, client, now, rules)
    known = _look_up(engine, login)
    right = passwords.verify_password(password, known.stored if known else None, rules.cost)
    renewed = _renewed_hash(password, known, rules) if right and known else None
    with writing(engine) as conn:
        person = _still(conn, known)
        reason = _refusal(person, right, now)
        if person and reason is None and is_one_time_over(person, now, rules):
            reason = "expired"
        if person and reason is None:
            if renewed:
                accounts.renew_hash(conn, person.id, renewed)
            accounts.note_login(conn, person.id)
            return _open(conn, person.id, user_agent, now, rules, "password")
        if person and reason == "password":
            note_failure(conn, person, now, rules)
        _record_refusal(conn, "session.refuse", person, reason or "unknown", now)
    raise SignInRefused


def open_for(
    engine: Engine,
    person_id: str,
    client: str,
    user_agent: str,
    now: datetime,
    rules: SignInRules,
    how: str,
    identity: str | None = None,
) -> SignedIn:
    """Open a session for somebody who has been recognised in another way (``how``).

    ``identity`` is who the provider said it is: an admin may have untied it meanwhile.  The lock
    after wrong passwords does not count here.  Raises :class:`SignInRefused` for an unknown or
    disabled person; :class:`TooManyTries`.
    """
    count_try(engine, client, now, rules)
    with writing(engine) as conn:
        person = _person(conn, person_id)
        if person and identity not in (None, person.oidc_subject):
            person = None
        if person and person.disabled_at is None:
            return _open(conn, person.id, user_agent, now, rules, how)
        reason = "disabled" if person else "unknown"
        _record_refusal(conn, "session.refuse", person, reason, now)
    raise SignInRefused


def find_viewer(engine: Engine, token: str, now: datetime, rules: SignInRules) -> Viewer | None:
    """Return who the token stands for; None when it is unknown, over, revoked or disabled.

    Notes the use of the session, about once a minute.
    """
    if not _TOKEN.fullmatch(token):
        return None
    with reading(engine) as conn:
        session = sessions.find_session(conn, token, now, rules.idle)
        if session is None:
            return None
        viewer = read_viewer(conn, session.person_id, session.token_hash)
    # An idle limit of a minute or two must not end a session in use.
    if now - session.last_seen_at >= min(TOUCH_EVERY, rules.idle / 4):
        # A page must not fail for this: the next one will note it.
        with suppress(StoreBusy), writing(engine, attempts=1) as conn:
            sessions.touch_session(conn, session.token_hash, now)
    return viewer


def sign_out(engine: Engine, token: str, now: datetime) -> None:
    """End the token's session; nothing happens for a token that is unknown or over."""
    if not _TOKEN.fullmatch(token):
        return
    with writing(engine) as conn:
        # However long unused: signing out of it is meant all the same.
        session = sessions.find_session(conn, token, now, _EVER)
        if session and sessions.revoke_session(conn, session.token_hash, now):
            about = ("person", session.person_id)
            audit.append(conn, audit.Event(session.person_id, "session.close", about), now)


def change_password(
    engine: Engine,
    viewer: Viewer,
    old: str,
    new: str,
    user_agent: str,
    now: datetime,
    rules: SignInRules,
) -> SignedIn:
    """Change the viewer's own password, end all sessions and return a new one.

    Wrong old passwords count towards the account's lock, so that a stolen session does not
    open the password to guessing.  Raises :class:`WrongPassword` or :class:`WeakPassword`.
    """
    check_password(new, viewer.login, viewer.display_name)
    if passwords.normalise(old) == passwords.normalise(new):
        raise WeakPassword("いまと同じパスワードです。別のパスワードにしてください。")
    known = _look_up(engine, viewer.login)
    right = passwords.verify_password(old, known.stored if known else None, rules.cost)
    fresh = passwords.hash_password(new, rules.cost) if right else None
    with writing(engine) as conn:
        person = _still(conn, known)
        reason = _refusal(person, right, now)
        if person and fresh and reason is None:
            accounts.set_password(conn, person.id, fresh, now)
            ended = sessions.revoke_all(conn, person.id, now)
            about, detail = ("person", person.id), {"count": ended}
            event = audit.Event(person.id, "password.change", about, detail=detail)
            audit.append(conn, event, now)
            return _open(conn, person.id, user_agent, now, rules, "password_change")
        if person and reason == "password":
            note_failure(conn, person, now, rules)
        _record_refusal(conn, "password.refuse", person, reason or "unknown", now, viewer.person_id)
    raise WrongPassword


def end_sessions(engine: Engine, person_id: str, now: datetime, actor: str) -> int:
    """End all of a person's sessions; return how many.  Raises :class:`NotFound`."""
    with writing(engine) as conn:
        accounts.get_person(conn, person_id)
        ended = sessions.revoke_all(conn, person_id, now)
        about, detail = ("person", person_id), {"count": ended}
        audit.append(conn, audit.Event(actor, "session.end", about, detail=detail), now)
    return ended


def _open(
    conn: Connection, person_id: str, user_agent: str, now: datetime, rules: SignInRules, how: str
) -> SignedIn:
    # Always a new token: one that somebody planted in the browser is worth nothing.
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session = sessions.open_session(conn, token, person_id, now, rules.lifetime, user_agent)
    about, detail = ("person", person_id), {"how": how}
    audit.append(conn, audit.Event(person_id, "session.open", about, detail=detail), now)
    return SignedIn(token, read_viewer(conn, person_id, session.token_hash), session.expires_at)


def _look_up(engine: Engine, login: str) -> _Known | None:
    if len(login) > _LOGIN_CHARS:
        return None
    # An empty login, or one with a line break, is answered like an unknown one.
    with suppress(BadInput), reading(engine) as conn:
        person = accounts.find_by_login(conn, login)
        if person:
            return _Known(person.id, accounts.password_hash_of(conn, person.id))
    return None


def _renewed_hash(password: str, known: _Known, rules: SignInRules) -> str | None:
    """Return a hash at today's cost when the stored one was made at another."""
    if known.stored and passwords.needs_rehash(known.stored, rules.cost):
        return passwords.hash_password(password, rules.cost)
    return None


def _still(conn: Connection, known: _Known | None) -> Person | None:
    """Return the person as it is now; None when the password has been changed meanwhile."""
    if known is None or accounts.password_hash_of(conn, known.person_id) != known.stored:
        return None
    return _person(conn, known.person_id)


def _person(conn: Connection, person_id: str) -> Person | None:
    with suppress(NotFound):
        return accounts.get_person(conn, person_id)
    return None


def _refusal(person: Person | None, right: bool, now: datetime) -> str | None:
    """Return why not, as a code for the audit; None when the person may come in."""
    if person is None:
        return "unknown"
    if person.disabled_at is not None:
        return "disabled"
    if is_locked(person, now):
        return "locked"
    return None if right else "password"


def _record_refusal(
    conn: Connection,
    action: str,
    person: Person | None,
    reason: str,
    now: datetime,
    actor: str = ANONYMOUS,
) -> None:
    # Never the login as it was typed: people type passwords there.
    about = ("person", person.id) if person else None
    detail = {"reason": reason}
    event = audit.Event(actor, action, about, outcome="denied", detail=detail)
    audit.append(conn, event, now)
