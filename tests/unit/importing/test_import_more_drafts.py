"""Rows of schemes, events and lists with one cell for everybody's contact."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form
from knowledge.importing.run import ImportContext, plan_file
from knowledge.importing.tables import read_table
from knowledge.models import FactDefinition
from tests.fixtures.import_world import KAIGO_24, KAIGO_ROW, TODAY, csv_bytes, drafts, row_of, town

CPSV = ("本文", "サービスID", "制度所管組織", "都道府県", "市町村", "タイトル（制度名）", "概要", "支援内容", "対象者", "利用•申請方法", "受付開始日", "受付終了日", "詳細参照先", "お問い合わせ先", "公開日", "タグ（テーマ）")  # fmt: skip
EVENT = ("イベント名", "開始日", "終了日", "開始時間", "終了時間", "開始日時特記事項", "説明", "料金(基本)", "料金(詳細)", "連絡先名称", "連絡先電話番号", "主催者", "場所名称", "住所", "参加申込方法")  # fmt: skip


def mapped(roles: dict[str, str], **cells: str) -> dict[str, str]:
    """The fields of one row of a table with a keeper's mapping (column → role)."""
    form = Form(id="x", title="X", columns={"名称": "name", **roles})
    header = ["名称", *roles]
    data = csv_bytes([header, ["あおば", *(cells.get(column, "") for column in roles)]])
    context = ImportContext(today=TODAY, town=town(), area_codes=("0183",), mappings=(form,))
    return dict(plan_file(data, "x.csv", context).rows[0].draft.fields)


def test_a_scheme_whose_time_is_over_is_suspended_and_told() -> None:
    """Half of the schemes of 2021 have ended."""
    base = {"タイトル（制度名）": "あおば給付金", "概要": "失業した人に給付します", "支援内容": "10万円", "対象者": "求職者", "利用•申請方法": "窓口で申請", "お問い合わせ先": "みどり町 福祉課\n〒012-0000 みどり町中町1\n電話 0183-73-0001（直通）\nhttps://midori.example/kyufu", "タグ（テーマ）": "くらし"}  # fmt: skip
    ended, running, unclear = drafts([
        list(CPSV),
        row_of(CPSV, {**base, "受付終了日": "令和3年11月30日"}),
        row_of(CPSV, {**base, "受付終了日": "2099-03"}),
        row_of(CPSV, {**base, "受付終了日": "予算がなくなるまで"}),
    ])  # fmt: skip
    assert (ended.fields["status"], ended.fields["status_note"]) == (
        "suspended",
        "受付は 2021-11-30 で終わり",
    )
    assert "受付が終わっている" in str(ended.findings[0])
    assert "status" not in running.fields
    assert "日付として読めません" in str(unclear.findings[0])
    assert running.fields["window"] == "みどり町 福祉課"
    assert running.fields["phone"] == "0183-73-0001（みどり町 福祉課）"
    assert running.fields["url"] == "https://midori.example/kyufu"
    assert running.fields["first_step"] == "利用•申請方法: 窓口で申請"
    assert running.fields["description"] == "失業した人に給付します。10万円。分野: くらし"
    assert running.fields["kind"] == "制度"


def test_an_event_says_its_days_and_claims_no_week() -> None:
    """A salon once in spring is not open every Wednesday."""
    cells = {"イベント名": "あおばサロン", "開始日": "2026/5/1", "終了日": "2026/5/3", "開始時間": "10:00", "終了時間": "12:00", "料金(基本)": "100", "料金(詳細)": "材料費は別", "連絡先名称": "福祉課", "連絡先電話番号": "73-0001", "場所名称": "公民館", "住所": "みどり町1"}  # fmt: skip
    (draft,) = drafts([list(EVENT), row_of(EVENT, cells)])
    assert draft.fields["hours"] == "2026-05-01〜2026-05-03 10:00〜12:00"
    assert "opening" not in draft.fields
    assert draft.fields["cost"] == "100円、材料費は別"
    assert draft.fields["window"] == "福祉課"
    assert "場所: 公民館" in draft.fields["description"]


