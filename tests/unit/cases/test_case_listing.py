"""The list of a working day, the reminders, and what the figures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from service.cases.gaps import NewGap, gaps_between, note_gap, take_back_gap
from service.cases.listing import (
    Filters,
    cases_between,
    find_case,
    list_cases,
    reminders,
)
from service.cases.models import Case
from service.cases.steps import close, decide_flag
from service.errors import BadInput, NotFound
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.kept_cases import (
    DAY,
    FLAG,
    MINUTE,
    NOW,
    OFFICE,
    SALON,
    TODAY,
    WHO,
    contacted,
    do,
    opened,
    refused,
)
from tests.fixtures.records_world import actions
from tests.fixtures.store_world import TOWN


def numbers(rows: Sequence[Case]) -> list[int]:
    """The numbers of cases."""
    return [case.number for case in rows]


@pytest.fixture
def day(engine: Engine) -> Engine:
    """Six cases: overdue, within the week, later, with an undecided flag, closed, a neighbour's."""
    opened(engine, next_on=TODAY - DAY, memo="家賃のこと")
    two = opened(engine, NOW + MINUTE, chosen=((SALON, ""), (OFFICE, "")))
    do(engine, two, contacted(next_on=TODAY + 7 * DAY))
    three = opened(engine, NOW + 2 * MINUTE, next_on=TODAY + 30 * DAY, chosen=((SALON, ""),))
    do(engine, three, refused(next_on=TODAY + 8 * DAY))
    opened(engine, NOW + 3 * MINUTE, flags=(FLAG,), text="本人が、叩かれたと話す。")
    five = opened(engine, NOW + 4 * MINUTE, next_on=TODAY - 9 * DAY)
    do(engine, five, close("solved", NOW), "case.close")
    add_more_towns(engine)
    opened(engine, town_code=NEIGHBOUR.code, next_on=TODAY - DAY)
    return engine


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [4, 1, 2, 3]),
        (Filters(state="closed"), [5]),
        (Filters(state=""), [4, 1, 2, 3, 5]),
        (Filters(due="overdue"), [1]),
        (Filters(due="week"), [2]),
        (Filters(flag=True), [4]),
        (Filters(referral_state="contacted"), [2]),
        (Filters(referral_state="chosen"), [2]),
        (Filters(referral_state="refused"), [3]),
        (Filters(text="叩かれた"), [4]),
        (Filters(text="家賃"), [1]),
        (Filters(text="自立相談 さびしい"), [2]),
        (Filters(text="２０２６－０００３"), [3]),
        (Filters(text="高齢者虐待"), [4]),
        # Codes and names of fields are no words of a note.
        (Filters(text="revision"), []),
        (Filters(text="%"), []),
        (Filters(text="\x00\ud800", due="overdue"), [1]),
        (Filters(state="misspelt"), []),
        (Filters(due="misspelt"), []),
        (Filters(referral_state="\x00"), []),
    ],
)
def test_the_list_is_narrowed_and_sorted(day: Engine, filters: Filters, found: list[int]) -> None:
    page = list_cases(day, TOWN.code, filters, TODAY)
    assert numbers(page.rows) == found
    assert page.total == len(found)
    # The counts are of the whole desk, whatever is looked at.
    assert page.counts == {"overdue": 1, "week": 1, "flags": 1, "open": 4}


def test_a_page_is_a_part_of_the_list(day: Engine) -> None:
    page = list_cases(day, TOWN.code, Filters(), TODAY, offset=1, limit=2)
    assert (numbers(page.rows), page.total) == ([1, 2], 4)
    assert list_cases(day, TOWN.code, Filters(), TODAY, offset=9).rows == ()


def test_a_decided_flag_leaves_the_list_of_flags(day: Engine) -> None:
    (case,) = list_cases(day, TOWN.code, Filters(flag=True), TODAY).rows
    do(day, case, decide_flag(0, "reported", "", WHO, NOW))
    assert list_cases(day, TOWN.code, Filters(flag=True), TODAY).total == 0


