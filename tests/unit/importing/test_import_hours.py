"""Opening hours: a timetable only where the words leave no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.days import read_closed, read_days
from knowledge.importing.hours import opening_text, read_by_daytype, read_columns, read_text
from knowledge.parse import parse_opening

NOT_SURE = ""


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("月～金\n8:30～17:15", "mon-fri 08:30-17:15"),
        ("月～金13:00～21:00\n土・日9:00～18:00", "mon-fri 13:00-21:00;sat-sun 09:00-18:00"),
        ("月～金　９：３０～１８：３０\n土・ 日　９：００～１７：００", "mon-fri 09:30-18:30;sat-sun 09:00-17:00"),
        ("毎週水・金\n12:00～14:00", "wed,fri 12:00-14:00"),
        ("平日8:30〜17:15（祝日・年末年始を除く）", "mon-fri 08:30-17:15"),
        ("8:30～17:15（月～金）", "mon-fri 08:30-17:15"),
        ("月曜日～金曜日 午前9時～正午", "mon-fri 09:00-12:00"),
        ("月～金 8時30分から17時15分まで", "mon-fri 08:30-17:15"),
        ("【開館時間】9:00～12:00、13:00～16:30【休館日】日曜日、祝日、年末年始", "mon-sat 09:00-12:00;mon-sat 13:00-16:30"),
        ("【開館時間】9：00～21：30 【休館日】月曜日（祝日の場合は翌日）", "tue-sun 09:00-21:30"),
        ("24時間対応", "mon-sun 00:00-24:00"),
        # Not every week, not for all, or not said.
        ("【開館時間】9：00～21：30 【休館日】月の第3日曜日、祝日", NOT_SURE),
        ("第2・第4金曜日 10:00～12:00", NOT_SURE),
        ("９：３０～１7：３０", NOT_SURE),
        ("放課後～19:00", NOT_SURE),
        ("月～土\n7:00～19:00\n（延長保育含）", NOT_SURE),
        ("月～金 16：00～1：00", NOT_SURE),
        ("毎月１回", NOT_SURE),
        ("9:00～18:00、定休日 不定休", NOT_SURE),
        ("", NOT_SURE),
    ],
)  # fmt: skip
def test_a_text_gives_a_timetable_when_it_says_nothing_else(text: str, opening: str) -> None:
    """Everything else stays words for people."""
    reading = read_text(text)
    assert opening_text(reading.opening) == opening
    assert reading.sure is bool(opening)


def test_times_without_days_mean_every_day_only_beside_the_closing_days() -> None:
    """A column of its own says when it is closed."""
    assert opening_text(read_text("8:30～17:00", "土・日曜日　国民の祝日　年末年始").opening) == "mon-fri 08:30-17:00"  # fmt: skip
    assert not read_text("8:30～17:00").sure
    assert not read_text("8:30～17:00", "不定休").sure


@pytest.mark.parametrize(
    ("days", "opens", "closes", "note", "opening"),
    [
        ("月火水木金", "08:30", "17:00", "国民の祝日に関する法律に規定する休日及び年末年始（12/29～1/3）は終日利用不可", "mon-fri 08:30-17:00"),
        ("月火水木金土日", "10：00", "16：00", "", "mon-sun 10:00-16:00"),
        ("月水木金土日", "09:00:00", "17:00:00", "", "mon,wed-sun 09:00-17:00"),
        ("金", "17:00", "19:30", "第2金曜日、第4金曜日", NOT_SURE),
        ("月火水木金", "10:00", "15:00", "月１回土曜日開設", NOT_SURE),
        ("月火水木金土日", "10:00", "20:00", "土曜日・日曜日・休日は10時から18時30分", NOT_SURE),
        ("月火水木金", "17:00", "08:30", "", NOT_SURE),
        ("月火水木金", "08:30", "", "", NOT_SURE),
        ("随時", "08:30", "17:00", "", NOT_SURE),
    ],
)  # fmt: skip
def test_columns_give_a_timetable_unless_the_remark_disturbs_it(
    days: str, opens: str, closes: str, note: str, opening: str
) -> None:
    """Public holidays and the year's end do not."""
    assert opening_text(read_columns(days, opens, closes, note).opening) == opening


