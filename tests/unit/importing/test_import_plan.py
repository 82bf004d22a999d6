"""The plan: every row's fate, and nothing half done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused, Place
from knowledge.importing.run import ImportContext, dataset_name, named_dataset, plan_file
from knowledge.importing.three_way import FieldChange
from tests.fixtures.import_world import (
    HEADER,
    KOKYO,
    ONE,
    TODAY,
    csv_bytes,
    fates,
    imported,
    office,
    plan,
    row_of,
    town,
)

# First import, and again.


def test_a_first_import_makes_a_record_of_every_row(kaigo: list[list[str]]) -> None:
    """With where it came from and what was only proposed."""
    records = imported(kaigo)
    assert [r.fields["name"] for r in records] == [
        "特別養護老人ホーム あおば荘",
        "あおばデイサービス",
    ]
    assert records[0].unconfirmed == {"categories"}
    assert records[0].sources[0].original["住所"] == "みどり町字中町１２番３号"
    assert (records[0].sources[0].file, records[0].sources[0].row) == ("kaigo_2025-06.csv", 2)
    assert records[0].fields["verified_on"] == "2025-06-01"


def test_the_same_file_again_changes_nothing(kaigo: list[list[str]]) -> None:
    """Not even the objects: nothing is embedded again."""
    records = imported(kaigo)
    again = plan(kaigo, records)
    assert fates(again) == ["same", "same"]
    assert all(new is old for new, old in zip(apply(again), records, strict=True))


def test_ids_are_the_same_on_every_machine_and_in_every_order(kaigo: list[list[str]]) -> None:
    """They come from the row, not from its place."""
    turned = [kaigo[0], kaigo[2], kaigo[1]]
    assert {r.id for r in imported(kaigo)} == {r.id for r in imported(turned)}


def test_a_new_edition_under_a_dated_name_is_the_same_list() -> None:
    """kaigo_2025-06 and kaigo_2025-12."""
    again = plan([HEADER, office(電話番号="0183-73-0009")], imported(), "kaigo_2025-12.csv")
    assert fates(again) == ["changed"]
    assert again.rows[0].changes == (FieldChange("phone", "0183-73-0001", "0183-73-0009"),)
    (record,) = apply(again)
    assert record.fields["phone"] == "0183-73-0009"
    assert record.fields["verified_on"] == "2025-12-01"


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("140007_kodomo_20231105.xlsx", "140007_kodomo"),
        ("list/kaigo_2025-06.csv.gz", "kaigo"),
        ("nurseries_2022.json", "nurseries"),
        ("222127_aed.csv", "222127_aed"),
    ],
)
def test_a_list_keeps_its_name_from_edition_to_edition(name: str, dataset: str) -> None:
    """The date and the ending go, the municipality's code stays."""
    assert dataset_name(name) == dataset


@pytest.mark.parametrize(
    "name", ["data.xlsx", "data.csv", "Book1.xlsx", "0093.xlsx", "一覧.csv", "download (2).csv"]
)
def test_a_file_name_that_any_list_may_have_names_none(name: str) -> None:
    """Two lists called data.xlsx must not retire each other's records."""
    assert named_dataset(name) == ""
    second = plan([HEADER, office(事業所番号="0570000009", 事業所名="べつの事業所", 住所="みどり町9", 電話番号="")], imported(name=name), name=name)  # fmt: skip
    assert second.counts["retired"] == 0
    assert any("一覧の名前を入れてください" in str(f) for f in second.findings)


# Numbers that repeat.


def test_one_number_for_several_services_and_units_makes_several_records() -> None:
    """23,444 numbers for 29,673 rows."""
    rows = [
        HEADER,
        office(),
        office(サービスの種類="短期入所生活介護"),
        office(事業所名="あおば荘 別館", 住所="みどり町2"),
    ]
    records = imported(rows)
    assert len({r.id for r in records}) == 3
    again = plan([rows[0], rows[3], rows[2], rows[1]], records)
    assert fates(again) == ["same"] * 3


def test_a_new_name_or_address_of_a_known_number_is_a_change_not_another_record() -> None:
    """Renamed, moved; not both with a number that repeats."""
    records = imported()
    renamed = plan([HEADER, office(事業所名="あおば荘 新館")], records)
    moved = plan([HEADER, office(住所="みどり町字新町9")], records)
    assert (fates(renamed), fates(moved)) == (["changed"], ["changed"])
    assert apply(renamed)[0].id == records[0].id


def test_the_same_row_twice_is_one_record_and_told() -> None:
    """Copied by mistake."""
    twice = plan([HEADER, office(), office()])
    assert fates(twice) == ["new", "duplicate"]
    assert twice.rows[1].double_of == Place("kaigo_2025-06.csv", "", 2)
    assert len(apply(twice)) == 1
    assert fates(plan([HEADER, office(), office()], apply(twice))) == ["same", "duplicate"]


def test_a_double_between_rows_that_differ_changes_nothing_the_second_time() -> None:
    """It must neither take the record of the other row nor become one."""
    a, b = office(), office(電話番号="0183-73-0008")
    rows = [HEADER, b, a, a, b]
    first = plan(rows)
    assert fates(first) == ["new", "new", "duplicate", "duplicate"]
    assert fates(plan(rows, apply(first))) == ["same", "same", "duplicate", "duplicate"]


