"""Dates, eras, and what is no date."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.dates import date_in_name, read_date


@pytest.mark.parametrize(
    ("cell", "iso", "precision"),
    [
        ("S47.11. 1", "1972-11-01", "day"),
        ("H 4.10. 1", "1992-10-01", "day"),
        ("平成２８年　８月２３日", "2016-08-23", "day"),
        ("令和元年5月1日", "2019-05-01", "day"),
        ("令6.4.1", "2024-04-01", "day"),
        ("昭和64年1月7日", "1989-01-07", "day"),
        ("明治45年7月29日現在", "1912-07-29", "day"),
        ("1947/4/1", "1947-04-01", "day"),
        ("2026-04-01", "2026-04-01", "day"),
        ("2026-04-01 00:00:00", "2026-04-01", "day"),
        ("20240613", "2024-06-13", "day"),
        ("S51.1", "1976-01", "month"),
        ("2025-06", "2025-06", "month"),
        ("令和元年", "2019", "year"),
        ("2022年度", "2022", "year"),
        ("", "", ""),
        ("不明", "", ""),
    ],
)
def test_a_date_is_read_as_whole_as_it_is_written(cell: str, iso: str, precision: str) -> None:
    """A month stays a month."""
    reading = read_date(cell)
    assert (reading.iso, reading.precision, reading.doubts) == (iso, precision, ())


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        ("昭和65年1月1日", "昭和にない"),
        ("平成31年5月1日", "平成にない"),
        ("H0.1.1", "平成にない"),
        ("2024年13月1日", "暦にない"),
        ("2023-02-29", "暦にない"),
        ("X3.1.1", "元号が分かりません"),
        ("準備中", "読めません"),
        ("2026/4/1から2027/3/31", "読めません"),
        ("45000", "読めません"),  # a spreadsheet's day number: which calendar, nobody knows
    ],
)
def test_what_is_no_date_gives_none_and_says_why(cell: str, doubt: str) -> None:
    """Not the nearest one."""
    reading = read_date(cell)
    assert reading.iso == ""
    assert doubt in reading.doubts[0]


def test_a_list_is_no_fresher_than_the_first_day_it_can_mean() -> None:
    """「2025-06」 verified on 2025-06-30 would be a claim nobody made."""
    assert read_date("2025-06").earliest == date(2025, 6, 1)
    assert read_date("2022").earliest == date(2022, 1, 1)
    assert read_date("不明").earliest is None
    assert read_date("2025-06").day is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("140007_kodomo_20231105.xlsx", date(2023, 11, 5)),
        ("0083_202604.xlsx", date(2026, 4, 1)),
        ("list-2025-06.csv", date(2025, 6, 1)),
        ("nurseries_2022.json", date(2022, 1, 1)),
        ("222127_aed.csv", None),
        ("20231340.csv", None),
    ],
)
def test_the_date_in_a_files_name_is_found(name: str, day: date | None) -> None:
    """A municipality's code is none."""
    assert date_in_name(name) == day


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_comes_back_from_its_western_spellings(day: date) -> None:
    """Four ways of writing it."""
    for text in (day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}"):  # fmt: skip
        assert read_date(text).day == day


@settings(deadline=None)
@given(st.dates(date(1989, 1, 8), date(2019, 4, 30)))
def test_every_day_of_an_era_comes_back_from_its_japanese_spelling(day: date) -> None:
    """Written with the era's letter and in full."""
    year = day.year - 1988
    assert read_date(f"H{year}. {day.month}.{day.day}").day == day
    assert read_date(f"平成{year}年{day.month}月{day.day}日").day == day


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_cell_makes_the_reader_fail(cell: str) -> None:
    """A reading is a date, a doubt or nothing at all."""
    reading = read_date(cell)
    assert not (reading.iso and reading.doubts)
