"""Lists of cases: the day's work, what is due, and all of a span of time for the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine

from service.cases.codec import case_of
from service.cases.days import day_words, start_of
from service.cases.gaps import gaps_between
from service.cases.models import Case, Referral
from service.cases.words import REFERRAL_STATES
from service.cases.write import get_row
from service.records.codec import fold_words
from service.records.read import is_storable
from service.store import case_lists
from service.store.case_lists import Wanted
from service.store.cases import find_id
from service.store.engine import reading

__all__ = [
    "Filters", "Page", "Reminder", "cases_between", "find_case", "gaps_between", "list_cases",
    "reminders",
]  # fmt: skip
WEEK = timedelta(days=7)
_MAX_SEARCH_CHARS = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to.

    ``state`` is open, closed or "" for both; ``due`` is overdue, week (from today on) or "";
    ``flag`` wants an undecided red flag; ``text`` is looked for in number, masked note, memo,
    district, troubles, flags and names of those connected to, every word of it.
    """

    state: str = "open"
    due: str = ""
    flag: bool = False
    referral_state: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.  ``counts`` are of all the town's open cases: overdue, week, flags, open."""

    rows: tuple[Case, ...]
    total: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to look at on a day: a connection, or the case itself (``referral`` None)."""

    case: Case
    referral: Referral | None
    on: date
    words: str


def list_cases(
    engine: Engine,
    town_code: str,
    filters: Filters,
    today: date,
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """Return a part of the list: undecided red flags first, then by due date, then the newest.

    A filter value that does not exist gives an empty list.
    """
    text = filters.text[:_MAX_SEARCH_CHARS]
    wanted = Wanted(
        town_code=town_code,
        today=today.isoformat(),
        soon=(today + WEEK).isoformat(),
        state=filters.state,
        due=filters.due,
        flag=filters.flag,
        referral_state=filters.referral_state,
        words=tuple(fold_words(text).split()),
    )
    given = (filters.state, filters.referral_state)
    with reading(engine) as conn:
        counts = case_lists.count_open(conn, wanted)
        if not all(map(is_storable, given)):
            return Page((), 0, counts)
        documents = case_lists.list_documents(conn, wanted, offset, limit)
        total = case_lists.count_wanted(conn, wanted)
    return Page(tuple(map(case_of, documents)), total, counts)


def find_case(engine: Engine, town_code: str, named: str) -> str:
    """Return the id of the case that is named by its number (``2026-0003``) or its id.

    Raises :class:`NotFound`.
    """
    with reading(engine) as conn:
        year, _, number = named.partition("-")
        if _is_number(year) and _is_number(number):
            found = find_id(conn, town_code, int(year), int(number))
            if found is not None:
                return found
        return get_row(conn, town_code, named).id


def reminders(engine: Engine, town_code: str, today: date, days: int = 7) -> tuple[Reminder, ...]:
    """Return what is due up to ``days`` from today, the longest overdue first."""
    until = today + timedelta(days=days)
    with reading(engine) as conn:
        cases = tuple(map(case_of, case_lists.documents_due(conn, town_code, until.isoformat())))
    found = [one for case in cases for one in _of_case(case, today) if one.on <= until]
    return tuple(sorted(found, key=lambda one: (one.on, one.case.label)))


def cases_between(engine: Engine, town_code: str, start: date, end: date) -> tuple[Case, ...]:
    """Return the cases opened on the town's days [start, end), oldest first."""
    with reading(engine) as conn:
        found = case_lists.documents_between(conn, town_code, start_of(start), start_of(end))
        return tuple(map(case_of, found))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _of_case(case: Case, today: date) -> Iterator[Reminder]:
    for referral in case.referrals:
        if referral.next_on and referral.state != "closed":
            what = f"{referral.target.name}（{REFERRAL_STATES[referral.state]}）"
            words = f"{what}を確かめる日: {_when(referral.next_on, today)}"
            yield Reminder(case, referral, referral.next_on, words)
    if case.next_on:
        words = f"この相談を見直す日: {_when(case.next_on, today)}"
        yield Reminder(case, None, case.next_on, words)


def _when(day: date, today: date) -> str:
    late = (today - day).days
    if late > 0:
        return f"{day_words(day)}（{late}日過ぎています）"
    return f"{day_words(day)}（今日）" if late == 0 else f"{day_words(day)}（あと{-late}日）"
