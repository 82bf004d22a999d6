"""つなぎ票, 支援会議の資料 and 緊急対応の票: who learns what, and on what ground."""

from __future__ import annotations

import pytest

from knowledge.models import Knowledge
from service.cases.models import Answered, Case
from service.cases.words import PrintKind
from service.errors import BadInput, NotFound
from service.printouts.make import MAX_SECTION, NotShareable, as_text, make_printout, with_edits
from tests.fixtures.case_world import DAY, memory_case, violence_case, work_case


def text_of(case: Case, kind: PrintKind, town: Knowledge, referral_id: str = "") -> str:
    return as_text(make_printout(case, kind, town, DAY, "山田 花子", referral_id))


def part(case: Case, kind: PrintKind, town: Knowledge, key: str, referral_id: str = "") -> str:
    made = make_printout(case, kind, town, DAY, "山田 花子", referral_id)
    return next(s.body for s in made.sections if s.key == key)


def test_the_agency_reads_what_it_needs_and_no_other_trouble(town: Knowledge) -> None:
    text = text_of(memory_case(), "referral", town, "r2")
    assert "くらし・しごと支援センター緑野　御中" in text
    assert "電気代を2か月払えていない" in text
    for others in (
        "鍋を焦がした",
        "もの忘れ",
        "認知症",
        "長男の負担",
        "ハローワーク",
        "こもれび茶房",
    ):
        assert others not in text, others


def test_it_names_the_ground_the_desk_and_how_to_answer(town: Knowledge) -> None:
    text = text_of(memory_case(), "referral", town, "r1")
    assert "本人の同意（2026年6月1日）" in text
    assert "担当：山田 花子" in text
    assert "0000-52-2120" in text
    for answer in (
        "□ 受け入れます",
        "□ 対象ではありません",
        "□ 満員です",
        "□ 予算や枠",
        "□ 本人と連絡",
    ):
        assert answer in text
    assert "お名前：＿＿＿" in text


def test_only_answers_that_its_conditions_ask_for_are_passed_on(town: Knowledge) -> None:
    answers = (
        Answered(fact="seiho", question="生活保護を受けていますか", answer="いいえ"),
        Answered(fact="has_child", question="子どもがいますか", answer="はい"),
    )
    told = part(memory_case(answers=answers), "referral", town, "answers", "r2")
    assert told == "・生活保護を受けていますか → いいえ"


def test_without_a_choice_it_is_for_the_first_way_that_goes_on(town: Knowledge) -> None:
    assert "みどり町地域包括支援センター　御中" in text_of(memory_case(), "referral", town)


def test_a_case_without_ways_or_with_another_id_is_refused(town: Knowledge) -> None:
    with pytest.raises(NotFound, match="つなぎ先がまだありません"):
        text_of(memory_case(referrals=()), "referral", town)
    with pytest.raises(NotFound, match="そのつなぎ先はありません"):
        text_of(memory_case(), "referral", town, "r99")


@pytest.mark.parametrize("kind", ["referral", "packet"])
@pytest.mark.parametrize(
    ("consent", "words"), [("unknown", "まだ確かめていません"), ("refused", "同意していない")]
)
def test_without_consent_it_is_not_made_at_all(
    town: Knowledge, kind: PrintKind, consent: str, words: str
) -> None:
    with pytest.raises(NotShareable, match=words) as refused:
        text_of(memory_case(consent=consent), kind, town)
    assert refused.value.status == 409
    assert "84" not in str(refused.value)


def test_a_law_in_place_of_consent_is_printed_with_its_memo(town: Knowledge) -> None:
    case = memory_case(consent="not_needed", consent_memo="支援会議（生活困窮者自立支援法9条）")
    made = make_printout(case, "packet", town, DAY, "")
    assert "支援会議（生活困窮者自立支援法9条）" in made.basis
    assert made.basis in as_text(made)
    assert "要らないことは消してください" in made.warning


def test_facts_judgement_and_unknowns_stand_apart(town: Knowledge) -> None:
    case = memory_case()
    facts, judged, unknown = (
        part(case, "packet", town, key) for key in ("facts", "judgement", "unknown")
    )
    assert case.text in facts
    assert "介護保険の認定を受けていますか → いいえ" in facts
    assert "分からない" not in facts
    assert "もの忘れ・認知症の心配" in judged
    assert case.memo in judged
    assert case.memo not in facts
    assert unknown == "・世帯の月の収入はいくらですか"


def test_what_was_tried_stands_with_its_result(town: Knowledge) -> None:
    tried = part(memory_case(), "packet", town, "tried")
    assert "断られた・つながらなかった（満員）" in tried
    assert "6/2 断られた・つながらなかった「7月まで満員と言われた」" in tried
    assert "次に確かめる日：2026年6月8日" in tried
    assert "職業相談・紹介（いまは必要ない。まず休みたいとのこと）" in tried


GAP = "「寝る場所がない」に合う支援先を示せませんでした"


def test_an_undecided_flag_and_an_uncovered_need_are_unknowns(town: Knowledge) -> None:
    case = violence_case(consent="given", consent_on=DAY, uncovered=(GAP,))
    unknown = part(case, "packet", town, "unknown")
    assert "配偶者等からの暴力：まだ判断していない" in unknown
    assert GAP in unknown


def test_the_emergency_sheet_needs_no_consent_and_says_on_what_ground(town: Knowledge) -> None:
    text = text_of(violence_case(), "emergency", town)
    for words in (
        "配偶者等からの暴力【努力義務】",
        "児童虐待の疑い【義務】",
        "児童虐待防止法6条1項",
        "電話：189",
        "「夫に腕をつかまれ、殴られた」",
        "決めたこと：通報・通告した（2026年6月1日 9:35）。こども家庭センターへ口頭で通告",
        "決めたこと：まだ決めていない",
        "受けた人（所属・お名前）：＿",
        "生命・身体の保護",
    ):
        assert words in text, words


def test_a_flag_that_was_found_wrong_is_not_on_it(town: Knowledge) -> None:
    flags = tuple(
        flag.model_copy(update={"decision": "not_so"}) if flag.code == "dv" else flag
        for flag in violence_case().flags
    )
    assert "配偶者等からの暴力" not in text_of(violence_case(flags=flags), "emergency", town)


def test_without_flags_it_is_a_blank_to_fill_in_and_says_so_to_the_desk(town: Knowledge) -> None:
    made = make_printout(work_case(), "emergency", town, DAY, "")
    assert "何が起きているか" in as_text(made)
    assert made.warning


def test_a_text_that_is_too_long_is_refused_with_the_name_of_its_part(town: Knowledge) -> None:
    made = make_printout(memory_case(), "packet", town, DAY, "")
    with pytest.raises(BadInput, match=r"1　事実（聞いたこと・見たこと）.*20,001文字"):
        with_edits(made, {"facts": "あ" * (MAX_SECTION + 1)})


def test_letters_that_no_paper_can_hold_are_dropped(town: Knowledge) -> None:
    made = make_printout(memory_case(), "packet", town, DAY, "")
    edited = with_edits(made, {"facts": "あ\x00い\x1b\ud800う\tえ"})
    assert next(s.body for s in edited.sections if s.key == "facts") == "あいう\tえ"
