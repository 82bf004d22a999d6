"""Telephone numbers in every dress they come in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.phones import area_codes_of, read_phones

TOWN = ("0183",)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("0183-73-0001", "0183-73-0001"),
        ("73-0001", "0183-73-0001"),  # no area code
        ("０１８３－７３－０００１", "0183-73-0001"),  # full width
        ("0183730001", "0183-73-0001"),  # no hyphens
        ("0183‐73‐0001", "0183-73-0001"),  # U+2010
        ("0183−73−0001", "0183-73-0001"),  # minus
        ("0183ー73ー0001", "0183-73-0001"),  # long vowel
        ("(054)624-0001", "054-624-0001"),
        ("086（245）0001", "086-245-0001"),
        ("TEL　0183-73-0001", "0183-73-0001"),
        ("電話：0183-73-0001", "0183-73-0001"),
        ("☎0183-73-0001", "0183-73-0001"),
        ("TEL/FAX 0183-73-0001", "0183-73-0001"),
        ("0561-84-0001（", "0561-84-0001"),  # cut by the form's length
        ("+81-183-73-0001", "0183-73-0001"),
        ("0800-800-0001", "0800-800-0001"),
        ("0120000001", "0120-000-001"),
        ("09012340001", "090-1234-0001"),
        ("189", "189"),
        ("#8008", "#8008"),
        ("0183-73-0001（内線 123）", "0183-73-0001 内線123"),
        ("73-0001 内線5", "0183-73-0001 内線5"),
        ("080-6384-0001、080-9307-0002", "080-6384-0001、080-9307-0002"),
        ("087-839-0001 087-839-0002", "087-839-0001、087-839-0002"),
        ("55-0001\n（みどり町企画課）", "0183-55-0001（みどり町企画課）"),
        ("相談専用ダイヤル\n0800-800-0001", "0800-800-0001（相談専用ダイヤル）"),
        ("みどり町都市計画課（0183-73-0001）", "0183-73-0001（みどり町都市計画課）"),
        ("（保健課）087-839-0001　（健康センター）087-839-0002", "087-839-0001（保健課）、087-839-0002（健康センター）"),
        ("0183-73-0001(代表)、0183-73-0002(夜間)", "0183-73-0001（代表）、0183-73-0002（夜間）"),
        ("-", ""),
        ("なし", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_number_becomes_one_that_can_be_dialled(cell: str, numbers: str) -> None:
    """With the town's area code where it has none, and the name of whose it is."""
    reading = read_phones(cell, TOWN)
    assert reading.text() == numbers
    assert reading.doubts == ()


def test_a_fax_number_is_never_shown_as_a_telephone() -> None:
    """Neither behind its word nor on the next line."""
    for cell in ("0183-73-0001 FAX 0183-73-0002", "TEL\n0183-73-0001\nFAX\n0183-73-0002", "電話0183-73-0001 ファックス0183-73-0002"):  # fmt: skip
        reading = read_phones(cell, TOWN)
        assert reading.text() == "0183-73-0001"
        assert reading.text("fax") == "0183-73-0002"


@pytest.mark.parametrize(
    ("cell", "kept", "doubt"),
    [
        ("183730001", "0183-73-0001", "先頭の0"),  # a spreadsheet took it for a number
        ("03-1234-56", "03-1234-56", "桁が合いません"),
        ("0999-99", "0999-99", "桁が合いません"),
        ("0000-52-2120", "0000-52-2120", "使われていない"),
        ("080-1677-0001（小松田）", "080-1677-0001", "個人名かもしれない"),
        ("非公開", "", "公開されていません"),
        ("役場へ", "", "見つかりません"),
    ],
)
def test_what_is_not_certain_is_kept_and_told(cell: str, kept: str, doubt: str) -> None:
    """The keeper looks; nothing is made up."""
    reading = read_phones(cell, TOWN)
    assert reading.text() == kept
    assert doubt in reading.doubts[0]


def test_a_local_number_is_not_completed_without_or_with_two_fitting_area_codes() -> None:
    """73-0001 in a town of two areas is anybody's guess."""
    assert "市外局番が分かりません" in read_phones("73-0001").doubts[0]
    assert read_phones("73-0001", ("0183", "0182")).text() == "73-0001"
    assert "2つ以上" in read_phones("73-0001", ("0183", "0182")).doubts[0]
    assert read_phones("624-0001", ("0183", "054")).text() == "054-624-0001"


def test_the_area_codes_of_a_town_are_those_its_numbers_have() -> None:
    """Mobile, free and broken numbers say nothing about the town."""
    phones = ["0183-73-0001", "0183-52-0001", "090-1234-0001", "0120-000-001", "73-1", "0182-32-0001", "0183-42-0001"]  # fmt: skip
    assert area_codes_of(phones) == ("0183",)
    assert area_codes_of([]) == ()


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_cell_makes_the_reader_fail_or_lose_a_digit_run_silently(cell: str) -> None:
    """Whatever stands there: numbers, a doubt, or plainly nothing."""
    reading = read_phones(cell, TOWN)
    digits = sum(character.isascii() and character.isdigit() for character in cell)
    assert reading.phones or reading.doubts or digits < 5


@settings(deadline=None)
@given(st.from_regex(r"0183-(7[0-9]|4[2-9])-\d{4}", fullmatch=True))
def test_reading_a_read_number_changes_nothing(number: str) -> None:
    """Import after import."""
    assert read_phones(read_phones(number).text()).text() == number
