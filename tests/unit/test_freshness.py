"""When a record is due to be verified again, and when the desk has reason to doubt it."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.freshness import DOUBTS, due_on, freshness_of, is_doubted, is_stale
from knowledge.models import Refusal
from service.records.reports import REASONS


@pytest.mark.parametrize(
    ("verified_on", "due"),
    [
        (date(2026, 4, 1), date(2027, 4, 1)),
        (date(2027, 12, 31), date(2028, 12, 31)),
        # 366 days: twelve months, not 365 days.
        (date(2027, 3, 1), date(2028, 3, 1)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(9999, 6, 1), date(9999, 12, 31)),
    ],
)
def test_a_record_is_due_twelve_months_after_it_was_verified(verified_on: date, due: date) -> None:
    assert due_on(verified_on) == due


@pytest.mark.parametrize("verified_on", [date(2026, 4, 1), date(2027, 3, 1), date(2028, 2, 29)])
def test_a_record_is_stale_from_the_day_after_it_was_due(verified_on: date) -> None:
    due = due_on(verified_on)
    assert not is_stale(verified_on, due)
    assert is_stale(verified_on, date.fromordinal(due.toordinal() + 1))


def test_a_card_says_who_verified_it_and_until_when_that_holds() -> None:
    found = freshness_of(date(2026, 4, 1), "福祉係", date(2027, 4, 2))
    assert (found.verified_by, found.due_on, found.is_stale) == ("福祉係", date(2027, 4, 1), True)


@pytest.mark.parametrize(
    ("day", "reason", "doubted"),
    [
        (date(2026, 11, 20), "やめていた", True),
        (date(2026, 11, 20), "記録が誤り", True),
        (date(2026, 11, 20), "満員", False),
        # Somebody made sure afterwards.
        (date(2026, 10, 31), "やめていた", False),
        # On the same day nobody knows which came first: rather look twice.
        (date(2026, 11, 1), "やめていた", True),
    ],
)
def test_a_record_is_doubted_until_somebody_verifies_it_again(
    day: date, reason: str, doubted: bool
) -> None:
    assert is_doubted((Refusal(on=day, reason=reason),), date(2026, 11, 1)) is doubted


def test_the_words_that_raise_doubt_are_those_the_desk_reports_with() -> None:
    assert {REASONS["closed"], REASONS["wrong_info"]} == DOUBTS
