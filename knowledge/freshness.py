"""How far a record can be trusted today: when it was verified, and who was turned away since.

Inform USA Standards and Quality Indicators v10 (2024): every record is verified at
least once a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date

from knowledge.models import Refusal

# What the desk may say that speaks against the record itself, not against one visit: the words
# are those of ``service.records.reports.REASONS`` for "closed" and "wrong_info".
DOUBTS = frozenset({"やめていた", "記録が誤り"})


@dataclass(frozen=True, slots=True)
class Freshness:
    """When and by whom a record was verified, by when it must be again, and whether that is over."""

    verified_on: date
    verified_by: str
    due_on: date
    is_stale: bool


def freshness_of(verified_on: date, verified_by: str, today: date) -> Freshness:
    """Return what a card says about the age of a record."""
    return Freshness(verified_on, verified_by, due_on(verified_on), is_stale(verified_on, today))


def due_on(verified_on: date) -> date:
    """Return the same day of the next year; 28 February for a record verified on 29 February."""
    if verified_on.year == MAXYEAR:
        return date.max
    try:
        return verified_on.replace(year=verified_on.year + 1)
    except ValueError:
        return date(verified_on.year + 1, 2, 28)


def is_stale(verified_on: date, today: date) -> bool:
    """True from the day after the record was due to be verified again."""
    return today > due_on(verified_on)


def is_doubted(refusals: tuple[Refusal, ...], verified_on: date) -> bool:
    """True when the desk found the place gone or the record wrong and nobody verified it since.

    A report of the day of the verification itself counts: which came first is not known.
    """
    return any(r.reason in DOUBTS and r.on >= verified_on for r in refusals)
