"""Needs nobody could meet, rising troubles and refusals, each counted by hand once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from knowledge.importing.records import KeptRecord
from service.cases.gaps import Gap
from service.cases.models import Case, ProblemRead, Referral, Step, Target
from service.insights.connections import (
    always_full,
    full_table,
    idle_table,
    never_used,
    refusals_table,
)
from service.insights.needs import needs_tables, totals_table, unmet_needs
from service.insights.period import fiscal_year, from_month_to
from service.insights.rising import chance_of, rising_problems, spans_before
from service.records.kept import Kept
from tests.fixtures.case_world import memory_case
from tests.fixtures.store_world import TOWN

YEAR = fiscal_year(2026)
LABELS = {"food": "食べ物がない", "rent": "家賃の滞納", "ride": "足がない"}
GAP = Gap("g", TOWN.code, date(2026, 5, 2), "p", "refused", ("food",), (), "中町", "75+", None, "")


def test_each_trouble_of_a_gap_is_one_unmet_need() -> None:
    gaps = (GAP, replace(GAP, problems=("food", "rent")), replace(GAP, problems=()))
    found = unmet_needs((), gaps, LABELS, YEAR)
    assert [need.problem for need in found] == [
        "食べ物がない", "食べ物がない", "家賃の滞納", "課題を選んでいないもの",
    ]  # fmt: skip
    assert not unmet_needs((), (replace(GAP, on_day=date(2026, 3, 31)),), LABELS, YEAR)


def test_what_the_list_had_nothing_for_counts_unless_a_gap_names_it_already() -> None:
    case = _case("c", ("food", "ride"), uncovered=("「足がない」に合う支援先を示せませんでした",))
    (need,) = unmet_needs((case,), (), LABELS, YEAR)
    assert (need.problem, need.kind, need.district) == ("足がない", "nothing_fits", "中町")
    named = replace(GAP, case_id="c", problems=("ride",))
    assert len(unmet_needs((case,), (named,), LABELS, YEAR)) == 1


def test_the_crossings_have_the_same_totals_and_no_small_row() -> None:
    gaps = (
        *(replace(GAP, on_day=date(2026, 5, 1)) for _ in range(7)),
        *(
            replace(GAP, on_day=date(2026, 6, 1), district="小滝", age_group="0-5")
            for _ in range(2)
        ),
        *(replace(GAP, problems=("rent",)) for _ in range(3)),
        *(replace(GAP, problems=("ride",)) for _ in range(3)),
    )
    period = from_month_to("2026-05", "2026-06")
    found = needs_tables(unmet_needs((), gaps, LABELS, period), period, ("中町", "小滝"))
    # 3 and 3 are too few to stand alone: together they are 6.
    assert found.problems == (("食べ物がない", 9), ("そのほか（5件に満たない2種類をまとめた）", 6))
    assert totals_table(found).rows[-1] == ("合計", 15)
    by_month = found.tables[0]
    assert by_month.head == ("課題", "5月", "6月", "合計")
    # 7 and 2: the 2 is withheld, and the 7 with it, for 9 - 7 = 2.
    assert by_month.rows[0] == ("食べ物がない", None, None, 9)
    # The other row and the months' totals must not give it back.
    assert by_month.rows[-1] == ("合計", None, None, 15)
    by_district = found.tables[1]
    assert by_district.head == ("課題", "中町", "小滝", "地区が分からない", "合計")
    assert [table.rows[-1][-1] for table in found.tables] == [15] * 4


def test_fewer_than_five_needs_in_all_are_not_broken_down() -> None:
    found = needs_tables(unmet_needs((), (GAP,) * 4, LABELS, YEAR), YEAR, ())
    assert (found.total, found.tables) == (4, ())


def test_a_trouble_rises_when_chance_alone_would_hardly_do_it() -> None:
    # 20 against 6: P(X >= 20 | 26, 1/2) = 313912 / 2^26 = 0.0047
    assert chance_of(20, 6) == pytest.approx(0.0047, abs=0.0001)
    # 7 against 5: P(X >= 7 | 12, 1/2) = 1586 / 4096
    assert chance_of(7, 5) == pytest.approx(1586 / 4096)


def test_rising_compares_whole_months_and_says_when_there_is_too_little() -> None:
    spans = spans_before(date(2026, 6, 15))
    assert [span.words for span in spans] == [
        "2026年3月〜5月", "2025年12月〜2月", "2025年3月〜5月",
    ]  # fmt: skip
    cases = (*_many(25, date(2026, 4, 5), "ride"), *_many(6, date(2026, 1, 5), "ride"),
             *_many(20, date(2026, 1, 9), "rent"))  # fmt: skip
    found = rising_problems(cases, date(2026, 6, 15))
    assert found.rising == ("足がない",)
    assert not found.too_few
    assert found.table.rows[0] == ("足がない", 25, 6, 0, "増えた", "少なくて言えない")
    assert found.table.rows[1][4] == "減った"
    few = rising_problems(_many(9, date(2026, 4, 5), "ride"), date(2026, 6, 15))
    assert few.rising == ()
    assert "9件" in few.too_few
    assert few.table.rows[0][4:] == ("少なくて言えない", "少なくて言えない")


def test_a_verdict_never_tells_about_a_withheld_count() -> None:
    cases = (*_many(30, date(2026, 4, 5), "ride"), *_many(30, date(2026, 1, 5), "rent"),
             *_many(2, date(2026, 1, 5), "ride"))  # fmt: skip
    (ride, *_) = rising_problems(cases, date(2026, 6, 1)).table.rows
    assert ride[:5] == ("足がない", 30, None, 0, "少なくて言えない")


def test_refusals_are_counted_by_category_and_reason() -> None:
    full = _with_referral("elderly", "食堂", ("refused", "full"))
    declined = _with_referral("child", "教室", ("refused", "declined"))
    names = {"elderly": "高齢の窓口", "child": "こどもの窓口"}
    table = refusals_table([full] * 7 + [declined] * 6, names, YEAR)
    assert table.head[:3] == ("支援分野", "対象でない", "満員")
    assert table.rows == (
        ("高齢の窓口", 0, 7, 0, 0, 0, 0, 0, 7),
        ("こどもの窓口", 0, 0, 0, 0, 6, 0, 0, 6),
        ("合計", 0, 7, 0, 0, 6, 0, 0, 13),
    )
    one = refusals_table([full] * 7 + [declined], names, YEAR).rows[1]
    assert (one[5], one[-1]) == (None, None)
    assert refusals_table([], names, YEAR).rows == (("合計", 0, 0, 0, 0, 0, 0, 0, 0),)


def test_a_resource_is_full_when_its_record_says_so_or_it_refused_twice_and_took_nobody() -> None:
    records = (_kept("a", "食堂"), _kept("b", "教室"), _kept("c", "サロン", status="full"))
    cases = [
        _with_referral("x", "食堂", ("refused", "full"), record="a"),
        _with_referral("x", "食堂", ("refused", "full"), record="a"),
        _with_referral("x", "教室", ("refused", "full"), record="b"),
        _with_referral("x", "教室", ("refused", "full"), record="b"),
        _with_referral("x", "教室", ("accepted", None), record="b"),
    ]
    full = always_full(cases, records, YEAR)
    assert full_table(full).rows == (("食堂", 2, 0, ""), ("サロン", 0, 0, "満員"))
    idle = never_used(cases, records, YEAR)
    assert idle_table(idle).rows == (("サロン", 4),)


def _case(case_id: str, codes: tuple[str, ...], on: date = date(2026, 5, 2), **fields: Any) -> Case:
    problems = tuple(ProblemRead(code=code, label=LABELS[code]) for code in codes)
    opened = datetime(on.year, on.month, on.day, 3, tzinfo=UTC)
    usual = {"id": case_id, "problems": problems, "opened_at": opened, "referrals": ()}
    return memory_case(**(usual | fields))


def _many(count: int, on: date, code: str) -> tuple[Case, ...]:
    return tuple(_case(f"{code}-{number}", (code,), on) for number in range(count))


def _with_referral(category: str, name: str, step: tuple[Any, Any], record: str = "") -> Case:
    at = datetime(2026, 5, 2, 3, tzinfo=UTC)
    steps = (
        Step(state="chosen", at=at, by="p"),
        Step(state=step[0], at=at + timedelta(hours=2), by="p", reason=step[1]),
    )
    target = Target(category=category, name=name, record_id=record)
    referral = Referral(id="r1", target=target, state=step[0], reason=step[1], steps=steps)
    return _case("c", ("food",), referrals=(referral,))


def _kept(record_id: str, name: str, **fields: str) -> Kept:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    record = KeptRecord(id=record_id, fields={"name": name, **fields})
    return Kept(TOWN.code, record, 1, at, "p", shown=4)
