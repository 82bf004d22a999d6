"""Rows into drafts: each habit of the real lists on an invented row."""

from __future__ import annotations

from datetime import date

from knowledge.importing.drafts import Draft
from knowledge.importing.form import Form
from knowledge.importing.run import ImportContext, plan_file
from tests.fixtures.import_world import (
    KAIGO_17,
    KAIGO_ROW,
    KODOMO_49,
    KOKYO,
    MUNICIPALITIES,
    PROPERTY,
    TODAY,
    WAM_29,
    csv_bytes,
    drafts,
    row_of,
    town,
)


def kaigo(**cells: str) -> Draft:
    """One office of the 17-column list, with some cells changed."""
    (draft,) = drafts([list(KAIGO_17), row_of(KAIGO_17, {**KAIGO_ROW, **cells})])
    return draft


def test_a_row_becomes_a_record_and_keeps_its_words() -> None:
    """Values for the desk, the row as published beside them."""
    draft = kaigo()
    assert draft.fields["name"] == "特別養護老人ホーム あおば荘"
    assert draft.fields["address"] == "秋田県みどり町字中町12番3号"
    assert draft.fields["kind"] == "介護老人福祉施設"
    assert draft.fields["places"] == "50"
    assert draft.original["事業所名"] == "特別養護老人ホーム　あおば荘"
    assert draft.original["住所"] == "みどり町字中町１２番３号"
    assert str(draft.place) == "list.csv 2行目"


def test_a_lost_zero_of_an_office_number_does_not_make_another_office() -> None:
    """170100143 and 0170100143 are one."""
    assert kaigo(事業所番号="170100143").origin.key == kaigo(事業所番号="0170100143").origin.key


def test_zero_places_a_mail_address_in_the_url_column_and_no_point_are_seen_through() -> None:
    """The three traps of the official list."""
    draft = kaigo(定員="0", URL="info@midori.example", 緯度="0.0", 経度="0.0")
    assert "places" not in draft.fields
    assert draft.fields["email"] == "info@midori.example"
    assert "url" not in draft.fields
    assert "latitude" not in draft.fields


def test_a_prefectures_code_in_place_of_the_towns_is_found_out() -> None:
    """The list of municipalities gives the right one, else it is told."""
    cells = {**KAIGO_ROW, "都道府県コード又は市町村コード": "05000"}
    rows = [list(KAIGO_17), row_of(KAIGO_17, cells)]
    (told,) = drafts(rows)
    assert "municipality_code" not in told.fields
    assert any("市区町村ではなく秋田県のコード" in str(f) for f in told.findings)
    (known,) = drafts(rows, municipalities=MUNICIPALITIES)
    assert known.fields["municipality_code"] == "059994"


def test_a_local_number_of_the_next_town_does_not_get_this_towns_area_code() -> None:
    """The address says it is elsewhere."""
    draft = kaigo(市区町村名="となり市", 住所="となり市本町1", 電話番号="32-0001")
    assert draft.fields["phone"] == "32-0001"
    assert "市外局番" in str(draft.findings[0])
    assert kaigo(電話番号="73-0001").fields["phone"] == "0183-73-0001"


def test_a_fault_names_file_row_column_value_and_remedy() -> None:
    """So that the keeper finds it."""
    draft = kaigo(電話番号="03-1234-56")
    assert str(draft.findings[0]) == (
        "list.csv 2行目 「電話番号」（03-1234-56）: 電話番号の桁が合いません（8桁）。確かめてください"
    )


def test_wam_takes_the_place_not_the_authority_and_both_halves_of_the_address() -> None:
    """05000 is who designated the office."""
    cells = {
        "都道府県コード又は市区町村コード": "05000", "サービス種別": "就労継続支援Ａ型", "事業所の名称": "ワークあおば",
        "事業所番号": "0510000001", "事業所住所（市区町村）": "秋田県みどり町", "事業所住所（番地以降）": "字中町３－１",
        "事業所電話番号": "0183-73-0003", "法人の名称": "株式会社あおば", "利用可能な時間帯（平日）": "09:00-16:00",
        "利用可能な時間帯（土曜）": "09:00-12:00", "定休日": "日曜日、祝日", "定員": "20",
    }  # fmt: skip
    (draft,) = drafts([list(WAM_29), row_of(WAM_29, cells)])
    assert draft.fields["address"] == "秋田県みどり町字中町3-1"
    assert draft.fields["city"] == "みどり町"
    assert draft.fields["opening"] == "mon-fri 09:00-16:00;sat 09:00-12:00"
    assert draft.fields["hours"] == "平日 09:00〜16:00、土曜 09:00〜12:00、休み: 日曜日、祝日"
    assert draft.fields["categories"] == "disability.employment"
    assert draft.proposals[0].sure
    assert not draft.findings


