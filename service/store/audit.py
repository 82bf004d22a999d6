"""The audit: who did what and when, in a chain of hashes that only grows.

Each row carries the hash of the one before it and the hash of itself, over a canonical JSON
of both.  The database's own triggers refuse changes, gaps and deletions; the chain shows what
somebody did who could switch the triggers off.  A person appears by id alone, so erasing the
row of ``people`` makes the audit pseudonymous without touching it.

When retention removes the oldest rows, it first appends a *seal*: a row that holds the number
and the hash of the last removed row and the count of all ever removed.  The chain then starts
where the latest seal says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select

from service.store.audit_words import SYSTEM, Value, check_action, check_code, check_detail
from service.store.tables import audit
from service.store.times import utc_text

GENESIS = "0" * 64
SEAL = "audit.seal"
_BATCH_ROWS = 1_000

Outcome = Literal["ok", "denied", "failed"]


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be recorded.  ``subject`` is a kind and an id, e.g. ("person", its id)."""

    actor: str
    action: str
    subject: tuple[str, str] | None = None
    town_code: str | None = None
    outcome: Outcome = "ok"
    detail: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded row.  ``detail`` is the canonical JSON that was hashed."""

    seq: int
    at: datetime
    actor: str
    town_code: str | None
    action: str
    subject_kind: str | None
    subject_id: str | None
    outcome: Outcome
    detail: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last row: written down elsewhere, it proves later that nothing before it changed."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first row that does not fit, and why (Japanese)."""

    seq: int
    reason: str


def append(conn: Connection, event: Event, now: datetime) -> Entry:
    """Record ``event`` as the next row; it counts once the caller's transaction commits.

    Needs a connection from ``writing``: its lock keeps two writers from taking one place.
    Raises ValueError for words that ``audit_words`` does not allow.
    """
    last = head(conn)
    kind, subject_id = event.subject or (None, None)
    for value, what in (
        (event.actor, "actor"),
        (event.town_code, "town"),
        (kind, "subject kind"),
        (subject_id, "subject id"),
    ):
        if value is not None:
            check_code(value, what)
    unsigned = Entry(
        seq=last.seq + 1 if last else 1,
        at=now,
        actor=event.actor,
        town_code=event.town_code,
        action=check_action(event.action),
        subject_kind=kind,
        subject_id=subject_id,
        outcome=event.outcome,
        detail=_canonical(check_detail(event.detail)),
        previous_hash=last.hash if last else GENESIS,
        hash="",
    )
    entry = replace(unsigned, hash=_digest(unsigned))
    conn.execute(insert(audit).values(**asdict(entry)))
    return entry


def head(conn: Connection) -> Head | None:
    """Return the last row's place and hash; None when nothing is recorded."""
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return Head(row.seq, row.hash) if row else None


def count_entries(conn: Connection) -> int:
    """Return how many rows are kept."""
    return conn.execute(select(func.count()).select_from(audit)).scalar_one()


def list_entries(
    conn: Connection,
    since: datetime | None = None,
    actor: str | None = None,
    action: str | None = None,
    limit: int = 100,
) -> tuple[Entry, ...]:
    """Return the newest ``limit`` rows that fit, oldest of them first.

    ``action`` may end in a dot (``person.``) for all actions of that kind.
    """
    query = select(audit)
    if since is not None:
        query = query.where(audit.c.at >= since)
    if actor is not None:
        query = query.where(audit.c.actor == actor)
    if action is not None:
        fits = audit.c.action.startswith(action, autoescape=True)
        query = query.where(fits if action.endswith(".") else audit.c.action == action)
    rows = conn.execute(query.order_by(audit.c.seq.desc()).limit(limit))
    return tuple(reversed([_entry(row) for row in rows]))


def entries_about(conn: Connection, person_id: str) -> Iterator[Entry]:
    """Give what a person did and what was done to the person's account, oldest first."""
    about = (audit.c.subject_kind == "person") & (audit.c.subject_id == person_id)
    query = select(audit).where((audit.c.actor == person_id) | about).order_by(audit.c.seq)
    return map(_entry, conn.execute(query))


def verify_chain(conn: Connection, known: Head | None = None) -> BrokenLink | None:
    """Return the first broken link, or None when every row is as it was written.

    ``known`` is a head noted earlier: without it, a chain whose end was cut off, or that was
    written anew from the start, still fits itself.
    """
    expected: Head | None = None
    first: Entry | None = None
    seal: Entry | None = None
    query = select(audit).order_by(audit.c.seq)
    with conn.execute(query, execution_options={"yield_per": _BATCH_ROWS}) as rows:
        for entry in map(_entry, rows):
            reason = _misfit(entry, expected, known)
            if reason:
                return BrokenLink(entry.seq, reason)
            first = first or entry
            seal = entry if entry.action == SEAL else seal
            expected = Head(entry.seq, entry.hash)
    if first is not None and not _starts_rightly(first, seal):
        return BrokenLink(first.seq, "この記録より前が、封じずに消されています。")
    if known is not None and (expected is None or expected.seq < known.seq):
        return BrokenLink(known.seq, "控えておいた記録がなく、終わりが消されています。")
    return None


def seal_before(conn: Connection, cutoff: datetime, now: datetime) -> int:
    """Remove the oldest rows, all before ``cutoff``, after sealing them; return how many."""
    kept = conn.execute(select(func.min(audit.c.seq)).where(audit.c.at >= cutoff)).scalar_one()
    last_due = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    if kept is not None:
        last_due = last_due.where(audit.c.seq < kept)
    due = conn.execute(last_due).one_or_none()
    if due is None:
        return 0
    # Rows are numbered without gaps from 1: the last one's number counts all ever removed.
    detail = {"count": due.seq, "last_hash": due.hash}
    append(conn, Event(SYSTEM, SEAL, ("audit", str(due.seq)), detail=detail), now)
    return conn.execute(delete(audit).where(audit.c.seq <= due.seq)).rowcount


def _misfit(entry: Entry, expected: Head | None, known: Head | None) -> str | None:
    if expected is not None and entry.seq != expected.seq + 1:
        return "この記録の前が抜けています。"
    if expected is not None and entry.previous_hash != expected.hash:
        return "前の記録とつながっていません。"
    if entry.hash != _digest(entry):
        return "内容が書き換えられています。"
    if known is not None and entry.seq == known.seq and entry.hash != known.hash:
        return "控えておいたハッシュと違います。書き直されています。"
    return None


def _starts_rightly(first: Entry, seal: Entry | None) -> bool:
    """Tell whether the chain starts at its beginning, or where the latest seal says."""
    if seal is None:
        return first.seq == 1 and first.previous_hash == GENESIS
    removed = first.seq - 1
    told = _canonical({"count": removed, "last_hash": first.previous_hash})
    return (seal.subject_id, seal.detail) == (str(removed), told)


def _digest(entry: Entry) -> str:
    """Return the hash of a row over everything in it but the hash itself."""
    told: dict[str, object] = {**asdict(entry), "at": utc_text(entry.at)}
    del told["hash"]
    return hashlib.sha256(_canonical(told).encode()).hexdigest()


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _entry(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)
