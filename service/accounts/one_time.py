"""How long a one-time password is good for."""

from __future__ import annotations

from datetime import datetime

from service.accounts.rules import SignInRules
from service.store.accounts import Person


def one_time_until(person: Person, rules: SignInRules) -> datetime | None:
    """Return when the one-time password ends; None for somebody who has none.

    Counted from when it was made, so that a changed setting counts for those handed out before.
    The invitation stays: a provider may still vouch for the person.
    """
    if not person.must_change_password:
        return None
    # The time is missing only where a program of an earlier version still writes.
    return (person.password_set_at or person.created_at) + rules.one_time


def is_one_time_over(person: Person, now: datetime, rules: SignInRules) -> bool:
    """Tell whether the person has a one-time password that is not taken any more."""
    until = one_time_until(person, rules)
    return until is not None and until <= now