def test_a_childrens_table_says_cost_flags_and_days_without_claiming_every_week() -> None:
    """「水」 with 開催頻度 5 is not every Wednesday."""
    cells = {
        "名称": "あおばこども食堂", "住所": "みどり町字中町1", "開催頻度": "5", "開催曜日": "水",
        "開催開始時間": "17:00", "開催終了時間": "19:00", "参加条件": "どなたでも", "参加費_幼児": "0",
        "参加費_大人": "300", "参加費特記事項": "お手伝いで無料", "予約方法": "電話", "フードパントリー実施": "1",
        "テイクアウト実施": "0", "電話番号1": "(080)0000-0001",
    }  # fmt: skip
    (draft,) = drafts([list(KODOMO_49), row_of(KODOMO_49, cells)])
    assert draft.fields["hours"] == "水 17:00〜19:00（毎週とは限りません）"
    assert "opening" not in draft.fields
    assert draft.fields["cost"] == "幼児 無料、大人 300円、お手伝いで無料"
    assert draft.fields["for_whom"] == "どなたでも"
    assert draft.fields["first_step"] == "予約方法: 電話"
    assert "フードパントリー実施" in draft.fields["description"]
    assert "テイクアウト" not in draft.fields["description"]
    assert draft.fields["categories"] == "child.learning_support;poverty.food"


def test_every_week_in_words_makes_a_timetable() -> None:
    """「毎週火曜日」 beside the columns."""
    cells = {"名称": "あおば食堂", "住所": "みどり町1", "開催頻度": "2", "開催曜日": "火", "開催開始時間": "17:00", "開催終了時間": "19:00", "開催日時特記事項": "毎週"}  # fmt: skip
    (draft,) = drafts([list(KODOMO_49), row_of(KODOMO_49, cells)])
    assert draft.fields["opening"] == "tue 17:00-19:00"


def test_a_second_table_adds_its_venues_to_the_row_it_names() -> None:
    """追加情報 joined by number."""
    cells = {"名称": "あおば食堂", "住所": "みどり町1", "ID": "7"}
    (draft,) = drafts(
        [list(KODOMO_49), row_of(KODOMO_49, cells)],
        more={"7": ["みどり町川原田2、火 16:00〜18:00"]},
    )
    assert "ほかの会場・曜日: みどり町川原田2、火 16:00〜18:00" in draft.fields["description"]


def test_a_table_with_property_keys_reads_days_colons_and_blank_forms() -> None:
    """#property first, 月火水木金, 10：00 full width, numbered empty rows."""
    cells = {"#property": "1", "name": "あおば会館", "address": "みどり町字中町1", "latitude": "39.1", "longitude": "140.5", "availableDate": "月火水木金", "startTime": "10：00", "endTime": "16：00", "availableDateNote": "祝日、12/29～1/3は終日利用不可"}  # fmt: skip
    rows = [list(PROPERTY), row_of(PROPERTY, cells), row_of(PROPERTY, {"#property": "2"}), row_of(PROPERTY, {"#property": "3"})]  # fmt: skip
    (draft,) = drafts(rows)
    assert draft.fields["opening"] == "mon-fri 10:00-16:00"
    assert draft.fields["hours"].startswith("月〜金 10:00〜16:00（祝日")


def test_hours_in_the_remark_of_a_facility_are_used() -> None:
    """【開館時間】…【休館日】… where the columns are empty; the section is the window."""
    cells = {"名称": "あおば会館", "住所": "みどり町1", "利用可能日時特記事項": "【開館時間】9：00～21：30 【休館日】月曜日", "備考": "公民館"}  # fmt: skip
    (draft,) = drafts([list(KOKYO), row_of(KOKYO, cells)])
    assert draft.fields["opening"] == "tue-sun 09:00-21:30"
    assert draft.fields["categories"] == "isolation.ibasho"
    assert not draft.proposals[0].sure


def test_a_paused_place_is_marked_and_told() -> None:
    """「現在休止中」 in a remark; 「休止することがある」 is no pause."""
    paused, running = drafts([
        list(KOKYO),
        row_of(KOKYO, {"名称": "あおば食堂", "住所": "みどり町1", "備考": "※現在休館中"}),
        row_of(KOKYO, {"名称": "みどり食堂", "住所": "みどり町2", "備考": "休止中の場合があります"}),
    ])  # fmt: skip
    assert paused.fields["status"] == "suspended"
    assert "確かめてください" in str(paused.findings[0])
    assert "status" not in running.fields


def test_footnotes_totals_and_printed_headers_are_no_records() -> None:
    """A page break in a printed list."""
    rows = [
        list(KOKYO), row_of(KOKYO, {"名称": "あおば会館", "住所": "みどり町1"}), list(KOKYO),
        ["※ 令和8年4月1日現在", *[""] * (len(KOKYO) - 1)], row_of(KOKYO, {"名称": "合計"}), [""] * len(KOKYO),
    ]  # fmt: skip
    assert [draft.fields["name"] for draft in drafts(rows)] == ["あおば会館"]


