"""Imports into the store: the plan on what is kept, all or nothing, edits never lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge.importing.apply import NO_DECISIONS, Decisions
from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form
from service.errors import NotFound
from service.records import importing
from service.records.importing import (
    ImportOptions,
    carry_out,
    import_report,
    imports_of,
    mappings_of,
    plan_import,
    save_mapping,
)
from service.records.keep import (
    Changed,
    close_record,
    edit_record,
    get_record,
    history_of,
    reopen_record,
    undo_record,
    verify_record,
)
from service.records.national import national_parts
from service.records.town_knowledge import knowledge_revision
from service.store import audit
from service.store.engine import reading
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    TODAY,
    actions,
    add,
    by_name,
    give_facts,
    import_file,
    kaigo_list,
    plan,
)
from tests.fixtures.store_world import TOWN, content

APRIL, MAY = "kaigo_20260401.csv", "kaigo_20260501.csv"
NAMES = ["デイサービス あおば", "デイサービス みどり", "訪問介護 こだま"]


def test_a_list_goes_in_with_its_words_as_published(engine: Engine) -> None:
    give_facts(engine)
    before = knowledge_revision(engine, TOWN.code)
    done = import_file(engine, kaigo_list(NAMES))
    assert (done.added, done.changed, done.counts["new"]) == (3, 0, 3)
    kept = by_name(engine)["デイサービス あおば"]
    assert kept.record.fields["phone"] == "0000-52-4001"
    (source,) = kept.record.sources
    assert (source.file, source.row) == (APRIL, 2)
    assert source.original["事業所番号"] == "0570000001"
    assert (kept.action, kept.updated_by, kept.revision) == ("records.import", ACTOR, 1)
    assert knowledge_revision(engine, TOWN.code) != before
    with reading(engine) as conn:
        (entry,) = audit.list_entries(conn, action="records.import")
    detail = json.loads(entry.detail)
    assert (detail["count"], detail["rows"], entry.subject_id) == (3, 3, done.import_id)


def test_the_same_list_again_changes_nothing(engine: Engine) -> None:
    give_facts(engine)
    import_file(engine, kaigo_list(NAMES))
    revision, before = knowledge_revision(engine, TOWN.code), by_name(engine)
    done = import_file(engine, kaigo_list(NAMES))
    assert (done.added, done.changed, done.counts["same"]) == (0, 0, 3)
    assert by_name(engine) == before
    assert knowledge_revision(engine, TOWN.code) == revision
    assert len(imports_of(engine, TOWN.code)) == 2


def test_a_new_edition_updates_retires_and_keeps_the_desks_edits(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)["デイサービス あおば"]
    edit_record(engine, TOWN.code, kept.id, {"hours": "平日 9時から"}, 1, "p-1", NOW)
    planned = plan(engine, kaigo_list(NAMES[:2], phone="0000-52-88"), MAY)
    assert planned.plan.counts == {"changed": 2, "retired": 1}
    done = carry_out(engine, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW + timedelta(days=1))
    assert (done.added, done.changed) == (0, 3)
    after = get_record(engine, TOWN.code, kept.id)
    assert after.record.fields["hours"] == "平日 9時から"
    assert after.record.fields["phone"] == "0000-52-8801"
    assert [v.action for v in history_of(engine, TOWN.code, kept.id)] == [
        "records.import",
        "record.change",
        "records.import",
    ]
    gone = by_name(engine, state="vanished")
    assert set(gone) == {"訪問介護 こだま"}
    # Published again, it is used again.
    import_file(engine, kaigo_list(NAMES), MAY)
    assert set(by_name(engine)) == set(NAMES)


def test_an_edit_of_what_the_list_changes_too_is_kept_unless_the_keeper_takes_the_new(
    engine: Engine,
) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)["デイサービス あおば"]
    edit_record(engine, TOWN.code, kept.id, {"phone": "0000-52-7777"}, 1, "p-1", NOW)
    new = kaigo_list(NAMES, phone="0000-52-88")
    import_file(engine, new, MAY)
    assert get_record(engine, TOWN.code, kept.id).record.fields["phone"] == "0000-52-7777"
    decisions = Decisions(take_new=frozenset({(kept.id, "phone")}))
    newest = kaigo_list(NAMES, phone="0000-52-99")
    import_file(engine, newest, "kaigo_20260601.csv", decisions)
    assert get_record(engine, TOWN.code, kept.id).record.fields["phone"] == "0000-52-9901"


def test_a_value_brought_back_by_undoing_is_not_changed_by_the_same_list_again(
    engine: Engine,
) -> None:
    import_file(engine, kaigo_list(NAMES))
    import_file(engine, kaigo_list(NAMES, phone="0000-52-88"), MAY)
    kept = by_name(engine)["デイサービス あおば"]
    undo_record(engine, TOWN.code, kept.id, 1, kept.revision, "p-1", NOW)
    import_file(engine, kaigo_list(NAMES, phone="0000-52-88"), MAY)
    assert get_record(engine, TOWN.code, kept.id).record.fields["phone"] == "0000-52-4001"


def test_what_was_confirmed_or_closed_stays_so(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    first, second = (by_name(engine)[name] for name in NAMES[:2])
    verify_record(engine, TOWN.code, first.id, "福祉課", ACTOR, NOW, TODAY)
    close_record(engine, TOWN.code, second.id, 1, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES, phone="0000-52-88"), MAY)
    verified = get_record(engine, TOWN.code, first.id)
    assert verified.record.unconfirmed == frozenset()
    assert verified.record.fields["verified_by"] == "福祉課"
    assert get_record(engine, TOWN.code, second.id).record.state == "closed"


def test_a_vanished_record_used_again_by_hand_is_not_retired_again(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    import_file(engine, kaigo_list(NAMES[:2]), MAY)
    gone = by_name(engine, state="vanished")["訪問介護 こだま"]
    reopen_record(engine, TOWN.code, gone.id, gone.revision, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES[:2]), "kaigo_20260601.csv")
    assert "訪問介護 こだま" in by_name(engine)


def test_nothing_is_written_when_somebody_changed_something_in_between(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)["デイサービス あおば"]
    planned = plan(engine, kaigo_list(NAMES, phone="0000-52-88"), MAY)
    edit_record(engine, TOWN.code, kept.id, {"hours": "平日"}, 1, "p-1", NOW)
    before = content(engine)
    with pytest.raises(Changed, match="ほかの人が変えました。もう一度確かめてください"):
        carry_out(engine, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW)
    assert content(engine) == before


def test_a_wrong_row_keeps_the_whole_file_out_until_it_is_left_out(engine: Engine) -> None:
    data = kaigo_list([*NAMES, "=HYPERLINK(1)"])
    planned = plan(engine, data)
    before = content(engine)
    with pytest.raises(ImportRefused, match="5行目"):
        carry_out(engine, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW)
    assert content(engine) == before
    wrong = frozenset(row.place for row in planned.plan.rows if row.fate == "error")
    carry_out(engine, TOWN.code, planned, Decisions(leave_out=wrong), ACTOR, NOW)
    assert set(by_name(engine)) == set(NAMES)


def test_a_file_that_is_no_table_is_refused(engine: Engine) -> None:
    before = content(engine)
    with pytest.raises(ImportRefused):
        plan(engine, b"%PDF-1.7 \x00\x01\x02", "list.csv")
    assert content(engine) == before


def test_a_row_is_merged_into_the_record_the_keeper_names(engine: Engine) -> None:
    mine = add(engine, name="デイサービス青葉", phone="", cost="無料")
    planned = plan(engine, kaigo_list(NAMES[:1]))
    decisions = Decisions(merge={planned.plan.rows[0].place: mine.id})
    done = carry_out(engine, TOWN.code, planned, decisions, ACTOR, NOW)
    assert (done.added, done.changed) == (0, 1)
    after = get_record(engine, TOWN.code, mine.id)
    assert (after.record.fields["cost"], after.record.fields["phone"]) == ("無料", "0000-52-4001")
    assert after.revision == 2


def test_an_id_of_a_national_service_is_refused(engine: Engine) -> None:
    service = national_parts().services[0].id
    header = ("id", "name", "kind", "categories", "description")
    data = csv_bytes([header, (service, "窓口", "相談", "elderly.abuse", "説明")])
    with pytest.raises(ImportRefused, match="全国の制度"):
        import_file(engine, data, "own.csv")
    assert by_name(engine) == {}


def test_no_list_says_that_a_record_was_verified_in_the_future(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES), "kaigo_20991231.csv")
    assert {kept.verified_on for kept in by_name(engine).values()} == {TODAY}
    header = ("id", "name", "kind", "categories", "description", "verified_on")
    row = ("midori.salon", "青葉サロン", "サロン", "isolation.ibasho", "説明", "2099-12-31")
    with pytest.raises(ImportRefused, match="先の日付"):
        import_file(engine, csv_bytes([header, row]), "own.csv")


@pytest.mark.parametrize("taken", ["due", "import", "new", "hsds.json", ".", ".."])
def test_an_id_that_is_the_address_of_another_page_is_refused(engine: Engine, taken: str) -> None:
    header = ("id", "name", "kind", "categories", "description")
    data = csv_bytes([header, (taken, "青葉サロン", "サロン", "isolation.ibasho", "説明")])
    with pytest.raises(ImportRefused, match="別の id"):
        import_file(engine, data, "own.csv")
    assert by_name(engine) == {}


def test_a_town_that_is_not_registered_is_told(engine: Engine) -> None:
    with pytest.raises(NotFound, match="登録されていません"):
        plan(engine, kaigo_list(NAMES), town_code="123456")


def test_the_towns_own_facts_help_to_read_the_rows(engine: Engine) -> None:
    give_facts(engine)
    add(engine, name="役場", phone="0183-52-2120")
    add(engine, name="保健センター", phone="0183-52-2130")
    data = kaigo_list(NAMES[:1]).decode("utf-8-sig").replace("0000-52-4001", "73-2001")
    planned = plan(engine, data.encode("utf-8-sig"))
    fields = planned.plan.rows[0].draft.fields
    assert fields["phone"] == "0183-73-2001"
    assert fields["prefecture"] == "ためし県" or fields["address"].startswith("ちいさ町")


def test_a_mapping_is_saved_once_and_reads_the_table_from_then_on(engine: Engine) -> None:
    data = csv_bytes([("よびな", "れんらくさき"), ("青葉サロン", "0000-52-1111")])
    assert plan(engine, data, "unknown.csv").plan.rows == ()
    form = Form(
        id="mapping_salon",
        title="サロンの一覧",
        signature=("よびな",),
        columns={"よびな": "name", "れんらくさき": "phone"},
    )
    save_mapping(engine, TOWN.code, form, ACTOR, NOW)
    save_mapping(engine, TOWN.code, form, ACTOR, NOW)
    assert mappings_of(engine, TOWN.code) == (form,)
    import_file(engine, data, "unknown.csv")
    assert by_name(engine)["青葉サロン"].record.fields["phone"] == "0000-52-1111"
    assert "mapping.save" in actions(engine)


def test_past_imports_are_listed_newest_first_with_their_reports(engine: Engine) -> None:
    first = import_file(engine, kaigo_list(NAMES))
    planned = plan(engine, kaigo_list(NAMES[:2]), MAY)
    second = carry_out(engine, TOWN.code, planned, NO_DECISIONS, "p-1", NOW + timedelta(1))
    newest, oldest = imports_of(engine, TOWN.code)
    assert (newest.id, oldest.id) == (second.import_id, first.import_id)
    assert (newest.file, newest.by, newest.has_report) == (MAY, "p-1", True)
    assert newest.counts == {"same": 2, "retired": 1}
    assert newest.sha256 == planned.sha256
    rows = list(csv.reader(io.StringIO(import_report(engine, TOWN.code, newest.id), newline="")))
    assert any("載らなくなった（引退）" in row for row in rows)
    with pytest.raises(NotFound, match="報告はありません"):
        import_report(engine, TOWN.code, "nai")


def test_a_report_that_is_too_long_is_left_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_REPORT_BYTES", 10)
    done = import_file(engine, kaigo_list(NAMES))
    assert not imports_of(engine, TOWN.code)[0].has_report
    with pytest.raises(NotFound):
        import_report(engine, TOWN.code, done.import_id)


def test_a_file_is_read_from_disk_as_from_memory(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "upload"
    file.write_bytes(kaigo_list(NAMES))
    from_disk = plan_import(engine, TOWN.code, file, APRIL, ImportOptions(), TODAY)
    assert from_disk == plan(engine, kaigo_list(NAMES), APRIL)


def test_strange_characters_survive_the_way_through_the_store(engine: Engine) -> None:
    odd = "𠮟る\u200b髙﨑 \U0001f600"
    import_file(engine, kaigo_list([odd]))
    (kept,) = by_name(engine).values()
    assert (
        kept.record.fields["name"]
        == plan(engine, kaigo_list([odd])).plan.rows[0].draft.fields["name"]
    )
