"""本人に渡す紙: easy to read, and safe when somebody else in the house reads it."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.models import Knowledge
from service.cases.models import Case
from service.printouts.make import make_printout, with_edits, with_furigana
from service.printouts.models import Printout
from service.printouts.ruby import without_readings
from tests.fixtures.case_world import (
    ALLOWANCE,
    CENTER,
    DAY,
    JOBS,
    SHELTER,
    memory_case,
    referral,
    violence_case,
    work_case,
)


def slip(case: Case, town: Knowledge, *included: str) -> Printout:
    return make_printout(case, "slip", town, DAY, "山田 花子", included=included)


def words(printout: Printout) -> str:
    """Everything on the paper, without readings."""
    parts = [line for s in printout.sections for line in (s.heading, s.body)]
    return without_readings("\n".join((printout.title, *parts)))


def test_it_says_where_when_what_to_bring_whom_to_tell_and_how_to_get_there(
    town: Knowledge,
) -> None:
    text = words(slip(memory_case(), town))
    for part in (
        "みどり町地域包括支援センター",
        "いつ：平日8:30〜17:15",
        "持っていくもの\n　□ 介護保険の被保険者証",
        "だれに言うか：受付の人に、この紙を みせてください",
        "行き方：町の中です。「保健福祉センター」です",
        "行き方：緑野市にあります。「緑野合同庁舎」です",
        "困ったときの電話",
        "0000-52-2120（福祉課 ふくし総合相談窓口）",
    ):
        assert part in text, part


def test_ways_that_are_over_are_not_on_it(town: Knowledge) -> None:
    text = words(slip(memory_case(), town))
    assert "毎月第2土曜" not in text
    assert [s.key for s in slip(memory_case(), town).sections] == [
        "opening", "place_r1", "place_r2", "desk",
    ]  # fmt: skip


def test_it_says_nothing_about_the_trouble(town: Knowledge) -> None:
    case = memory_case()
    text = words(slip(case, town))
    for private in (
        "もの忘れ", "認知症", "火の始末", "滞納", "鍋", "84", "長男", case.memo, case.label, "緊急",
        "通報", "電気代",
    ):  # fmt: skip
        assert private not in text, private


def test_every_kanji_of_the_desks_own_words_has_its_reading(town: Knowledge) -> None:
    case = work_case(referrals=(referral("r1", JOBS.model_copy(update={"address": ""}), ""),))
    # But for the name of the place.
    assert slip(case, town).to_check == ("緑野",)


def test_with_violence_in_the_house_nothing_on_it_gives_it_away(town: Knowledge) -> None:
    made = slip(violence_case(), town)
    assert {w.referral_id for w in made.withheld} == {"r1", "r2", "r3"}
    assert all(w.why for w in made.withheld)
    text = words(made)
    for telling in ("女性", "DV", "暴力", "8008", "児童", "0000-10-2800", "0000-30-1123", "安全"):
        assert telling not in text, telling
    assert "0000-52-2120" in text


def test_without_any_flag_a_shelter_is_still_left_out(town: Knowledge) -> None:
    case = work_case(referrals=(referral("r1", SHELTER, ""), referral("r2", JOBS, "")))
    made = slip(case, town)
    assert [w.referral_id for w in made.withheld] == ["r1"]
    assert "ハローワーク緑野" in words(made)


def test_an_own_target_is_judged_by_its_words(town: Knowledge) -> None:
    own = CENTER.model_copy(
        update={"kind": "own", "category": "", "window": "", "name": "女性支援の集まり「あさがお」"}
    )
    made = slip(work_case(referrals=(referral("r1", own, ""),)), town)
    assert [w.referral_id for w in made.withheld] == ["r1"]


def test_a_general_window_is_not_left_out_for_what_else_it_does(town: Knowledge) -> None:
    general = CENTER.model_copy(update={"provides": "介護、もの忘れ、虐待の心配まで相談できます。"})
    assert slip(violence_case(referrals=(referral("r1", general, ""),)), town).withheld == ()


def test_a_flag_that_was_found_wrong_withholds_nothing_more(town: Knowledge) -> None:
    flags = tuple(f.model_copy(update={"decision": "not_so"}) for f in violence_case().flags)
    case = violence_case(flags=flags, referrals=(referral("r1", ALLOWANCE, ""),))
    assert slip(case, town).withheld == ()


def test_the_desk_can_put_one_back_that_the_person_can_carry_safely(town: Knowledge) -> None:
    made = slip(violence_case(), town, "r1")
    assert "あおば県女性相談支援センター" in words(made)
    assert {w.referral_id for w in made.withheld} == {"r2", "r3"}


def test_the_desk_is_warned_of_words_that_name_an_illness(town: Knowledge) -> None:
    clinic = CENTER.model_copy(update={"window": "認知症疾患医療センター"})
    made = slip(work_case(referrals=(referral("r1", clinic, ""),)), town)
    assert "認知症" in made.warning
    assert slip(memory_case(), town).warning == ""


def test_a_town_without_a_desk_on_record_leaves_a_blank_for_the_phone(town: Knowledge) -> None:
    bare = town.model_copy(
        update={"resources": (), "town": town.town.model_copy(update={"windows": {}})}
    )
    assert "電話：＿＿＿＿＿＿＿＿（みどり町 一次相談窓口）" in words(slip(memory_case(), bare))


def test_edited_words_replace_the_made_ones_and_an_emptied_part_goes(town: Knowledge) -> None:
    made = slip(memory_case(), town)
    edited = with_edits(made, {"opening": "役場《やくば》へ どうぞ\r\n", "place_r2": " \n"})
    assert edited.sections[0].body == "役場《やくば》へ どうぞ"
    assert "place_r2" not in [s.key for s in edited.sections]
    assert made.sections[0].body != edited.sections[0].body


def test_names_of_places_are_left_to_the_desk(town: Knowledge) -> None:
    made = slip(memory_case(), town)
    assert "緑野" in made.to_check
    assert "緑野《" not in "".join(s.heading + s.body for s in made.sections)


def test_readings_are_added_to_what_was_typed(town: Knowledge) -> None:
    edited = with_edits(slip(memory_case(), town), {"opening": "あした 窓口へ来てください"})
    assert "窓口" in edited.to_check
    read = with_furigana(edited, town)
    assert read.sections[0].body == "あした 窓口《まどぐち》へ来《き》てください"
    assert "窓口" not in read.to_check


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 12, 31)])
def test_it_is_made_for_a_case_without_any_way(town: Knowledge, day: date) -> None:
    made = make_printout(work_case(referrals=()), "slip", town, day, "")
    assert [s.key for s in made.sections] == ["opening", "desk"]
    assert "つぎに することは、窓口の人と 決めます" in words(made)