def test_a_row_without_a_name_or_with_a_formula_is_an_error() -> None:
    """Neither is taken in silently."""
    nameless = kaigo(事業所名="")
    assert "名前がありません" in str(nameless.errors[0])
    for value in (
        '=HYPERLINK("http://x","y")',
        "@SUM(1+1)",
        "+1+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
    ):
        assert "式として働く" in str(kaigo(事業所名=value).errors[0])
    for value in ("-", "+81-183-73-0001", "@midori_cafe", "－"):
        assert not kaigo(利用可能曜日特記事項=value).errors


def test_a_row_of_another_width_is_told_and_a_cut_last_row_is_an_error() -> None:
    """A stray comma, a file that ended too early."""
    good = row_of(KAIGO_17, KAIGO_ROW)
    long, short, last = drafts([list(KAIGO_17), [*good, "x"], good[:12], good[:11]])
    assert "余分な「,」" in str(long.errors[0])
    assert not short.errors
    assert "列の数（12）が見出し（17）と合いません" in str(short.findings[-1])
    assert "途中で切れて" in str(last.errors[0])


def test_only_the_towns_rows_are_wanted_and_the_unclear_ones_stay() -> None:
    """A nation-wide list for one town."""
    rows = [
        list(KAIGO_17),
        row_of(KAIGO_17, KAIGO_ROW),
        row_of(KAIGO_17, {**KAIGO_ROW, "市区町村名": "となり市", "住所": "となり市1"}),
        row_of(
            KAIGO_17, {**KAIGO_ROW, "都道府県名": "沖縄県", "市区町村名": "みどり町", "住所": "1"}
        ),
    ]
    assert [draft.outside for draft in drafts(rows, only="town")] == [False, True, True]
    assert [draft.outside for draft in drafts(rows, only="prefecture")] == [False, False, True]
    assert not any(draft.outside for draft in drafts(rows))


def test_the_date_is_the_lists_own_and_never_the_day_of_import() -> None:
    """Nobody verified anything by importing it."""
    assert "verified_on" in kaigo().missing
    rows = [list(KAIGO_17), row_of(KAIGO_17, KAIGO_ROW)]
    (dated,) = drafts(rows, as_of=date(2025, 6, 1))
    assert dated.fields["verified_on"] == "2025-06-01"
    assert "verified_by" not in dated.fields


def test_the_head_of_an_organisation_is_left_out() -> None:
    """A person's name is no part of an office's record."""
    header = [*PROPERTY, "establisher"]
    cells = {"name": "あおば保育園", "address": "みどり町1", "latitude": "39.1", "longitude": "140.5", "establisher": "社会福祉法人あおば会　理事長　青葉　太郎"}  # fmt: skip
    (draft,) = drafts([header, row_of(header, cells)])
    assert draft.fields["organization"] == "社会福祉法人あおば会"


# A window that is a section or a person.


def test_a_window_that_is_a_section_or_a_role_is_kept_as_words() -> None:
    """「保健師・栄養士」 beside a shared number; as a name it says too little."""
    cells = {"名称": "健康相談", "住所": "みどり町1", "電話番号": "73-0001\n（保健師・栄養士）"}
    (draft,) = drafts([list(KOKYO), row_of(KOKYO, cells)])
    assert draft.fields["phone"] == "0183-73-0001（保健師・栄養士）"
    (nameless,) = drafts([list(KOKYO), row_of(KOKYO, {**cells, "名称": "保健師・栄養士"})])
    assert "名前が職名だけ" in str(nameless.findings[0])


def test_a_lost_zero_of_the_towns_code_is_put_back() -> None:
    """59994 with 秋田県 beside it is 059994."""
    draft = kaigo()
    assert draft.fields["municipality_code"] == "059994"
    assert not draft.findings


def test_a_place_that_is_an_address_or_a_section_is_used_as_such() -> None:
    """「場所/担当課」 holds now the one, now the other."""
    form = Form(
        id="x", title="X", columns={"名称": "name", "場所/担当課": "place", "電話": "phone"}
    )
    rows = [["名称", "場所/担当課", "電話"], ["相談会", "みどり町字中町1（庁舎前）", "73-0001"], ["子育て相談", "みどり町福祉課", "73-0002"], ["出張相談", "となり市本町6-8", "32-0001"], ["相談室", "会議室 2階", ""]]  # fmt: skip
    plan = plan_file(csv_bytes(rows), "x.csv", ImportContext(today=TODAY, town=town(), area_codes=("0183",), mappings=(form,), municipalities=MUNICIPALITIES))  # fmt: skip
    here, section, elsewhere, room = (row.draft.fields for row in plan.rows)
    assert here["address"] == "秋田県みどり町字中町1（庁舎前）"
    assert section["window"] == "みどり町福祉課"
    assert elsewhere["phone"] == "32-0001"
    assert "address" not in room
