"""Which field of support a row is proposed for, and why; the keeper confirms."""

from __future__ import annotations

import pytest

from knowledge.importing.categories import known_rule_categories, propose_categories
from knowledge.load import NATIONAL_DIR


@pytest.mark.parametrize(
    ("kind", "name", "text", "category", "sure"),
    [
        ("居宅介護支援", "", "", "elderly.care_manager", True),
        ("居宅介護", "", "", "disability.soudan", False),
        ("放課後等デイサービス", "", "", "child.development", True),
        ("通所介護", "", "", "elderly.care_manager", False),
        ("地域包括支援センター・在宅介護支援センター", "", "", "elderly.chiiki_hokatsu", True),
        ("", "みどり町社会福祉協議会", "", "community.shakyo", True),
        ("", "青葉クリニック", "", "health.medical", True),
        ("", "介護老人保健施設あおば", "", "elderly.care_manager", False),
        ("", "しゃべり場", "ひきこもりの本人と家族が集まります。", "isolation.hikikomori", False),
        ("", "あおば会館", "備考: 公民館", "isolation.ibasho", False),
        ("", "青葉内科小児科", "", "health.medical", True),
        ("放課後子ども教室", "キッズあおば", "会場: 公民館", "child.childcare_support", False),
        ("育児", "みどり町児童相談所", "子どもの相談", "child.jisou", True),
        ("育児", "あおばルーム", "発達の遅れがみられる子どもの療育", "child.development", False),
        ("その他", "みどり町福祉センター", "", "isolation.ibasho", False),
        ("育児", "家庭相談員", "家庭内の問題の相談", "child.kodomo_katei", True),
        ("育児", "保健師", "", "health.hokenshi", False),
        (
            "障がい福祉サービス事業所",
            "あおば",
            "定員: 就労継続B 20",
            "disability.employment",
            False,
        ),
        ("障がい福祉サービス事業所", "あおば", "定員: 生活介護 20", "disability.soudan", False),
    ],
)
def test_a_category_is_proposed_from_kind_then_name_then_text(
    kind: str, name: str, text: str, category: str, sure: bool
) -> None:
    """With a reason in words the keeper can judge."""
    proposal = propose_categories(kind, name, text)[0]
    assert (proposal.category, proposal.sure) == (category, sure)
    assert proposal.reason


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("AED設置場所", "みどり町立幼稚園", ""),
        ("指定避難所", "みどり町公民館", ""),
        ("観光施設", "青葉いこいの家", ""),
        ("", "中町地区センター", "対象とする異常な現象の種類 洪水"),
        ("", "中町地域交流センター", "避難所面積平方メートル: 1299。開設される災害の種類（風水害）"),
        ("", "謎の名前", ""),
    ],
)  # fmt: skip
def test_what_is_no_place_of_support_gets_no_category(kind: str, name: str, text: str) -> None:
    """A defibrillator hangs in a kindergarten, a shelter is a community centre on other days."""
    assert propose_categories(kind, name, text) == ()


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("分野: 高齢", ["elderly.care_manager"]),
        ("認知症の人のための住まい", ["elderly.care_manager"]),
        ("分野: 障害(住まい)", ["disability.soudan"]),
        ("", ["elderly.care_manager", "disability.soudan"]),
    ],
)
def test_a_group_home_belongs_to_the_field_its_list_is_about(
    text: str, categories: list[str]
) -> None:
    """One word, two laws; where nobody says which, both are proposed and neither is sure."""
    proposals = propose_categories("グループホーム（法人営）", "あおばホーム", text)
    assert [p.category for p in proposals] == categories
    assert not any(p.sure for p in proposals)


def test_the_name_of_an_office_counts_only_when_the_text_does_not_say_what_it_does() -> None:
    """A welfare office on the list for child care is not there for public assistance."""
    (said,) = propose_categories("", "みどり町福祉事務所", "ひとり親の家庭の相談")
    assert said.category == "child.single_parent"
    (silent,) = propose_categories("", "みどり町福祉事務所", "平日に開いています")
    assert silent.category == "poverty.seiho"


def test_a_list_about_one_field_says_so_for_rows_that_say_nothing_else() -> None:
    """A group home with only its name."""
    (proposal,) = propose_categories("", "青葉 A棟", "分野: 障害(住まい)")
    assert (proposal.category, proposal.sure) == ("disability.soudan", False)


def test_every_category_of_the_rules_is_in_the_catalogue() -> None:
    """A typo would make records nobody finds."""
    lines = (NATIONAL_DIR / "categories.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert known_rule_categories() <= {line.partition(",")[0] for line in lines}


def test_a_broad_word_counts_only_when_nothing_narrower_is_said() -> None:
    """「育児」 stands over every row of a list; beside 「療育」 it would say too much."""
    narrow = propose_categories("", "あおばルーム", "育児。発達の遅れがみられる子どもの療育")
    assert {proposal.category for proposal in narrow} == {"child.development"}
    broad = propose_categories("", "あおばルーム", "育児。子どものことなら何でも")
    assert {proposal.category for proposal in broad} == {"child.kodomo_katei"}
