"""A record as the store keeps it, with what happened to it since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from knowledge import freshness
from knowledge.importing.records import KeptRecord

Reason = Literal[
    "not_eligible", "full", "no_funds", "unreachable", "declined", "closed", "wrong_info"
]
# What the desk may say when a suggestion came to nothing: a code, never free text.
REASONS = MappingProxyType(
    {
        "not_eligible": "対象でない",
        "full": "満員",
        "no_funds": "予算切れ",
        "unreachable": "連絡がつかない",
        "declined": "本人が断った",
        "closed": "やめていた",
        "wrong_info": "記録が誤り",
    }
)


@dataclass(frozen=True, slots=True)
class Report:
    """One refusal that came back from the desk.  ``settled_at`` is None while it is open."""

    id: str
    town_code: str
    record_id: str
    at: datetime
    by: str
    reason: Reason
    settled_at: datetime | None = None
    settled_by: str | None = None

    @property
    def reason_words(self) -> str:
        """The reason as a person reads it."""
        return REASONS[self.reason]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record of a town.  ``reports`` are the open ones; ``shown`` counts the cards it was on.

    ``action`` is what made this revision (one of the audit's ``record.…``).  ``merged_into`` is
    the record that took this one in, ``merged`` those this one took in.
    """

    town_code: str
    record: KeptRecord
    revision: int
    updated_at: datetime
    updated_by: str
    shown: int = 0
    last_shown: date | None = None
    reports: tuple[Report, ...] = ()
    action: str = ""
    position: int = 0
    merged: tuple[str, ...] = ()
    merged_into: str | None = None

    @property
    def id(self) -> str:
        """The record's id, unique within its town."""
        return self.record.id

    @property
    def name(self) -> str:
        """The record's name."""
        return self.record.fields.get("name", "")

    @property
    def verified_on(self) -> date | None:
        """The day somebody last made sure; None when nobody ever has (or only a month is known)."""
        return day_of(self.record.fields.get("verified_on", ""))

    @property
    def due_on(self) -> date | None:
        """The day by which it is to be verified again; None when it never was."""
        return freshness.due_on(self.verified_on) if self.verified_on else None

    def is_stale(self, today: date) -> bool:
        """True when it was never verified, or longer ago than 12 months."""
        return self.due_on is None or today > self.due_on


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after; ``field`` may also be ``state``."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One revision of a record: who made it, by what action, and what it changed."""

    revision: int
    at: datetime
    by: str
    action: str
    changes: tuple[FieldChange, ...]


def day_of(text: str) -> date | None:
    """Return the day of ``2026-04-01``; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
