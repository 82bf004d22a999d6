"""A table nobody knows: the keeper says once what its columns mean, and the next edition is read."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from service.records.importing import mappings_of
from service.records.listing import Filters, list_records
from service.triage.triage import Desk
from service.web.import_mapping import NO_MEANING, with_own_id
from tests.fixtures.import_pages_world import (
    PATH,
    TABLE,
    Keeper,
    Preview,
    alerts,
    kaigo,
    make_keeper,
    office,
    unknown_table,
)
from tests.fixtures.import_world import csv_bytes, xlsx_bytes
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall

ROWS = (
    ("あおば食堂", "みどり町中町1", "0183-73-0001", "こどもの食事"),
    ("みどりの家", "みどり町中町2", "0183-73-0002", "お茶のみ"),
)
MEANT = {"role:0": "name", "role:1": "address", "role:2": "phone", "role:3": "description"}


@pytest.fixture
def keeper(light_hall: Hall, small_desk: Desk, tmp_path: Path) -> Keeper:
    """A keeper who has signed in."""
    return make_keeper(small_desk, light_hall.engine, tmp_path)


def saved(keeper: Keeper, preview: Preview, **more: str) -> Preview:
    """Save the mapping with these answers and be on the preview again."""
    form = {"title": "お店の一覧", **MEANT, **{k.replace("__", ":"): v for k, v in more.items()}}
    answer = keeper.browser.post(f"{preview.address}/mapping", data=form)
    assert answer.status_code == 303, alerts(answer)
    return keeper.open(answer.headers["location"])


def test_an_unknown_table_leads_to_its_columns_with_examples(keeper: Keeper) -> None:
    preview = keeper.preview(unknown_table(*ROWS), "misc_20260401.csv")
    assert "列の対応を決める" in preview.text
    assert "取り込む</button>" not in preview.text
    page = keeper.browser.get(f"{preview.address}/mapping").text
    assert all(f"{header}</label>" in page for header in TABLE)
    assert "あおば食堂／みどりの家" in page
    assert page.count("<select id=") == len(TABLE)


def test_what_was_said_once_reads_this_file_and_the_next(keeper: Keeper) -> None:
    preview = saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"))
    assert "お店の一覧" in preview.text
    preview.confirm()
    assert sorted(keeper.names()) == ["あおば食堂", "みどりの家"]
    newer = (*ROWS[:1], ("こみち", "みどり町中町3", "0183-73-0003", "将棋"))
    following = keeper.preview(unknown_table(*newer), "misc_20260501.csv")
    assert "新しく加わる</dt><dd>1 件" in following.text
    assert "変わらない</dt><dd>1 件" in following.text
    assert "お店の一覧" in keeper.browser.get(PATH).text


def test_rules_give_rows_their_category(keeper: Keeper) -> None:
    more = {
        "rule-column__0": "なにをする",
        "rule-contains__0": "食事",
        "rule-category__0": "poverty.food",
    }
    saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"), **more).confirm()
    page = list_records(keeper.hall.engine, TOWN.code, Filters(), date(2026, 6, 1))
    found = {k.name: k.record.fields.get("categories", "") for k in page.rows}
    assert found["あおば食堂"] == "poverty.food"
    assert found["みどりの家"] != "poverty.food"


def test_constants_hold_for_every_row(keeper: Keeper) -> None:
    more = {"constant__organization": "架空の会", "constant__kind": "サロン"}
    saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"), **more).confirm()
    page = list_records(keeper.hall.engine, TOWN.code, Filters(), date(2026, 6, 1))
    fields = [kept.record.fields for kept in page.rows]
    assert {f["organization"] for f in fields} == {"架空の会"}
    assert {f["kind"] for f in fields} == {"サロン"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"role:0": "describe"}, "名前の入った列", id="no name"),
        pytest.param({"role:1": "nonsense"}, "選び直して", id="no such role"),
        pytest.param({"rule-contains:0": "食事"}, "決まり1", id="a rule without category"),
        pytest.param({"rule-category:1": "zzz.none"}, "決まり2", id="a category that is none"),
        pytest.param({"rule-category:0": "poverty.food", "rule-contains:0": "x"}, "どの列に", id="no column"),
        pytest.param({"rule-category:0": "poverty.food", "rule-column:0": "別"}, "列を選び直して", id="no such column"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_work_is_not_saved_and_nothing_typed_is_lost(
    keeper: Keeper, change: dict[str, str], words: str
) -> None:
    preview = keeper.preview(unknown_table(*ROWS), "misc_20260401.csv")
    answer = keeper.browser.post(f"{preview.address}/mapping", data={**MEANT, **change})
    assert answer.status_code == 422
    assert words in alerts(answer)
    assert mappings_of(keeper.hall.engine, TOWN.code) == ()
    if "role:0" in change:
        chosen = re.findall(r'<option value="(\w+)" selected>', answer.text)
        assert chosen[:4] == ["describe", "address", "phone", "description"]


def test_a_saved_mapping_can_be_changed_from_a_file_it_reads(keeper: Keeper) -> None:
    preview = saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"))
    (form,) = mappings_of(keeper.hall.engine, TOWN.code)
    found = re.search(r'href="([^"]+/mapping\?form=[^"]+)"', preview.text)
    assert found
    address = unescape(found[1])
    assert "あおば食堂" in keeper.browser.get(address).text
    answer = keeper.browser.post(address, data={**MEANT, "title": "直した", "role:3": "kind"})
    assert answer.status_code == 303
    (changed,) = mappings_of(keeper.hall.engine, TOWN.code)
    assert (changed.id, changed.title, changed.columns["なにをする"]) == (form.id, "直した", "kind")
    assert "お茶のみ</td>" in keeper.open(answer.headers["location"]).text


def test_a_mapping_that_was_never_saved_is_not_found(keeper: Keeper) -> None:
    preview = keeper.preview(unknown_table(*ROWS), "misc_20260401.csv")
    assert keeper.browser.get(f"{preview.address}/mapping?form=none").status_code == 404


def test_a_mapping_reads_only_tables_with_all_its_columns(keeper: Keeper) -> None:
    """Otherwise it would take every list that merely has a column of names."""
    saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"))
    other = csv_bytes([("お店", "ひとこと"), ("あおば食堂", "おいしい")])
    assert "列の対応を決める" in keeper.preview(other, "other_20260401.csv").text
    (form,) = mappings_of(keeper.hall.engine, TOWN.code)
    assert set(form.signature) == {h for h, r in form.columns.items() if r not in NO_MEANING}


def test_two_tables_of_one_name_keep_their_own_mappings(keeper: Keeper) -> None:
    """A workbook with two unknown sheets: one after the other is asked for."""
    book = {
        "店": [list(TABLE), *map(list, ROWS)],
        "人": [
            ["だれ", "ばしょ", "れんらく先の電話"],
            ["こみちの会", "みどり町中町9", "0183-73-0009"],
        ],
    }
    preview = saved(keeper, keeper.preview(xlsx_bytes(book), "misc_20260401.xlsx"))
    assert "列の対応を決める" in preview.text
    second = f"{preview.address}/mapping?header=1"
    assert "だれ</label>" in keeper.browser.get(second).text
    form = {"title": "人の一覧", "role:0": "name", "role:1": "address", "role:2": "phone"}
    keeper.browser.post(second, data=form)
    assert len(mappings_of(keeper.hall.engine, TOWN.code)) == 2
    keeper.open(preview.address).confirm()
    assert len(keeper.names()) == 3


def test_a_mapping_saved_again_for_the_same_columns_keeps_its_id(keeper: Keeper) -> None:
    saved(keeper, keeper.preview(unknown_table(*ROWS), "misc_20260401.csv"))
    (form,) = mappings_of(keeper.hall.engine, TOWN.code)
    assert with_own_id(form, [form]).id == form.id
    other = form.model_copy(update={"columns": {"だれ": "name"}, "signature": ()})
    assert with_own_id(other, [form]).id != form.id


def test_a_table_of_many_columns_can_be_mapped(keeper: Keeper) -> None:
    """More fields than any other form of the desk has."""
    header = ["名称", *(f"列の{number}" for number in range(200))]
    rows = [["あおば食堂", *(str(number) for number in range(200))]]
    preview = keeper.preview(csv_bytes([header, *rows]), "misc_20260401.csv")
    form = {f"role:{number}": "ignore" for number in range(201)} | {"role:0": "name"}
    answer = keeper.browser.post(f"{preview.address}/mapping?header=1", data=form)
    assert answer.status_code == 303
    keeper.open(answer.headers["location"]).confirm()
    assert keeper.names() == ["あおば食堂"]


def test_a_form_of_more_fields_than_any_page_has_is_refused(keeper: Keeper) -> None:
    preview = keeper.preview(unknown_table(*ROWS), "misc_20260401.csv")
    form = {f"role:{number}": "ignore" for number in range(5_000)}
    assert keeper.browser.post(f"{preview.address}/mapping", data=form).status_code == 400


def test_a_known_table_needs_no_mapping(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1)))
    answer = keeper.browser.get(f"{preview.address}/mapping")
    assert answer.status_code == 422
    assert "もう決まっています" in answer.text


def test_a_header_of_unknown_words_is_named_by_the_keeper(keeper: Keeper) -> None:
    """Otherwise it would become a record called 「みせ」."""
    rows = [("みせ", "どこら", "なに", ""), *ROWS]
    preview = keeper.preview(csv_bytes(rows), "misc_20260401.csv")
    page = keeper.browser.get(f"{preview.address}/mapping?header=1").text
    assert "みせ</label>" in page
    assert "あおば食堂／みどりの家" in page
    form = {"title": "店", "role:0": "name", "role:1": "address", "role:2": "describe"}
    answer = keeper.browser.post(f"{preview.address}/mapping?header=1", data=form)
    keeper.open(answer.headers["location"]).confirm()
    assert sorted(keeper.names()) == ["あおば食堂", "みどりの家"]


def test_an_empty_row_is_no_header(keeper: Keeper) -> None:
    preview = keeper.preview(csv_bytes([("みせ", "どこら"), ("a", "b")]), "misc_20260401.csv")
    answer = keeper.browser.get(f"{preview.address}/mapping?header=9")
    assert answer.status_code == 422
    assert "9行目は空です" in answer.text


def test_a_table_without_a_header_is_mapped_by_position(keeper: Keeper) -> None:
    rows = [("あおば食堂", "ひがし", "ごはん", "ねこ"), ("みどりの家", "にし", "おちゃ", "いぬ")]
    preview = keeper.preview(csv_bytes(rows), "misc_20260401.csv")
    page = keeper.browser.get(f"{preview.address}/mapping").text
    assert "見出しの行が見つかりません" in page
    form = {"title": "見出しなし", "role:0": "name", "role:1": "district"}
    keeper.browser.post(f"{preview.address}/mapping", data=form)
    keeper.open(preview.address).confirm()
    assert sorted(keeper.names()) == ["あおば食堂", "みどりの家"]
