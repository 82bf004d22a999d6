"""The numbers behind signing in, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from service.settings import Settings


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one argon2id hash costs.

    The defaults are the second recommended option of RFC 9106, section 4: 3 passes over 64 MiB
    in 4 lanes.  OWASP's Password Storage Cheat Sheet asks for 2 passes over 19 MiB at least.
    """

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


@dataclass(frozen=True, slots=True)
class SignInRules:
    """How long a session lasts, how many tries there are, and what a password's hash costs."""

    idle: timedelta = timedelta(minutes=30)
    lifetime: timedelta = timedelta(hours=10)
    # Per account: at this many failures in a row the account is locked, first for
    # ``first_lock``, then twice as long after each further failure, never above ``longest_lock``.
    tries: int = 10
    first_lock: timedelta = timedelta(minutes=1)
    longest_lock: timedelta = timedelta(minutes=15)
    # Per client, good tries too.  A town hall may stand behind one address: 100 people can
    # sign in within five minutes, while 100 guesses are nothing against 12 characters.
    client_tries: int = 100
    client_window: timedelta = timedelta(minutes=5)
    # A slip of paper that nobody used must not open an account for ever.
    one_time: timedelta = timedelta(days=14)
    cost: HashCost = HashCost()


def rules_from(settings: Settings) -> SignInRules:
    """Return the rules that the settings ask for."""
    return SignInRules(
        idle=timedelta(minutes=settings.session_idle_minutes),
        lifetime=timedelta(hours=settings.session_lifetime_hours),
        tries=settings.sign_in_tries,
        client_tries=settings.client_tries,
        one_time=timedelta(days=settings.one_time_password_days),
        cost=HashCost(memory_kib=settings.password_memory_mib * 1024),
    )
