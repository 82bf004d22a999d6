"""A person's own open sessions: to look at, and to end one that was left open somewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from service.accounts.rules import SignInRules
from service.accounts.viewer import Viewer
from service.store import audit, sessions
from service.store.engine import reading, writing
from service.store.sessions import Session


def own_sessions(
    engine: Engine, viewer: Viewer, now: datetime, rules: SignInRules
) -> tuple[Session, ...]:
    """Return the viewer's usable sessions, newest first."""
    with reading(engine) as conn:
        return sessions.live_sessions(conn, viewer.person_id, now, rules.idle)


def end_own_session(
    engine: Engine, viewer: Viewer, token_hash: str, now: datetime, rules: SignInRules
) -> bool:
    """End one of the viewer's sessions; return False when it is over or not the viewer's."""
    with writing(engine) as conn:
        own = sessions.live_sessions(conn, viewer.person_id, now, rules.idle)
        if token_hash not in {session.token_hash for session in own}:
            return False
        sessions.revoke_session(conn, token_hash, now)
        about, detail = ("person", viewer.person_id), {"count": 1}
        event = audit.Event(viewer.person_id, "session.end", about, detail=detail)
        audit.append(conn, event, now)
    return True