@pytest.mark.parametrize(
    ("cell", "fields"),
    [
        ("福祉課（73-0001）", {"window": "福祉課", "phone": "0183-73-0001（福祉課）"}),
        ("福祉課", {"window": "福祉課"}),
        ("73-0001　FAX 73-0002", {"phone": "0183-73-0001", "fax": "0183-73-0002"}),
        ("info@midori.example", {"email": "info@midori.example"}),
        ("080-0000-0001、080-0000-0002", {"phone": "080-0000-0001、080-0000-0002"}),
        ("各種窓口：https://midori.example/a", {"window": "各種窓口", "url": "https://midori.example/a"}),
    ],
)  # fmt: skip
def test_a_cell_for_name_and_number_together_is_taken_apart(
    cell: str, fields: dict[str, str]
) -> None:
    """「問い合わせ先」 as towns fill it in."""
    found = mapped({"問い合わせ先": "contact"}, 問い合わせ先=cell)
    assert {name: found.get(name) for name in fields} == fields


def test_second_numbers_extensions_fax_mail_and_postal_code_have_their_places() -> None:
    """Each in a column of its own."""
    found = mapped(
        {"電話1": "phone", "電話2": "phone_more", "内線": "extension", "FAX": "fax", "メール": "email", "郵便番号": "postal_code", "住所": "address", "方書": "building"},
        電話1="73-0001", 電話2="73-0003", 内線="１２", FAX="73-0002", メール="info@midori.example", 郵便番号="０１２－００００", 住所="みどり町中町1", 方書="庁舎2階",
    )  # fmt: skip
    assert found["phone"] == "0183-73-0001 内線12、0183-73-0003"
    assert found["fax"] == "0183-73-0002"
    assert found["email"] == "info@midori.example"
    assert found["postal_code"] == "012-0000"
    assert found["address"] == "秋田県みどり町中町1 庁舎2階"


def test_the_24_columns_add_fax_corporation_and_the_flag_for_both_old_and_disabled() -> None:
    """共生型: the column's name is the sentence."""
    cells = {**KAIGO_ROW, "FAX番号": "0183-73-0002", "法人番号": "1234567890123", "法人の名称": "社会福祉法人あおば会", "高齢者の方と障害者の方が同時一体的に利用できるサービス": "1", "備考": "送迎あり"}  # fmt: skip
    (draft,) = drafts([list(KAIGO_24), row_of(KAIGO_24, cells)])
    assert draft.fields["organization"] == "社会福祉法人あおば会"
    assert draft.fields["corporate_number"] == "1234567890123"
    assert draft.fields["description"] == (
        "介護老人福祉施設。運営: 社会福祉法人あおば会。高齢者の方と障害者の方が同時一体的に利用できるサービス。備考: 送迎あり"
    )


def test_several_hours_columns_are_told_apart_by_their_headers() -> None:
    """Term time and holidays."""
    found = mapped({"開設時間（平日）": "hours", "開設時間（休み）": "hours"}, **{"開設時間（平日）": "13:00～18:30", "開設時間（休み）": "8：00～18：30"})  # fmt: skip
    assert found["hours"] == "開設時間（平日） 13:00〜18:30、開設時間（休み） 08:00〜18:30"
    assert "opening" not in found


def test_a_level_of_1_is_a_level_and_a_circle_is_a_yes() -> None:
    """浸水レベル 1 is not 「あり」."""
    found = mapped({"レベル": "describe", "送迎": "describe", "昼食": "describe", "車いす": "flag"}, レベル="1", 送迎="○", 昼食="無", 車いす="有")  # fmt: skip
    assert found["description"] == "レベル: 1。送迎: あり。車いす"


def test_a_section_named_as_the_organisation_is_the_window() -> None:
    """団体名 「管財課」."""
    assert mapped({"団体名": "organization"}, 団体名="管財課")["window"] == "管財課"


def test_our_own_conditions_are_checked_against_the_facts() -> None:
    """A misspelt fact would never be asked."""
    header = ["name", "kind", "categories", "description", "eligibility"]
    facts: dict[str, Any] = {"age": FactDefinition(code="age", label="年齢", kind="number", question="何歳？")}  # fmt: skip
    rows = [header, ["あおば", "サロン", "isolation.ibasho", "お茶の会", "agee>=65"]]
    (draft,) = drafts(rows, facts=facts)
    assert "事実コード agee はありません" in str(draft.errors[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('[{"名": 1}]'.encode("cp932"), "UTF-8 ではありません"),
        (b'[{"a": ' + b"[" * 100_000, "読めません"),
        (b'[{"a": 1}, 2]', "記録の一覧"),
        (("[{" + ",".join(f'"c{n}": 1' for n in range(2000)) + "}]").encode(), "項目が多すぎます"),
    ],
)
def test_json_that_is_no_table_is_refused(data: bytes, words: str) -> None:
    """Whatever a page may send."""
    with pytest.raises(ImportRefused) as caught:
        [list(sheet.rows()) for sheet in read_table(data, "a.json").sheets]
    assert words in str(caught.value)