def test_area_codes_are_the_keepers_word_not_drawn_from_records() -> None:
    """The same file must read the same before and after its own import."""
    rows = [
        HEADER,
        office(),
        office(事業所番号="0570000031", 事業所名="みどり荘", 住所="みどり町3", 電話番号="73-0003"),
    ]
    context = ImportContext(today=TODAY, town=town())
    records = apply(plan_file(csv_bytes(rows), "k_2025-06.csv", context))
    again = plan_file(csv_bytes(rows), "k_2025-06.csv", replace(context, existing=records))
    assert fates(again) == ["same", "same"]


def test_two_rows_alike_but_for_their_phone_are_two_records_and_told() -> None:
    """Which is right, only a person can say."""
    both = plan([HEADER, office(), office(電話番号="0183-73-0008")])
    assert fates(both) == ["new", "new"]
    assert "2件として扱います" in str(both.rows[1].findings[-1])
    records = apply(both)
    assert len({r.id for r in records}) == 2
    assert fates(plan([HEADER, office(電話番号="0183-73-0008"), office()], records)) == [
        "same",
        "same",
    ]


# All or nothing.


def test_one_row_with_an_error_keeps_everything_out_until_it_is_left_out(
    kaigo: list[list[str]],
) -> None:
    """And the rows left out touch nothing."""
    faulty = plan([*kaigo, office(事業所名="", 事業所番号="0570000003")])
    assert fates(faulty) == ["new", "new", "error"]
    with pytest.raises(ImportRefused, match="4行目 「事業所名」: 名前がありません"):
        apply(faulty)
    records = apply(faulty, Decisions(leave_out=frozenset((faulty.rows[2].place,))))
    assert len(records) == 2


def test_leaving_out_a_row_of_a_known_record_does_not_retire_it(kaigo: list[list[str]]) -> None:
    """A formula in its remark this time."""
    records = imported(kaigo)
    faulty = plan([kaigo[0], office(利用可能曜日特記事項="=1+1"), kaigo[2]], records)
    assert fates(faulty) == ["error", "same"]
    assert faulty.retired == ()
    after = apply(faulty, Decisions(leave_out=frozenset((faulty.rows[0].place,))))
    assert after[0] is records[0]


def test_the_records_given_are_never_changed_in_place(kaigo: list[list[str]]) -> None:
    """A refused plan leaves the store as it was."""
    records = imported(kaigo)
    before = [(r, dict(r.fields)) for r in records]
    apply(plan([HEADER, office(定員="60")], records))
    assert [(r, dict(r.fields)) for r in records] == before


# Doubles.


def test_the_same_place_in_two_lists_is_proposed_and_merged_only_on_the_keepers_word() -> None:
    """Phone and name speak for it."""
    records = imported()
    rows = [
        list(KOKYO),
        row_of(
            KOKYO,
            {
                "名称": "あおば荘",
                "住所": "みどり町字中町12-3",
                "電話番号": "73-0001",
                "URL": "https://aoba.example",
            },
        ),
    ]
    second = plan(rows, records, "hall.csv")
    (merge,) = second.merges
    assert (merge.record_id, merge.reasons[0]) == (records[0].id, "電話が同じ")
    assert len(apply(second)) == 2
    (merged,) = apply(second, Decisions(merge={second.rows[0].place: records[0].id}))
    assert merged.fields["url"] == "https://aoba.example"
    assert merged.fields["name"] == "特別養護老人ホーム あおば荘"
    assert len(merged.sources) == 2
    return_visit = plan(rows, (merged,), "hall.csv")
    assert fates(return_visit) == ["same"]
    assert fates(plan(ONE, (merged,))) == ["same"]


def test_a_merged_record_that_vanishes_from_one_list_stays_through_the_other() -> None:
    """Only the source is noted as gone."""
    records = imported()
    rows = [
        list(KOKYO),
        row_of(KOKYO, {"名称": "あおば荘", "住所": "みどり町字中町12-3", "電話番号": "73-0001"}),
        row_of(KOKYO, {"名称": "みどり会館", "住所": "みどり町5"}),
    ]
    second = plan(rows, records, "hall.csv")
    merged = apply(second, Decisions(merge={second.rows[0].place: records[0].id}))
    gone = plan([rows[0], rows[2]], merged, "hall.csv")
    assert gone.retired[0].elsewhere
    (record, _) = apply(gone)
    assert record.state == "active"
    assert [(s.origin.form, s.gone) for s in record.sources] == [("kaigo", False), ("kokyo", True)]


def test_a_merge_into_a_record_that_is_not_there_is_refused() -> None:
    """The list was open too long."""
    first = plan(ONE)
    with pytest.raises(ImportRefused, match="まとめる先の記録"):
        apply(first, Decisions(merge={first.rows[0].place: "gone"}))


def test_only_a_new_row_can_be_merged(kaigo: list[list[str]]) -> None:
    """Two known records are brought together on the keeper's page, not by an import."""
    records = imported(kaigo)
    again = plan(kaigo, records)
    with pytest.raises(ImportRefused, match="新しい行ではありません"):
        apply(again, Decisions(merge={again.rows[1].place: records[0].id}))


def test_services_of_one_office_and_numbered_houses_are_no_doubles() -> None:
    """One row per service in one list; Ⅱ and Ⅲ."""
    rows = [
        HEADER,
        office(),
        office(サービスの種類="短期入所生活介護"),
        office(事業所名="グループホームあおばⅡ", 事業所番号="0570000011"),
        office(事業所名="グループホームあおばⅢ", 事業所番号="0570000012"),
    ]
    assert plan(rows).merges == ()
