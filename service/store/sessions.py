"""Server-side sessions.  Only the hash of the cookie's token is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, true, update

from service.store.tables import people, sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    token_hash: str
    person_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    user_agent_hash: str | None


def hash_token(token: str) -> str:
    """Return what is stored for a token (64 hex digits).

    Plain sha256 is enough: the token is 256 random bits, not a password.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    conn: Connection,
    token: str,
    person_id: str,
    now: datetime,
    lifetime: timedelta,
    user_agent: str | None = None,
) -> Session:
    """Store a new session that ends ``lifetime`` after ``now``, however much it is used."""
    session = Session(
        token_hash=hash_token(token),
        person_id=person_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
        revoked_at=None,
        user_agent_hash=hash_token(user_agent) if user_agent else None,
    )
    conn.execute(
        insert(sessions).values(
            token_hash=session.token_hash,
            person_id=person_id,
            created_at=now,
            last_seen_at=now,
            expires_at=session.expires_at,
            user_agent_hash=session.user_agent_hash,
        )
    )
    return session


def find_session(conn: Connection, token: str, now: datetime, idle: timedelta) -> Session | None:
    """Return the session if it may be used now.

    None when it is unknown, revoked, past its end, unused for ``idle``, or its person is
    disabled.
    """
    query = (
        select(sessions)
        .join(people, people.c.id == sessions.c.person_id)
        .where(
            sessions.c.token_hash == hash_token(token),
            people.c.disabled_at.is_(None),
            _live(now, idle),
        )
    )
    row = conn.execute(query).one_or_none()
    return _session(row) if row else None


def touch_session(conn: Connection, token_hash: str, now: datetime) -> None:
    """Note that the session was used.  Call it once a minute at most: it is a write."""
    conn.execute(
        update(sessions)
        .where(sessions.c.token_hash == token_hash, sessions.c.last_seen_at < now)
        .values(last_seen_at=now)
    )


def revoke_session(conn: Connection, token_hash: str, now: datetime) -> bool:
    """End a session; return False when it had ended or never was."""
    return bool(_revoke(conn, sessions.c.token_hash == token_hash, now))


def revoke_all(conn: Connection, person_id: str, now: datetime) -> int:
    """End all of a person's sessions; return how many."""
    return _revoke(conn, sessions.c.person_id == person_id, now)


def revoke_everybodys(conn: Connection, now: datetime) -> int:
    """End all sessions there are; return how many."""
    return _revoke(conn, true(), now)


def live_sessions(
    conn: Connection, person_id: str, now: datetime, idle: timedelta
) -> tuple[Session, ...]:
    """Return a person's usable sessions, newest first."""
    query = select(sessions).where(sessions.c.person_id == person_id, _live(now, idle))
    found = map(_session, conn.execute(query.order_by(sessions.c.created_at.desc())))
    return tuple(found)


def _live(now: datetime, idle: timedelta) -> ColumnElement[bool]:
    return and_(
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.last_seen_at > now - idle,
    )


def _revoke(conn: Connection, where: ColumnElement[bool], now: datetime) -> int:
    live = and_(where, sessions.c.revoked_at.is_(None))
    return conn.execute(update(sessions).where(live).values(revoked_at=now)).rowcount


def _session(row: Row[Any]) -> Session:
    return Session(
        row.token_hash,
        row.person_id,
        row.created_at,
        row.last_seen_at,
        row.expires_at,
        row.revoked_at,
        row.user_agent_hash,
    )
