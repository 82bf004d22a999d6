"""What kind of place suits whom: a list's words are read against the people and the note."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.load import load_national
from knowledge.models import Contact, Resource
from service.triage.places import known_place_categories, suits
from service.triage.reading import read

TODAY = date(2026, 11, 24)
COUPLE = "夫82歳と妻80歳。"
CHILD = "3歳の子の母25歳。"


def place(kind: str, name: str = "架空の所") -> Resource:
    """An invented place of a published list."""
    return Resource(
        id="x",
        name=name,
        kind=kind,
        categories=("elderly.care_manager",),
        description=kind,
        contact=Contact(phone="0000-00-0001"),
        verified_on=TODAY,
        source="架空の一覧",
    )


@pytest.mark.parametrize(
    ("kind", "category", "note", "answer"),
    [
        # For other people.
        ("保育所", "child.childcare_support", COUPLE + "預け先をさがしている。", "unfit"),
        ("特別養護老人ホーム", "elderly.care_manager", CHILD + "施設に入りたい。", "unfit"),
        ("放課後児童クラブ", "child.childcare_support", CHILD + "放課後の預け先。", "unfit"),
        ("障がい児施設", "child.development", "本人40歳。発達障害の診断。", "unfit"),
        # A parent whose age is not told is not old beside a small child, but is beside a grown one.
        ("通所介護", "elderly.care_manager", "3歳の子。母がデイの職員。", "unfit"),
        ("通所介護", "elderly.care_manager", "長女55歳。母をデイに通わせたい。", "needed"),
        # The category's own window needs no further word; a place to move into does.
        ("居宅介護支援", "elderly.care_manager", COUPLE, "own"),
        ("地域包括支援センター", "elderly.chiiki_hokatsu", COUPLE, "own"),
        ("軽費老人ホーム", "elderly.chiiki_hokatsu", COUPLE + "庭の草が伸びた。", "spare"),
        ("軽費老人ホーム", "elderly.chiiki_hokatsu", COUPLE + "住まいに困る。", "needed"),
        ("短期入所生活介護", "elderly.care_manager", COUPLE + "庭の草が伸びた。", "spare"),
        ("短期入所生活介護", "elderly.care_manager", COUPLE + "ショートに預けたい。", "asked"),
        # The same word for two kinds of home.
        ("グループホーム", "elderly.care_manager", CHILD, "unfit"),
        ("グループホーム", "disability.soudan", "本人29歳。世話人のいる所がよい。", "needed"),
        # A home of the old is no doctor, whatever list it is in.
        ("予防接種協力医療機関 介護老人保健施設", "health.medical", COUPLE + "施設", "unfit"),
        # Nothing is known of other kinds.
        ("図書館", "isolation.ibasho", COUPLE, "plain"),
    ],
)
def test_a_kind_of_place_suits_some_people_and_needs(
    kind: str, category: str, note: str, answer: str
) -> None:
    assert suits(place(kind), category, read(note, TODAY)) == answer


@pytest.mark.parametrize(
    ("name", "note", "answer"),
    [
        ("架空産婦人科クリニック", "夫55歳。酒をやめられない。", "unfit"),
        ("架空産婦人科クリニック", "本人19歳。妊娠7か月。", "needed"),
        ("架空耳鼻科", "妻76歳。怒鳴る声が聞こえる。", "unfit"),
        ("架空耳鼻科", "妻76歳。耳が遠い。", "needed"),
        ("架空泌尿器科", "本人51歳。糖尿病。", "unfit"),
        ("架空内科皮膚科", "本人51歳。糖尿病。", "plain"),
        ("架空医院", "本人51歳。糖尿病。", "plain"),
    ],
)
def test_a_doctor_of_one_field_is_named_only_for_that_field(
    name: str, note: str, answer: str
) -> None:
    assert suits(place("医療機関", name), "health.medical", read(note, TODAY)) == answer


def test_a_place_of_several_kinds_suits_as_well_as_its_best() -> None:
    both = place("通所介護", "小規模多機能 架空の家")
    assert suits(both, "elderly.care_manager", read(COUPLE + "日中一人。", TODAY)) == "needed"


def test_the_table_names_only_categories_that_exist() -> None:
    assert known_place_categories() <= {c.code for c in load_national().categories}