def test_reminders_are_of_cases_and_connections_the_longest_overdue_first(day: Engine) -> None:
    found = reminders(day, TOWN.code, TODAY, 8)
    assert [(one.case.number, one.referral and one.referral.id, one.on) for one in found] == [
        (1, None, TODAY - DAY),
        (2, "r1", TODAY + 7 * DAY),
        (3, "r1", TODAY + 8 * DAY),
    ]
    assert [one.words for one in found] == [
        "この相談を見直す日: 11月23日（1日過ぎています）",
        "青葉いきいきサロン（連絡した）を確かめる日: 12月1日（あと7日）",
        "青葉いきいきサロン（断られた・つながらなかった）を確かめる日: 12月2日（あと8日）",
    ]
    assert [one.case.number for one in reminders(day, TOWN.code, TODAY)] == [1, 2]
    assert "（今日）" in reminders(day, TOWN.code, TODAY - DAY, 0)[0].words


def test_a_span_of_time_is_counted_in_the_towns_days(engine: Engine) -> None:
    # Midnight of the first of December in the town is three in the afternoon, UTC.
    midnight = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
    second = timedelta(seconds=1)
    for moment in (midnight - second, midnight, midnight + 31 * DAY - second, midnight + 31 * DAY):
        opened(engine, moment)
    december = cases_between(engine, TOWN.code, date(2026, 12, 1), date(2027, 1, 1))
    assert [case.opened_at for case in december] == [midnight, midnight + 31 * DAY - second]


def test_a_case_is_found_by_its_number_or_its_id(day: Engine) -> None:
    case = list_cases(day, TOWN.code, Filters(text="叩かれた"), TODAY).rows[0]
    assert find_case(day, TOWN.code, "2026-0004") == case.id
    assert find_case(day, TOWN.code, "2026-4") == case.id
    assert find_case(day, TOWN.code, case.id) == case.id
    for named in ("2026-0099", "2026", "", "9" * 30 + "-1", "\x00"):
        with pytest.raises(NotFound):
            find_case(day, TOWN.code, named)


# What nobody could meet.

NOTHING = NewGap("nothing_fits", ("lonely",), ("isolation.ibasho",), "中町", "75+")


def test_a_gap_is_noted_listed_and_taken_back(engine: Engine) -> None:
    case = opened(engine)
    gap = note_gap(engine, TOWN.code, NOTHING, WHO, NOW)
    also = note_gap(engine, TOWN.code, NewGap("missing", case_id=case.id), WHO, NOW + MINUTE)
    assert gaps_between(engine, TOWN.code, TODAY, TODAY + DAY) == (gap, also)
    assert gaps_between(engine, TOWN.code, TODAY + DAY, TODAY + 2 * DAY) == ()
    assert (gap.on_day, gap.problems, gap.reason_words) == (TODAY, ("lonely",), "")
    assert also.case_id == case.id
    take_back_gap(engine, TOWN.code, gap.id, WHO, NOW)
    assert gaps_between(engine, TOWN.code, TODAY, TODAY + DAY) == (also,)
    assert actions(engine)[-3:] == ["gap.note", "gap.note", "gap.take_back"]
    for gap_id in (gap.id, "\x00\ud800"):
        with pytest.raises(NotFound):
            take_back_gap(engine, TOWN.code, gap_id, WHO, NOW)


def test_the_gap_of_a_refusal_goes_only_with_its_version(engine: Engine) -> None:
    do(engine, opened(engine, chosen=((SALON, ""),)), refused())
    (gap,) = gaps_between(engine, TOWN.code, TODAY, TODAY + DAY)
    with pytest.raises(BadInput, match="前の版"):
        take_back_gap(engine, TOWN.code, gap.id, WHO, NOW)


def test_a_gap_holds_codes_and_no_words(engine: Engine) -> None:
    add_more_towns(engine)
    elsewhere = opened(engine, town_code=NEIGHBOUR.code)
    for bad in (
        NewGap("nothing_fits", ("山田さんの家",)),
        NewGap("nothing_fits", categories=("a b",)),
        NewGap("misspelt"),  # type: ignore[arg-type]
        NewGap("missing", age_group="84"),  # type: ignore[arg-type]
        NewGap("missing", district="長" * 101),
        NewGap("missing", record_id="\x00"),
    ):
        with pytest.raises(BadInput):
            note_gap(engine, TOWN.code, bad, WHO, NOW)
    for case_id in ("nai", elsewhere.id):
        with pytest.raises(NotFound):
            note_gap(engine, TOWN.code, NewGap("missing", case_id=case_id), WHO, NOW)
    with pytest.raises(NotFound, match="登録されていません"):
        note_gap(engine, "111111", NOTHING, WHO, NOW)
    assert gaps_between(engine, TOWN.code, TODAY, TODAY + DAY) == ()
