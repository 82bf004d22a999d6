"""Editing a record: faults beside the field, nothing typed lost, history, undo, two at once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from service.records.keep import edit_record
from service.records.national import national_parts
from service.store.audit_words import COMMAND
from service.web.record_form import changes_in
from service.web.record_words import FIELDS
from tests.fixtures.record_pages_world import (
    FRESH,
    add,
    form_of,
    import_list,
    now_in,
    ticked_in,
    value_in,
)
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on


@pytest.fixture
def keeper(hall: Hall) -> TestClient:
    return hall.come_in("keeper", "keeper")


def test_the_form_is_filled_and_saving_it_as_it_is_changes_nothing(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "あおばサロン", hours="毎週水曜\n10:00〜")
    page = keeper.get(f"/records/{kept.id}/edit").text
    assert value_in(page, "name") == "あおばサロン"
    assert value_in(page, "hours") == "毎週水曜\n10:00〜"
    assert ticked_in(page) == {"isolation.ibasho"}
    # A browser ends lines with CR LF, and sends a choice where nobody has chosen.
    sent = form_of(kept, hours="毎週水曜\r\n10:00〜", status="open")
    answer = keeper.post(f"/records/{kept.id}/edit", data=sent)
    assert answer.headers["location"] == f"/records/{kept.id}?done=same"
    assert now_in(hall.engine, kept.id) == kept


def test_a_line_break_that_a_one_line_field_cannot_hold_is_no_change(hall: Hall) -> None:
    kept = add(hall.engine, "あおばサロン")
    imported = replace(kept.record, fields={**kept.record.fields, "address": "中町1\n集会所"})
    assert changes_in({"address": "中町1集会所"}, replace(kept, record=imported)) == {}
    changed = changes_in({"address": "中町2"}, replace(kept, record=imported))
    assert changed == {"address": "中町2"}


def test_what_is_saved_is_shown_with_who_did_it(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    codes = ["isolation.ibasho", "elderly.watch_meal"]
    sent = form_of(kept, phone="0000-99-0001", status="full", categories=codes, is_window="1")
    answer = keeper.post(f"/records/{kept.id}/edit", data=sent)
    assert answer.headers["location"] == f"/records/{kept.id}?done=changed"
    page = keeper.get(answer.headers["location"]).text
    assert "直しました" in page
    assert re.search(r'class="phone">0000-99-0001<', page)
    assert "見守り・配食・緊急通報" in page
    assert "keeper さん" in page
    assert "電話: <del>0000-11-2222</del> → <ins>0000-99-0001</ins>" in page
    assert "受入状況: <del>受付中</del> → <ins>満員</ins>" in page
    now = now_in(hall.engine, kept.id)
    assert now.record.fields["categories"] == "isolation.ibasho;elderly.watch_meal"
    assert now.record.fields["is_window"] == "1"


def test_the_main_category_stays_first_whatever_the_order_of_the_boxes(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "あおばサロン", categories="poverty.food;child.learning_support")
    boxes = ["child.learning_support", "elderly.watch_meal", "poverty.food"]
    keeper.post(f"/records/{kept.id}/edit", data=form_of(kept, categories=boxes))
    fields = now_in(hall.engine, kept.id).record.fields
    assert fields["categories"] == "poverty.food;child.learning_support;elderly.watch_meal"


def test_many_categories_may_be_ticked(hall: Hall, keeper: TestClient) -> None:
    """A browser sends every field and a part for each box: more than other forms may have."""
    kept = add(hall.engine, "なんでも相談")
    codes = {category.code for category in national_parts().categories[:14]}
    empty: dict[str, str | list[str]] = dict.fromkeys(FIELDS, "")
    sent = empty | form_of(kept, categories=sorted(codes))
    assert len(sent) + len(codes) > 50
    answer = keeper.post(f"/records/{kept.id}/edit", data=sent)
    assert answer.status_code == 303
    assert ticked_in(keeper.get(f"/records/{kept.id}/edit").text) == codes


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("phone", "番号は不明"),
        ("url", "javascript:alert(1)"),
        ("verified_on", "去年の春"),
        ("verified_on", "2026-06-02"),
        ("opening", "水曜の午前"),
        ("eligibility", "no_such_fact=yes"),
        ("places", "たくさん"),
        ("status", "sometimes"),
        ("email", "メールなし"),
        ("district", "中町\x00"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(
    hall: Hall, keeper: TestClient, field: str, typed: str
) -> None:
    kept = add(hall.engine, "あおばサロン")
    sent = form_of(kept, description="新しい説明", categories=["poverty.food"], **{field: typed})
    answer = keeper.post(f"/records/{kept.id}/edit", data=sent)
    assert answer.status_code == 422
    page = answer.text
    assert "直すところが1つあります" in page
    assert f'<a href="#{field}">' in page
    assert f'id="{field}-fault"' in page
    control = re.findall(rf'<(?:input|textarea|select) id="{field}"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in control
    assert f"{field}-fault" in control
    if field != "status":
        assert value_in(page, field) == typed
    assert value_in(page, "description") == "新しい説明"
    assert ticked_in(page) == {"poverty.food"}
    assert value_in(page, "revision") == str(kept.revision)
    assert now_in(hall.engine, kept.id) == kept


def test_all_faults_are_told_at_once(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    sent = form_of(kept, phone="なし", url="ホームページ", categories=["no.such"])
    page = keeper.post(f"/records/{kept.id}/edit", data=sent).text
    assert "直すところが3つあります" in page
    for field in ("phone", "url", "categories"):
        assert f'id="{field}-fault"' in page


def test_a_fault_corrected_is_saved(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    page = keeper.post(f"/records/{kept.id}/edit", data=form_of(kept, phone="なし")).text
    again = form_of(kept, phone="0000-99-0001", revision=value_in(page, "revision"))
    assert keeper.post(f"/records/{kept.id}/edit", data=again).status_code == 303
    assert now_in(hall.engine, kept.id).record.fields["phone"] == "0000-99-0001"


def test_when_somebody_else_was_quicker_both_values_are_shown_and_nothing_is_lost(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "あおばサロン", cost="100円")
    hall.register("other", "keeper")
    other = hall.signed_in("other")
    theirs = form_of(kept, phone="0000-77-7777", cost="200円", categories=["poverty.food"])
    assert other.post(f"/records/{kept.id}/edit", data=theirs).status_code == 303
    mine = form_of(kept, phone="0000-99-0001", description="わたしの説明")
    answer = keeper.post(f"/records/{kept.id}/edit", data=mine)
    assert answer.status_code == 409
    page = answer.text
    assert "other さん" in page
    # Changed by both: mine stands in the field, theirs beside it.
    assert value_in(page, "phone") == "0000-99-0001"
    assert re.search(r'id="phone-theirs">[^<]*<b>0000-77-7777</b>', page)
    # Changed by me alone: kept, without a word.
    assert value_in(page, "description") == "わたしの説明"
    assert 'id="description-theirs"' not in page
    # Changed by the other alone: saving again does not take it back.
    assert value_in(page, "cost") == "200円"
    assert 'id="cost-theirs"' in page
    assert ticked_in(page) == {"poverty.food"}
    assert now_in(hall.engine, kept.id).record.fields["phone"] == "0000-77-7777"
    again = {**mine, "cost": "200円", "categories": ["poverty.food"]}
    again["revision"] = value_in(page, "revision")
    assert keeper.post(f"/records/{kept.id}/edit", data=again).status_code == 303
    fields = now_in(hall.engine, kept.id).record.fields
    wanted = ("0000-99-0001", "200円", "わたしの説明", "poverty.food")
    assert tuple(fields[n] for n in ("phone", "cost", "description", "categories")) == wanted


def test_the_same_change_by_two_is_no_conflict_on_the_page(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン")
    edit_record(hall.engine, TOWN.code, kept.id, {"phone": "0000-99-0001"}, kept.revision, COMMAND, hall.now)  # fmt: skip
    page = keeper.post(f"/records/{kept.id}/edit", data=form_of(kept, phone="0000-99-0001")).text
    assert "サーバーのコマンド" in page
    assert 'id="phone-theirs"' not in page


def test_an_undone_change_can_itself_be_undone(hall: Hall, keeper: TestClient) -> None:
    kept = add(hall.engine, "あおばサロン", phone="0000-11-2222")
    at = f"/records/{kept.id}"
    keeper.post(f"{at}/edit", data=form_of(kept, phone="0000-99-0001"))
    assert _undo(keeper, at, to="1") == "undone"
    assert now_in(hall.engine, kept.id).record.fields["phone"] == "0000-11-2222"
    assert "前の内容に戻した" in keeper.get(at).text
    assert _undo(keeper, at, to="2") == "undone"
    assert now_in(hall.engine, kept.id).record.fields["phone"] == "0000-99-0001"
    # The present has no button, each of the three before it has one.
    assert keeper.get(at).text.count("この時点に戻す</button>") == 3


def test_an_undo_from_a_page_that_is_out_of_date_changes_nothing(
    hall: Hall, keeper: TestClient
) -> None:
    kept = add(hall.engine, "あおばサロン")
    at = f"/records/{kept.id}"
    keeper.post(f"{at}/edit", data=form_of(kept, phone="0000-99-0001"))
    answer = keeper.post(f"{at}/undo", data={"revision": "1", "to_revision": "1"})
    assert answer.status_code == 409
    assert "ほかの人が変えました" in error_on(answer.text)
    assert "0000-99-0001" in answer.text
    assert now_in(hall.engine, kept.id).record.fields["phone"] == "0000-99-0001"


def test_a_new_record_needs_a_name_and_says_what_it_lacks(keeper: TestClient) -> None:
    refused = keeper.post("/records/new", data={"phone": "0000-11-2222"})
    assert refused.status_code == 422
    assert 'id="name-fault"' in refused.text
    assert value_in(refused.text, "phone") == "0000-11-2222"
    poor = keeper.post("/records/new", data={"name": "かわべ食堂"})
    page = keeper.get(poor.headers["location"]).text
    assert "支援分野と確かめた日がそろうまで" in page
    assert "支援分野がないと、窓口の画面には出ません" in page
    whole = {"name": "さかえ食堂", "categories": ["poverty.food"], "verified_on": FRESH}
    rich = keeper.post("/records/new", data=whole)
    assert rich.headers["location"].endswith("?done=added")
    assert "さかえ食堂" in keeper.get("/records").text


def test_the_words_as_published_stand_beside_what_the_import_made_of_them(
    hall: Hall, keeper: TestClient
) -> None:
    row = ("aoba", "あおば食堂", "子ども食堂", "", "夕食を出します", "（０１８３）７３－０００１", "毎週水曜 17:00〜19:00", "中町1-1", FRESH, "架空の一覧")  # fmt: skip
    import_list(hall.engine, row)
    page = keeper.get("/records/aoba").text
    assert "0183-73-0001" in page
    assert "電話:「（０１８３）７３－０００１」" in page
    # What says the same is not said twice.
    assert "名前:「あおば食堂」" not in page
    for words in ("支援先一覧.csv", "2行目", "架空の一覧", "提案・未確認", "一覧から取り込んだ"):
        assert words in page, words
    form = keeper.get("/records/aoba/edit").text
    assert 'id="phone-published"' in form
    assert "提案・未確認" in form


def test_the_keepers_own_choice_of_categories_is_no_proposal_any_more(
    hall: Hall, keeper: TestClient
) -> None:
    row = ("aoba", "あおば食堂", "子ども食堂", "", "夕食を出します", "0183-73-0001", "", "中町1-1", FRESH, "架空")  # fmt: skip
    import_list(hall.engine, row)
    kept = now_in(hall.engine, "aoba")
    assert "categories" in kept.record.unconfirmed
    keeper.post("/records/aoba/edit", data=form_of(kept, categories=["poverty.food"]))
    assert "提案・未確認" not in keeper.get("/records/aoba/edit").text


def _undo(keeper: TestClient, at: str, to: str) -> str:
    page = keeper.get(at).text
    form = re.search(
        rf'name="revision" value="(\d+)">\s*<input type="hidden" name="to_revision" value="{to}"',
        page,
    )
    assert form, page
    answer = keeper.post(f"{at}/undo", data={"revision": form[1], "to_revision": to})
    return answer.headers["location"].rpartition("done=")[2]
