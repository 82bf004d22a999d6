"""Hashing and checking passwords with argon2id, a few at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from service.accounts.refusals import SignInBusy
from service.accounts.rules import HashCost

MAX_CHARS = 256
# Each hash at work holds its 64 MiB: a burst of sign-ins must not exhaust the machine.
CONCURRENT_HASHES = 4
# Those who wait hold a thread of the server each: some must stay free for the other pages.
WAITING_HASHES = 20
WAIT_SECONDS = 10.0
_SLOTS = BoundedSemaphore(CONCURRENT_HASHES)
_QUEUE = BoundedSemaphore(CONCURRENT_HASHES + WAITING_HASHES)


def normalise(password: str) -> str:
    """Return the password as it is hashed: NFKC, so that every keyboard types the same one."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str, cost: HashCost) -> str:
    """Return the hash to store, its salt and parameters inside.

    Raises :class:`SignInBusy` when too many hashes are at work.
    """
    with _slot():
        return _hasher(cost).hash(_bytes(password))


def verify_password(password: str, stored: str | None, cost: HashCost) -> bool:
    """Tell whether the password is right.

    With nothing stored the work is the same and the answer False: how long it takes does not
    say whether the account exists.  Raises :class:`SignInBusy`.
    """
    known = stored is not None and len(password) <= MAX_CHARS
    # Before the branch, so that only the very first sign-in of a process waits for it.
    decoy = _decoy(cost)
    with _slot():
        try:
            # What is overlong is not even normalised: that could cost more than the hash.
            given = _bytes(password if len(password) <= MAX_CHARS else "")
            right = _hasher(cost).verify(stored if stored is not None else decoy, given)
        except (VerificationError, InvalidHashError):
            return False
    return right and known


def needs_rehash(stored: str, cost: HashCost) -> bool:
    """Tell whether the hash was made at another cost than is asked for now."""
    return _hasher(cost).check_needs_rehash(stored)


@contextmanager
def _slot() -> Iterator[None]:
    if not _QUEUE.acquire(blocking=False):
        raise SignInBusy
    try:
        if not _SLOTS.acquire(timeout=WAIT_SECONDS):
            raise SignInBusy
        try:
            yield
        finally:
            _SLOTS.release()
    finally:
        _QUEUE.release()


def _hasher(cost: HashCost) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
    )


@lru_cache(maxsize=4)
def _decoy(cost: HashCost) -> str:
    """Return a hash of nobody's password."""
    return hash_password("nobody's", cost)


def _bytes(password: str) -> bytes:
    # JSON can carry half a surrogate pair, which plain UTF-8 refuses.
    return normalise(password).encode("utf-8", "surrogatepass")
