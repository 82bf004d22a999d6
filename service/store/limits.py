"""Counters for rate limits, shared by all processes: hits per key and window of time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from service.store.tables import rate_counters


@dataclass(frozen=True, slots=True)
class Hits:
    """How often a key was hit in the window that holds now."""

    count: int
    window_ends_at: datetime


def add_hit(conn: Connection, key: str, now: datetime, window: timedelta) -> Hits:
    """Count one hit of ``key`` (e.g. ``login:203.0.113.7``) and return the sum with it.

    The key is stored as a hash; the counter goes with the retention of its table.
    """
    start = _window_start(now, window)
    this = _is(key, start)
    counted = conn.execute(update(rate_counters).where(this).values(hits=rate_counters.c.hits + 1))
    if not counted.rowcount:
        conn.execute(insert(rate_counters).values(key_hash=_hash(key), window_start=start, hits=1))
    return _hits(conn, this, start + window)


def hits_of(conn: Connection, key: str, now: datetime, window: timedelta) -> Hits:
    """Return the sum without counting."""
    start = _window_start(now, window)
    return _hits(conn, _is(key, start), start + window)


def _hits(conn: Connection, where: ColumnElement[bool], ends_at: datetime) -> Hits:
    count = conn.execute(select(rate_counters.c.hits).where(where)).scalar_one_or_none()
    return Hits(count or 0, ends_at)


def _is(key: str, start: datetime) -> ColumnElement[bool]:
    return and_(rate_counters.c.key_hash == _hash(key), rate_counters.c.window_start == start)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _window_start(now: datetime, window: timedelta) -> datetime:
    """Return the start of the fixed window, counted from the epoch, that holds ``now``."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return now.astimezone(UTC) - (now - epoch) % window
