"""The small notations a town's keeper types into a cell: opening hours and conditions."""

from __future__ import annotations

import pytest

from knowledge.models import Condition, FactDefinition, OpeningHours
from knowledge.parse import parse_conditions, parse_opening

FACTS = {
    code: FactDefinition.model_validate(
        {"code": code, "label": label, "kind": kind, "question": f"{label}？"}
    )
    for code, label, kind in (
        ("age", "年齢", "number"),
        ("children", "子の数", "number"),
        ("resident", "町内に住んでいる", "bool"),
        ("lives_alone", "ひとり暮らし", "bool"),
        ("seiho", "生活保護を受けている", "bool"),
    )
}


def conditions(cell: str) -> tuple[Condition, ...]:
    """Parse with the facts above."""
    return parse_conditions(cell, FACTS)


def test_opening_reads_spans_of_days_and_several_periods() -> None:
    """A weekday office that also opens on Saturday morning."""
    assert parse_opening("mon-fri 08:30-17:15;sat 09:00-12:00") == (
        OpeningHours(days=(0, 1, 2, 3, 4), opens="08:30", closes="17:15"),
        OpeningHours(days=(5,), opens="09:00", closes="12:00"),
    )


def test_opening_reads_single_days_and_spans_in_one_period() -> None:
    """Monday, and Thursday to Sunday."""
    (period,) = parse_opening("mon,thu-sun 13:00-16:00")
    assert period.days == (0, 3, 4, 5, 6)


def test_opening_reads_open_until_midnight() -> None:
    """24:00 is the end of the day."""
    assert parse_opening("sun 10:00-24:00")[0].closes == "24:00"


@pytest.mark.parametrize("cell", ["", "  ", ";", " ; "])
def test_an_empty_opening_means_no_weekly_hours(cell: str) -> None:
    """Monthly salons leave the cell empty and write ``hours`` instead."""
    assert parse_opening(cell) == ()


@pytest.mark.parametrize(
    "cell",
    [
        "平日8:30〜17:15",
        "mon-fri 8:30-17:15",  # one digit
        "mon-fri 08:30",  # no end
        "mon-fri 17:15-08:30",  # the wrong way round
        "mon-fri 09:00-09:00",  # no time at all
        "mon-fri 08:60-17:15",  # no such minute
        "mon-fri 08:30-24:15",  # no such hour
        "mon-fri 08:30-17:15 sat 09:00-12:00",  # no semicolon
        "MON-FRI 08:30-17:15",
    ],
)
def test_a_period_of_another_form_is_refused_with_an_example(cell: str) -> None:
    """The remedy shows the form."""
    with pytest.raises(ValueError, match=r"「mon-fri 08:30-17:15」の形"):
        parse_opening(cell)


@pytest.mark.parametrize("days", ["mon-xyz", "getsu", "mon,", "mon-", "mon-tue-wed"])
def test_an_unknown_day_is_refused_with_the_list_of_days(days: str) -> None:
    """The remedy lists the seven words."""
    with pytest.raises(ValueError, match="mon tue wed thu fri sat sun"):
        parse_opening(f"{days} 09:00-12:00")


def test_a_span_over_the_end_of_the_week_is_refused_rather_than_read_as_never() -> None:
    """fri-mon must not become a window without a single open day."""
    with pytest.raises(ValueError, match="週をまたぐ"):
        parse_opening("fri-mon 09:00-12:00")


def test_conditions_read_numbers_flags_and_plain_text_in_order() -> None:
    """The example of the towns' README."""
    age, alone, resident, text = conditions(
        "age>=65; lives_alone=yes; resident=yes!; 送迎は町内のみ"
    )
    assert (age.kind, age.fact, age.min, age.max, age.required) == ("age", "age", 65, None, False)
    assert (alone.kind, alone.fact, alone.equals) == ("household", "lives_alone", True)
    assert (resident.kind, resident.fact, resident.required) == ("residence", "resident", True)
    assert (text.kind, text.fact, text.text) == ("situation", None, "送迎は町内のみ")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("age>=65", "年齢65歳以上"),
        ("age<=17", "年齢17歳以下"),
        ("children>=3", "子の数3以上"),
        ("children<=2", "子の数2以下"),
        ("seiho=yes", "生活保護を受けている"),
        ("seiho=no", "生活保護を受けている——ではない"),
    ],
)
def test_a_condition_says_itself_in_words(cell: str, words: str) -> None:
    """What the screen shows."""
    assert conditions(cell)[0].text == words


@pytest.mark.parametrize("cell", ["age >= 65 !", "age>=65!", "age>=６５!"])
def test_blanks_and_full_width_digits_do_not_matter(cell: str) -> None:
    """Cells are typed by hand."""
    (condition,) = conditions(cell)
    assert (condition.min, condition.required) == (65, True)


def test_full_width_semicolons_part_conditions_too() -> None:
    """The Japanese keyboard gives ；."""
    assert [c.fact for c in conditions("age>=65；resident=yes!；")] == ["age", "resident"]


def test_an_empty_cell_has_no_condition() -> None:
    """Open to everybody."""
    assert conditions("") == ()


def test_an_unknown_fact_is_refused_with_the_file_that_lists_them() -> None:
    """A typo must not turn a condition into plain text."""
    with pytest.raises(ValueError, match=r"事実コード agee はありません.*facts\.yaml"):
        conditions("agee>=65")


@pytest.mark.parametrize("cell", ["resident=maybe", "resident>=1", "resident=1"])
def test_a_flag_takes_only_yes_or_no(cell: str) -> None:
    """The remedy shows both."""
    with pytest.raises(ValueError, match="resident=yes または resident=no"):
        conditions(cell)


@pytest.mark.parametrize("cell", ["age=65", "age>=old", "age<=yes", "age>=²"])
def test_a_number_takes_only_a_limit(cell: str) -> None:
    """An exact age would never fit the next year; ² is a digit to Python but no number."""
    with pytest.raises(ValueError, match=r"age>=65 または age<=17"):
        conditions(cell)
