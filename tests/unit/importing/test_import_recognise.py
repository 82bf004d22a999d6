"""Which form a table is of, wherever and however its columns are named."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form, load_forms, read_form, save_form
from knowledge.importing.mapping import propose_mapping
from knowledge.importing.recognise import Layout, first_rows, join_headers, recognise
from knowledge.importing.roles import ROLES
from knowledge.importing.run import ImportContext, plan_file
from knowledge.importing.tables import Table, read_table
from knowledge.load import RESOURCE_COLUMNS
from tests.fixtures.import_world import (
    KAIGO_17,
    KAIGO_24,
    KODOMO_49,
    KODOMO_MORE_25,
    KOKYO,
    PROPERTY,
    TODAY,
    WAM_29,
    csv_bytes,
    xlsx_bytes,
)


def layout_of(table: Table, *mappings: Form) -> Layout | None:
    """What the first sheet is recognised as."""
    return recognise(first_rows(table.sheets[0]), (*mappings, *load_forms()))


def known(rows: list[list[str]], *mappings: Form) -> Layout:
    """The layout of a CSV that must be recognised."""
    layout = layout_of(read_table(csv_bytes(rows), "list.csv"), *mappings)
    assert layout is not None
    return layout


IRYO = ("都道府県コード又は市区町村コード", "NO", "都道府県名", "市区町村名", "名称", "医療機関の種類", "住所", "電話番号", "医療機関コード", "診療曜日", "診療開始時間", "診療終了時間", "診療科目", "病床数")  # fmt: skip
KOSODATE = ("都道府県コ―ド又は市区町村コ―ド", "NO", "名称", "種別", "住所", "電話番号", "収容定員", "受入年齢", "利用可能曜日", "開始時間", "終了時間", "一時預かりの有無")  # fmt: skip
EVENT = ("都道府県コード又は市区町村コード", "NO", "イベント名", "開始日", "終了日", "開始時間", "説明", "料金(基本)", "連絡先名称", "場所名称", "住所")  # fmt: skip
JICHITAI = ("全国地方公共団体コード", "ID", "地方公共団体名", "名称", "種別", "所在地_連結表記", "建物名等(方書)", "緯度", "経度", "電話番号", "URL")  # fmt: skip
KAIGO_SUISHO = ("都道府県コード又は市区町村コード", "NO", "介護サービス事業所名称", "実施サービス", "住所", "電話番号", "事業所番号")  # fmt: skip
CPSV = ("本文", "サービスID", "制度番号", "元制度番号", "制度変更区分", "制度所管組織", "都道府県", "市町村", "タイトル（制度名）", "概要", "支援内容", "対象者", "利用•申請方法", "受付開始日", "受付終了日", "詳細参照先", "お問い合わせ先", "公開日", "タグ", "テーマ", "タグ（カテゴリー）", "タグ（対象者）", "タグ（事業者分類）", "タグ（キーワード）", "タグ（テーマ）")  # fmt: skip


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (KAIGO_17, "kaigo"),
        (KAIGO_24, "kaigo"),
        (WAM_29, "wam"),
        (KAIGO_SUISHO, "kaigo_suisho"),
        (IRYO, "iryo"),
        (KOSODATE, "kosodate"),  # U+2015 in コ―ド
        (KOKYO, "kokyo"),
        (EVENT, "event"),
        (JICHITAI, "jichitai"),
        (KODOMO_49, "kodomo_shokudo"),
        (KODOMO_MORE_25, "kodomo_shokudo_more"),
        (CPSV, "cpsv_j"),
        (PROPERTY, "smartcity"),
        (RESOURCE_COLUMNS, "template"),
    ],
)
def test_every_form_is_known_by_its_header(header: tuple[str, ...], form: str) -> None:
    """And every column of it has a meaning."""
    layout = known([list(header), ["x"] * len(header)])
    assert layout.form.id == form
    assert layout.unknown == ()


def test_the_numbers_of_columns_are_the_published_ones() -> None:
    """17, 24, 29, 49, 25."""
    assert [len(h) for h in (KAIGO_17, KAIGO_24, WAM_29, KODOMO_49, CPSV)] == [17, 24, 29, 49, 25]


@pytest.mark.parametrize(
    "written",
    [
        "利用可能曜日",
        "利用可能　曜日",
        " 利用可能\n曜日 ",
        "利用可能曜日（※任意）",
        "※利用可能曜日",
    ],
)
def test_a_header_is_known_however_it_is_spaced(written: str) -> None:
    """Full-width spaces, line breaks, marks."""
    header = [written if column == "利用可能曜日" else column for column in KOKYO]
    assert known([header]).form.id == "kokyo"


def test_a_full_width_space_inside_an_english_key_does_not_matter() -> None:
    """「telephone　number」."""
    header = ["telephone　number" if c == "telephoneNumber" else c for c in PROPERTY]
    assert "phone" in {column.role for column in known([header]).columns}


def test_the_header_is_found_below_titles_and_blank_rows() -> None:
    """A title, a remark, a gap."""
    rows = [["みどり町 公共施設一覧"], [], ["令和8年4月1日現在"], list(KOKYO), ["x"] * len(KOKYO)]
    assert known(rows).first_data_row == 5


def test_three_header_rows_of_keys_labels_and_types_are_passed_over() -> None:
    """CPSV-J as it is published."""
    keys = ["from https://sheet.example", "service_id", "service_number", "origin_id", "alteration_flag", "provider", "prefecture_id", "city_id", "name", "abstract", "provisions", "target", "how_to_apply", "application_start_date", "application_close_date", "detail_url", "contact", "information_release_date", "tags", "theme", "category", "person_type", "entity_type", "keyword_type", "issue_type"]  # fmt: skip
    types = ["", *["xsd:string"] * 23, "ic:名称型"]
    layout = known([keys, list(CPSV), types, ["x"] * 25])
    assert layout.form.id == "cpsv_j"
    assert layout.first_data_row == 4


def test_a_header_over_two_rows_with_merged_cells_is_put_together() -> None:
    """「利用可能な時間帯」 over 「平日」「土曜」."""

    def merge(book: Any) -> None:
        book["一覧"].merge_cells("W1:Z1")
        for column in "ABC":
            book["一覧"].merge_cells(f"{column}1:{column}2")

    upper = [*WAM_29[:22], "利用可能な時間帯", None, None, None, *WAM_29[26:]]
    lower = [None] * 22 + ["平日", "土曜", "日曜", "祝日"] + [None] * 3
    layout = layout_of(
        read_table(xlsx_bytes({"一覧": [upper, lower, ["x"] * 29]}, merge), "a.xlsx")
    )
    assert layout is not None
    assert layout.form.id == "wam"
    assert layout.first_data_row == 3
    assert layout.unknown == ()


def test_a_blank_cell_beside_a_vertically_merged_one_gets_no_foreign_name() -> None:
    """Only a heading with names below it spreads to the right."""
    assert join_headers([["名称", "", "時間", ""], ["", "電話", "開始", "終了"]]) == (
        "名称", "電話", "時間_開始", "時間_終了",
    )  # fmt: skip


def test_an_unknown_table_is_not_forced_into_a_form() -> None:
    """A list of roads."""
    assert layout_of(read_table(csv_bytes([["路線", "延長"], ["県道1号", "12"]]), "a.csv")) is None


# Mappings.

SALON = [["通いの場", "町内会", "ところ", "連絡先", "ひらく日", "お茶代", "送迎"], ["あおば茶話会", "中町", "中町公会堂", "73-0001（福祉課）", "毎週水曜 10:00～12:00", "100", "○"]]  # fmt: skip


def test_a_mapping_is_proposed_from_the_words_of_the_header() -> None:
    """What a word clearly says; the rest goes into the description, marks as marks."""
    rows = [["施設名", "住所", "電話", "ＦＡＸ", "利用定員", "開館時間", "休館日", "雰囲気", "送迎"], ["あおば", "中町1", "73-0001", "", "20", "9:00～17:00", "月曜日", "静か", "○"]]  # fmt: skip
    proposal = propose_mapping(first_rows(read_table(csv_bytes(rows), "a.csv").sheets[0]), "a")
    assert proposal.has_name
    assert proposal.form.columns == {
        "施設名": "name", "住所": "address", "電話": "phone", "ＦＡＸ": "fax", "利用定員": "places",
        "開館時間": "hours", "休館日": "closed_days", "雰囲気": "describe", "送迎": "flag",
    }  # fmt: skip
    assert proposal.unplaced == ("雰囲気", "送迎")


def test_a_sheets_name_becomes_the_kind_where_no_column_says_it() -> None:
    """28 small tables on one page, each under its title."""
    rows = ((1, ["施設名", "住所"]), (2, ["あおば", "中町1"]))
    assert propose_mapping(rows, "a", "憩いの家").form.constants == {"kind": "{sheet}"}
    assert propose_mapping(rows, "a", "Sheet1").form.constants == {}


def test_a_table_without_any_header_is_mapped_by_position() -> None:
    """What 列3 means, only the keeper can say."""
    rows = ((1, ["あおば会館", "みどり町中町1", "0183-73-0001"]),)
    proposal = propose_mapping(rows, "a")
    assert proposal.form.header == "none"
    assert proposal.form.columns == {"列1": "ignore", "列2": "ignore", "列3": "ignore"}
    mine = proposal.form.model_copy(update={"columns": {"列1": "name", "列2": "address", "列3": "phone"}})  # fmt: skip
    plan = plan_file(csv_bytes([["あおば会館", "みどり町中町1", "0183-73-0001"]]), "a.csv", ImportContext(today=TODAY, mappings=(mine,)))  # fmt: skip
    assert [row.draft.fields["name"] for row in plan.rows] == ["あおば会館"]


def test_a_mapping_by_position_never_reads_a_table_of_another_width_or_with_a_known_header() -> (
    None
):
    """What stands in 列2 of another list is anything."""
    form = Form(id="x", title="X", header="none", columns={"列1": "name", "列2": "address"})
    assert layout_of(read_table(csv_bytes([["あおば", "みどり町1", "x"]]), "a.csv"), form) is None
    header = list(KOKYO)
    known_form = known([header, ["x"] * len(header)], form)
    assert known_form.form.id == "kokyo"


def test_a_saved_mapping_is_used_for_the_next_edition() -> None:
    """Made once on screen, kept as a small file."""
    proposal = propose_mapping(first_rows(read_table(csv_bytes(SALON), "a.csv").sheets[0]), "a")
    columns = {**proposal.form.columns, "通いの場": "name", "ところ": "address", "連絡先": "phone", "ひらく日": "hours", "お茶代": "cost", "町内会": "district"}  # fmt: skip
    document = {**proposal.form.model_dump(exclude_defaults=True), "columns": columns, "header": "named", "signature": ["通いの場"], "constants": {"kind": "サロン"}, "id": "salon", "title": "サロン一覧", "categories": [{"column": "町内会", "contains": "中", "category": "community.rmo"}]}  # fmt: skip
    saved = save_form(Form.model_validate(document))
    form = read_form(saved, "salon.yaml")
    plan = plan_file(csv_bytes(SALON), "salon_2026.csv", ImportContext(today=TODAY, mappings=(form,), area_codes=("0183",)))  # fmt: skip
    fields = plan.rows[0].draft.fields
    assert (fields["name"], fields["phone"], fields["cost"], fields["district"]) == ("あおば茶話会", "0183-73-0001（福祉課）", "100円", "中町")  # fmt: skip
    assert fields["opening"] == "wed 10:00-12:00"
    assert fields["categories"] == "community.rmo"
    assert "通いの場" in save_form(form).decode()


def test_a_mapping_in_json_reads_like_one_in_yaml() -> None:
    """Every JSON document is a YAML document."""
    data = b'{"id": "x", "title": "X", "columns": {"a": "name"}}'
    assert read_form(data, "x.json").columns == {"a": "name"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id: x", "title"),
        ("{id: x, title: X, columns: {a: nome}}", "知らない役割です: nome"),
        ("{id: x, title: X, columns: {a: name}, signature: [b]}", "signature の列が columns にありません: b"),
        ("{id: [", "読めません"),
        ("!!python/object/apply:os.system ['true']", "読めません"),
        ("x" * 300_000, "大きすぎます"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_fault_is_refused_with_its_place(text: str, words: str) -> None:
    """A keeper may edit it by hand; a stranger may send one."""
    with pytest.raises(ImportRefused, match=r"x\.yaml") as caught:
        read_form(text.encode(), "x.yaml")
    assert words in str(caught.value)


def test_every_role_a_shipped_form_uses_is_explained_to_the_keeper() -> None:
    """The mapping page lists them."""
    used = {role for form in load_forms() for role in form.columns.values()}
    assert used <= ROLES.keys()
    assert all(form.title and form.columns for form in load_forms())
    assert len({form.title for form in load_forms()}) == len(load_forms())