@pytest.mark.parametrize(
    ("cells", "closed", "opening"),
    [
        (("10:00-17:00", "", ""), "土日祝", "mon-fri 10:00-17:00"),
        (("09:00-18:00", "09:00-17:00", ""), "日曜日、12月30日〜1月3日", "mon-fri 09:00-18:00;sat 09:00-17:00"),
        (("00:00-24:00", "00:00-24:00", "00:00-24:00"), "年中無休", "mon-sun 00:00-24:00"),
        (("09:00-18:00", "", ""), "水曜日", "mon-tue,thu-fri 09:00-18:00"),
        (("8：15～15：30", "休", "休"), "", "mon-fri 08:15-15:30"),
        (("09:00-16:00", "09:00-16:00", ""), "土曜、日曜、祝日", NOT_SURE),  # they contradict
        (("7：30～18：30（18：30～19：00）", "", ""), "", NOT_SURE),  # longer for some
        (("09:00-18:00", "", ""), "第2・第4土曜日", NOT_SURE),
        (("", "", ""), "日曜日", NOT_SURE),
    ],
)  # fmt: skip
def test_hours_by_kind_of_day_are_held_against_the_closing_days(
    cells: tuple[str, str, str], closed: str, opening: str
) -> None:
    """WAM NET's columns."""
    assert opening_text(read_by_daytype(*cells, closed, "").opening) == opening


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("月火水木金", {0, 1, 2, 3, 4}),
        ("平日,土曜日,日曜日,祝日", {0, 1, 2, 3, 4, 5, 6}),
        ("金～月", {4, 5, 6, 0}),
        ("月曜・木曜", {0, 3}),
        ("毎日", {0, 1, 2, 3, 4, 5, 6}),
        ("第2土曜", None),
        ("月1回", None),
        ("", None),
    ],
)
def test_days_are_read_when_nothing_else_is_said(text: str, days: set[int] | None) -> None:
    """A span may run over the end of the week."""
    assert read_days(text) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("土日祝", {5, 6}),
        ("日・祝", {6}),
        ("土曜日　日曜日　祝日", {5, 6}),
        ("土、日、祝日、12月29日〜1月3日", {5, 6}),
        ("月曜日（祝日の場合は翌日）", {0}),
        ("なし", set()),
        ("年末年始", set()),
        ("原則として毎週日曜、会社が指定する日", None),
        ("開所日以外の日曜日", None),
        ("毎月第3日曜日及び祝日", None),
        ("不定休", None),
    ],
)
def test_closing_days_are_read_when_they_are_weekly(text: str, days: set[int] | None) -> None:
    """A holiday is no day of the week."""
    assert read_closed(text) == days


@settings(deadline=None)
@given(
    st.text(
        alphabet="月火水木金土日祝平～・、 0123456789:：時分半午前後休館第（）毎週\n", max_size=40
    )
)
def test_whatever_is_read_is_a_timetable_our_own_notation_can_hold(text: str) -> None:
    """So the record can be written and read back."""
    opening = read_text(text).opening
    assert parse_opening(opening_text(opening)) == opening


@settings(deadline=None)
@given(st.sets(st.integers(0, 6), min_size=1), st.integers(0, 22), st.integers(1, 59))
def test_a_timetable_comes_back_from_the_columns_it_is_published_in(
    days: set[int], hour: int, minute: int
) -> None:
    """曜日, 開始時間, 終了時間."""
    named = "".join("月火水木金土日"[day] for day in sorted(days))
    reading = read_columns(named, f"{hour:02}:{minute:02}", "24:00")
    assert reading.opening[0].days == tuple(sorted(days))
    assert reading.opening[0].opens == f"{hour:02}:{minute:02}"
