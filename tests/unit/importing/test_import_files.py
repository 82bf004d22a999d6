"""Whole files: our own form, several sheets, unknown tables, one town of a nation-wide list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge.importing.apply import apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.records import resource_of
from knowledge.importing.run import ImportContext, plan_file
from knowledge.importing.template import write_template
from tests.fixtures.import_world import (
    FACTS,
    HEADER,
    KODOMO_49,
    KODOMO_MORE_25,
    KOKYO,
    ONE,
    TODAY,
    csv_bytes,
    fates,
    imported,
    office,
    plan,
    row_of,
    xlsx_bytes,
)

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
    for column, cell in enumerate(sheet[1], start=1):
        sheet.cell(2, column).value = values.get(str(cell.value))
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
