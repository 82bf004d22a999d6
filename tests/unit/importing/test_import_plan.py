"""The plan: every row's fate, local edits kept, nothing half done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused, Place
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord, resource_of
from knowledge.importing.run import ImportContext, dataset_name, named_dataset, plan_file
from knowledge.importing.template import write_template
from knowledge.importing.three_way import Conflict, FieldChange
from knowledge.models import FactDefinition
from tests.fixtures.import_world import (
    KAIGO_17,
    KAIGO_ROW,
    KODOMO_49,
    KODOMO_MORE_25,
    KOKYO,
    TODAY,
    csv_bytes,
    row_of,
    town,
    xlsx_bytes,
)

Rows = Sequence[Sequence[str]]
Records = tuple[KeptRecord, ...]


def plan(
    rows: Rows, existing: Records = (), name: str = "kaigo_2025-06.csv", **known: Any
) -> ImportPlan:
    """The plan of a CSV in the invented town."""
    context = ImportContext(
        today=TODAY, existing=existing, town=town(), area_codes=("0183",), **known
    )
    return plan_file(csv_bytes(rows), name, context)


def office(**cells: str) -> list[str]:
    """A row of the 17-column list."""
    return row_of(KAIGO_17, {**KAIGO_ROW, **cells})


def edited(records: Records, **fields: str) -> Records:
    """The records after the desk changed the first one."""
    first, *rest = records
    return (replace(first, fields={**first.fields, **fields}), *rest)


def fates(plan: ImportPlan) -> list[str]:
    """The fate of each row."""
    return [row.fate for row in plan.rows]


HEADER = list(KAIGO_17)
FACTS = {"age": FactDefinition(code="age", label="年齢", kind="number", question="何歳ですか")}
ONE = [HEADER, office()]


def imported(rows: Rows = ONE, **known: Any) -> Records:
    """The records after a first import."""
    return apply(plan(rows, **known))


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


# Local edits.


def test_a_local_edit_outlives_every_import_that_does_not_touch_it() -> None:
    """The desk knows the direct number."""
    records = edited(imported(), phone="0183-73-7777", first_step="直通へ電話")
    again = plan([HEADER, office(定員="60")], records)
    assert [change.field for change in again.rows[0].changes] == ["places"]
    (record,) = apply(again)
    assert record.fields["phone"] == "0183-73-7777"
    assert record.fields["first_step"] == "直通へ電話"
    assert record.fields["places"] == "60"


def test_a_value_changed_on_both_sides_keeps_the_desks_and_is_listed() -> None:
    """And the new one is taken when the keeper says so."""
    records = edited(imported(), phone="0183-73-7777")
    again = plan([HEADER, office(電話番号="0183-73-0009")], records)
    assert fates(again) == ["changed"]
    conflict = Conflict("phone", "0183-73-0001", "0183-73-7777", "0183-73-0009")
    assert again.rows[0].conflicts == (conflict,)
    assert apply(again)[0].fields["phone"] == "0183-73-7777"
    taken = apply(again, Decisions(take_new=frozenset(((records[0].id, "phone"),))))
    assert taken[0].fields["phone"] == "0183-73-0009"


def test_a_conflict_is_listed_once_and_not_again_in_the_next_edition() -> None:
    """The last import remembered is the new one."""
    records = edited(imported(), phone="0183-73-7777")
    rows = [HEADER, office(電話番号="0183-73-0009")]
    after = apply(plan(rows, records))
    again = plan(rows, after)
    assert fates(again) == ["same"]
    assert apply(again)[0].fields["phone"] == "0183-73-7777"


def test_both_sides_making_the_same_change_is_no_conflict() -> None:
    """The list caught up with the desk."""
    records = edited(imported(), phone="0183-73-0009")
    again = plan([HEADER, office(電話番号="0183-73-0009")], records)
    assert again.rows[0].conflicts == ()
    assert apply(again)[0].fields["phone"] == "0183-73-0009"


def test_a_field_the_desk_emptied_stays_empty() -> None:
    """A wrong URL taken out by hand must not come back."""
    records = edited(imported([HEADER, office(URL="https://old.example")]), url="")
    again = plan([HEADER, office(URL="https://old.example", 定員="60")], records)
    assert apply(again)[0].fields.get("url", "") == ""


def test_a_confirmed_category_is_the_desks_own() -> None:
    """Even where the import would now propose another."""
    (record,) = imported()
    confirmed = replace(record, unconfirmed=frozenset())
    moved = plan(
        [
            HEADER,
            office(サービスの種類="介護老人福祉施設", 事業所名="特別養護老人ホーム　あおば荘"),
        ],
        (confirmed,),
    )
    assert fates(moved) == ["same"]
    other = [list(KOKYO), row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "公民館"})]
    (hall,) = imported(other, name="hall.csv")
    kept = replace(hall, unconfirmed=frozenset())
    changed = plan(
        [other[0], row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "病院"})],
        (kept,),
        "hall.csv",
    )
    assert [c.field for c in changed.rows[0].conflicts] == ["categories"]
    assert apply(changed)[0].fields["categories"] == "isolation.ibasho"
    loose = plan(
        [other[0], row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "病院"})],
        (hall,),
        "hall.csv",
    )
    assert apply(loose)[0].fields["categories"] == "health.medical"
    assert apply(loose)[0].unconfirmed == {"categories"}


def test_a_later_verification_by_the_desk_is_not_turned_back() -> None:
    """The list of June knows less than the call of October."""
    records = edited(imported(), verified_on="2026-10-01", verified_by="福祉課 係長")
    (record,) = apply(plan([HEADER, office(定員="60")], records, "kaigo_2025-12.csv"))
    assert record.fields["verified_on"] == "2026-10-01"
    assert record.fields["verified_by"] == "福祉課 係長"


# Vanished and returned.


def test_a_row_that_vanished_retires_its_record_with_its_edits(kaigo: list[list[str]]) -> None:
    """It stays in the history."""
    records = edited(imported(kaigo), phone="0183-73-7777")
    gone = plan(kaigo[:1] + kaigo[2:], records)
    assert [(r.name, r.edited, r.elsewhere) for r in gone.retired] == [
        ("特別養護老人ホーム あおば荘", True, False)
    ]
    after = {r.id: r for r in apply(gone)}
    assert after[records[0].id].state == "vanished"
    assert after[records[0].id].fields["phone"] == "0183-73-7777"


def test_a_row_that_comes_back_brings_its_record_and_edits_back(kaigo: list[list[str]]) -> None:
    """Missing from one edition by mistake."""
    records = edited(imported(kaigo), phone="0183-73-7777")
    without = apply(plan(kaigo[:1] + kaigo[2:], records))
    back = plan(kaigo, without)
    assert fates(back) == ["returned", "same"]
    (first, _) = apply(back)
    assert (first.id, first.state, first.fields["phone"]) == (
        records[0].id,
        "active",
        "0183-73-7777",
    )


def test_a_record_the_keeper_closed_stays_closed(kaigo: list[list[str]]) -> None:
    """The list is slower than the town."""
    first, second = imported(kaigo)
    closed = (replace(first, state="closed"), second)
    assert apply(plan([kaigo[0], office(定員="60"), kaigo[2]], closed))[0].state == "closed"


def test_other_lists_and_local_records_are_never_retired(kaigo: list[list[str]]) -> None:
    """Only what this list had."""
    local = KeptRecord("midori.salon", {"name": "あおばサロン"})
    other = imported(
        [
            HEADER,
            office(事業所番号="0570000007", 事業所名="べつの荘", 住所="みどり町7", 電話番号=""),
        ],
        name="other.csv",
    )
    everything = (*imported(kaigo), *other, local)
    assert plan(kaigo, everything).retired == ()


def test_half_a_list_that_vanishes_is_taken_for_the_wrong_file() -> None:
    """Until the keeper says that it is right."""
    many = [
        office(
            事業所番号=f"05700001{n:02}",
            事業所名=f"あおば{n}号館",
            住所=f"みどり町{n}",
            電話番号="",
        )
        for n in range(12)
    ]
    records = imported([HEADER, *many])
    cut = plan([HEADER, *many[:3]], records)
    assert "途中で切れたファイル" in str(cut.errors[0])
    with pytest.raises(ImportRefused, match="9 件"):
        apply(cut)
    after = apply(cut, Decisions(accept_vanished=True))
    assert sum(r.state == "vanished" for r in after) == 9


def test_an_older_edition_than_the_last_one_is_told() -> None:
    """June after December, by mistake."""
    records = imported(name="kaigo_2025-12.csv")
    assert "より古い一覧（2025-06-01）" in str(plan(ONE, records, "kaigo_2025-06.csv").findings[-1])


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
    """Only the source goes."""
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
    assert [s.origin.form for s in record.sources] == ["kaigo"]


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


# Our own form.

TEMPLATE = ["id", "name", "kind", "categories", "description", "phone", "opening", "places", "status", "eligibility", "verified_on"]  # fmt: skip
SALON = ["midori.salon", "あおばサロン", "サロン", "isolation.ibasho", "毎週水曜のお茶の会", "0183-73-0001", "wed 10:00-12:00", "20", "受入中", "age>=65", "2026-04-01"]  # fmt: skip


def test_our_own_form_gives_a_complete_record_that_the_desk_can_use() -> None:
    """Its id is its own; its categories are confirmed by being written."""
    (record,) = imported([TEMPLATE, SALON], name="own.csv")
    assert (record.id, record.unconfirmed) == ("midori.salon", frozenset())
    resource = resource_of(record, FACTS)
    assert resource is not None
    assert (resource.capacity.status, resource.capacity.places) == ("open", 20)
    assert resource.opening[0].opens == "10:00"
    assert resource.verified_on == date(2026, 4, 1)


def test_our_form_as_a_workbook_has_an_example_that_is_not_imported() -> None:
    """The keeper fills in the empty sheet."""
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(write_template()))
    sheet = book["支援先"]
    values = {
        "名前": "あおばサロン",
        "種類": "サロン",
        "支援分野コード": "isolation.ibasho",
        "説明": "お茶の会",
        "確かめた日": "2026-04-01",
        "番号（id）": "midori.salon",
    }
    for cell in sheet[1]:
        sheet.cell(2, cell.column).value = values.get(str(cell.value))
    out = io.BytesIO()
    book.save(out)
    filled = plan_file(out.getvalue(), "own.xlsx", ImportContext(today=TODAY))
    assert fates(filled) == ["new"]
    assert apply(filled)[0].id == "midori.salon"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("categories", "isolation.ibashoo", "categories.csv にない支援分野コード"),
        ("opening", "水曜 10時", "mon-fri 08:30-17:15"),
        ("status", "たぶん", "open, full, suspended, reservation"),
        ("verified_on", "去年", "2026-04-01 の形"),
        ("name", "", "名前がありません"),
    ],
)
def test_a_wrong_value_in_our_own_form_is_an_error_with_the_form_it_must_have(
    column: str, value: str, words: str
) -> None:
    """Our notation is not guessed at."""
    row = [value if name == column else cell for name, cell in zip(TEMPLATE, SALON, strict=True)]
    wrong = plan([TEMPLATE, row], name="own.csv", category_codes=frozenset(("isolation.ibasho",)))
    assert words in str(wrong.errors[0])
    assert f"「{column}」" in str(wrong.errors[0])


def test_an_id_used_twice_is_an_error() -> None:
    """Which of the two is meant?"""
    twice = plan([TEMPLATE, SALON, ["midori.salon", "べつのサロン", *SALON[2:]]], name="own.csv")
    assert fates(twice) == ["new", "error"]
    assert "id はほかの行か記録で使われています" in str(twice.errors[0])


# Whole files.


def test_a_workbook_with_a_second_sheet_is_joined_and_its_example_is_left_out() -> None:
    """基本情報, 追加情報, 入力例."""
    main = row_of(KODOMO_49, {"名称": "あおば食堂", "住所": "みどり町1", "ID": "7"})
    more = row_of(
        KODOMO_MORE_25,
        {
            "ID": "7",
            "住所": "みどり町川原田2",
            "開催曜日": "火",
            "開催開始時間": "16:00",
            "開催終了時間": "18:00",
        },
    )
    lost = row_of(KODOMO_MORE_25, {"ID": "99", "住所": "みどり町3"})
    blank = row_of(KODOMO_MORE_25, {"ID": "8"})
    data = xlsx_bytes(
        {
            "基本情報": [list(KODOMO_49), main],
            "追加情報": [list(KODOMO_MORE_25), more, lost, blank],
            "入力例": [list(KODOMO_49), main],
        }
    )
    found = plan_file(data, "kodomo.xlsx", ImportContext(today=TODAY))
    assert fates(found) == ["new"]
    assert "みどり町川原田2、火 16:00〜18:00" in found.rows[0].draft.fields["description"]
    told = [str(f) for f in found.findings]
    assert any("追加情報" in t and "99" in t for t in told)
    assert any("記入例" in t for t in told)


def test_a_second_table_in_a_file_of_its_own_is_joined_when_given_along() -> None:
    """And refused alone, with what to do."""
    main = csv_bytes(
        [KODOMO_49, row_of(KODOMO_49, {"名称": "あおば食堂", "住所": "みどり町1", "ID": "7"})]
    )
    more = csv_bytes(
        [KODOMO_MORE_25, row_of(KODOMO_MORE_25, {"ID": "7", "住所": "みどり町川原田2"})]
    )
    both = plan_file(
        main, "k.csv", ImportContext(today=TODAY, companions=(("k_tsuika.csv", more),))
    )
    assert "みどり町川原田2" in both.rows[0].draft.fields["description"]
    alone = plan_file(more, "k_tsuika.csv", ImportContext(today=TODAY))
    assert "元の一覧を選び" in str(alone.errors[0])
    wrong = plan_file(main, "k.csv", ImportContext(today=TODAY, companions=(("k.csv", main),)))
    assert "いっしょに読む表（追加情報）ではありません" in str(wrong.errors[0])


def test_an_unknown_table_gives_a_mapping_to_confirm_and_nothing_else() -> None:
    """Nothing is imported by guess."""
    unknown = plan_file(
        csv_bytes([["施設名", "住所"], ["あおば", "みどり町1"]]),
        "x.csv",
        ImportContext(today=TODAY),
    )
    assert unknown.rows == ()
    assert unknown.proposals[0].proposal.form.columns == {"施設名": "name", "住所": "address"}
    assert "列の対応を決めてください" in str(unknown.errors[0])
    with pytest.raises(ImportRefused):
        apply(unknown)


def test_a_mapping_without_a_name_column_is_refused() -> None:
    """A record needs a name before anything else."""
    proposal = plan_file(
        csv_bytes([["住所", "電話"], ["みどり町1", "73-0001"]]), "x.csv", ImportContext(today=TODAY)
    ).proposals[0]
    again = plan_file(
        csv_bytes([["住所", "電話"], ["みどり町1", "73-0001"]]),
        "x.csv",
        ImportContext(today=TODAY, mappings=(proposal.proposal.form,)),
    )
    assert "名称の列が決まっていません" in str(again.errors[0])


def test_sheets_of_one_unknown_form_share_one_proposal() -> None:
    """28 small tables are confirmed once."""
    rows = [["施設名", "住所"], ["あおば", "みどり町1"]]
    found = plan_file(
        xlsx_bytes({"憩いの家": rows, "児童館": rows}), "x.xlsx", ImportContext(today=TODAY)
    )
    assert [p.sheets for p in found.proposals] == [("憩いの家", "児童館")]


def test_a_table_of_a_header_only_is_an_error_and_retires_nothing() -> None:
    """An empty edition is no edition."""
    empty = plan([HEADER], imported())
    assert "記録の行がありません" in str(empty.errors[0])
    assert empty.retired == ()


def test_only_one_towns_rows_of_a_nation_wide_list_are_taken() -> None:
    """The others are counted, not kept."""
    rows = [
        HEADER,
        office(),
        office(事業所番号="0570000021", 市区町村名="となり市", 住所="となり市1", 電話番号=""),
    ]
    found = plan(rows, only="town")
    assert fates(found) == ["new", "outside"]
    assert len(apply(found)) == 1


def test_one_towns_rows_cannot_be_asked_for_without_a_town() -> None:
    """Else the whole nation would come in."""
    with pytest.raises(ImportRefused, match="町を選んでください"):
        plan_file(csv_bytes(ONE), "k.csv", ImportContext(today=TODAY, only="town"))


def test_a_record_without_category_or_date_is_kept_but_not_served() -> None:
    """It waits on the keeper's list."""
    rows = [list(KOKYO), row_of(KOKYO, {"名称": "なぞの場所", "住所": "みどり町1"})]
    (record,) = apply(plan(rows, name="hall.csv"))
    assert resource_of(record, FACTS) is None
    complete = replace(
        record,
        fields={**record.fields, "categories": "isolation.ibasho", "verified_on": "2026-04-01"},
    )
    resource = resource_of(complete, FACTS)
    assert resource is not None
    assert resource.kind == "施設・団体"
