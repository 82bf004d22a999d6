"""What the figures are counted from: cases, gaps and the audit's rows of a town."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from service.cases.days import day_of, start_of
from service.cases.gaps import Gap, gaps_between
from service.cases.listing import cases_between
from service.cases.models import Case
from service.insights.period import Period, add_months
from service.records.kept import Kept
from service.records.listing import Filters, list_records
from service.store.audit import Entry, Event, append, list_entries
from service.store.engine import reading, writing

# A case that ends in the period was opened at the latest so many months before it.
_MONTHS_BEFORE = 12
_MOST_READS = 300_000
MOST_RECORDS = 3_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """The cases opened since a year before the period, the gaps and the notes read in it."""

    cases: tuple[Case, ...]
    gaps: tuple[Gap, ...]
    reads: tuple[Entry, ...]


def gather(engine: Engine, town_code: str, period: Period) -> Gathered:
    """Return what the figures of a period are counted from."""
    since = add_months(period.start, -_MONTHS_BEFORE)
    return Gathered(
        cases_between(engine, town_code, since, period.end),
        gaps_between(engine, town_code, period.start, period.end),
        _reads(engine, town_code, period),
    )


def cases_until(engine: Engine, town_code: str, today: date) -> tuple[Case, ...]:
    """Return the cases of the last 16 months: the past that trends are seen in."""
    start = add_months(today.replace(day=1), -16)
    return cases_between(engine, town_code, start, add_months(today.replace(day=1), 1))


def active_records(engine: Engine, town_code: str, today: date) -> tuple[Kept, ...]:
    """Return the town's records in use, at most ``MOST_RECORDS``."""
    return list_records(engine, town_code, Filters(), today, 0, MOST_RECORDS).rows


def labels_of(cases: tuple[Case, ...], known: Mapping[str, str]) -> dict[str, str]:
    """Return the words for the codes of troubles: today's, and those that older cases carry."""
    carried = {problem.code: problem.label for case in cases for problem in case.problems}
    return {**carried, **known}


def note_seen(engine: Engine, town_code: str, page: str, actor: str, now: datetime) -> None:
    """Record that somebody looked at the figures; ``page`` is needs, desk or year."""
    with writing(engine) as conn:
        append(conn, Event(actor, "insights.see", None, town_code, detail={"kind": page}), now)


def _reads(engine: Engine, town_code: str, period: Period) -> tuple[Entry, ...]:
    with reading(engine) as conn:
        found = list_entries(
            conn, since=start_of(period.start), action="desk.triage", limit=_MOST_READS
        )
    return tuple(e for e in found if e.town_code == town_code and period.has(day_of(e.at)))
