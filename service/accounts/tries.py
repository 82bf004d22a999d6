"""How many tries there are: per client, and per account a lock that grows but always ends."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from service.accounts.refusals import TooManyTries
from service.accounts.rules import SignInRules
from service.store import accounts, audit, limits
from service.store.accounts import Person
from service.store.audit_words import ANONYMOUS
from service.store.engine import reading, writing


def count_try(engine: Engine, client: str, now: datetime, rules: SignInRules) -> None:
    """Count one try of this client.  Raises :class:`TooManyTries` once there are too many.

    The counters are in the store: all processes of an installation count together.
    """
    key = f"sign-in:{client_of(client)}"
    with reading(engine) as conn:
        hits = limits.hits_of(conn, key, now, rules.client_window)
    # Looked at first: a client that goes on and on is answered without a write.
    if hits.count > rules.client_tries:
        raise TooManyTries(hits.window_ends_at - now)
    with writing(engine) as conn:
        hits = limits.add_hit(conn, key, now, rules.client_window)
        if hits.count == rules.client_tries + 1:
            event = audit.Event(
                ANONYMOUS,
                "session.refuse",
                outcome="denied",
                detail={"reason": "too_many", "count": hits.count},
            )
            audit.append(conn, event, now)
    if hits.count > rules.client_tries:
        raise TooManyTries(hits.window_ends_at - now)


def client_of(address: str) -> str:
    """Return whom an address stands for: an IPv6 client owns its whole /64."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def lock_for(failed: int, rules: SignInRules) -> timedelta:
    """Return how long the account rests after its ``failed``-th failure in a row."""
    over = failed - rules.tries
    if over < 0:
        return timedelta(0)
    # Bounded: 2**1000 minutes is no timedelta.
    return min(rules.first_lock * (1 << min(over, 20)), rules.longest_lock)


def is_locked(person: Person, now: datetime) -> bool:
    """Tell whether tries of this account are refused now, right or wrong."""
    return person.locked_until is not None and person.locked_until > now


def note_failure(conn: Connection, person: Person, now: datetime, rules: SignInRules) -> None:
    """Count a wrong password, and record the lock that may follow.

    Call it only while the account is not locked: tries during a lock neither count nor prolong
    it, so that nobody can be shut out for ever by somebody who keeps trying.
    """
    failed = person.failed_logins + 1
    changed = accounts.note_failed_login(conn, person.id, now, rules.tries, lock_for(failed, rules))
    if is_locked(changed, now):
        about = ("person", person.id)
        event = audit.Event(ANONYMOUS, "person.lock", about, detail={"count": failed})
        audit.append(conn, event, now)
