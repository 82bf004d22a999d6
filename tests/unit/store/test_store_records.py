"""The tables of records beside the others: backed up, moved, and kept as long as they may be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form
from service.errors import NotFound
from service.records.importing import import_report, imports_of, save_mapping
from service.records.keep import edit_record, get_record, history_of, merge_records
from service.records.listing import keep_apart
from service.records.reports import note_shown, report_refusal
from service.records.town_knowledge import knowledge_revision
from service.store.backup import backup
from service.store.engine import reading, writing
from service.store.record_lists import PROBLEMS, Wanted, count_problems, list_ids
from service.store.record_tables import REASONS, STATES
from service.store.restore import restore
from service.store.retention import Removed, expire
from service.store.tables import METADATA
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    TODAY,
    add,
    by_name,
    give_facts,
    import_file,
    kaigo_list,
)
from tests.fixtures.store_world import TOWN, content

NEW = ("town_profiles", "records", "record_history", "imports", "mappings", "record_reports", "record_shown", "records_apart")  # fmt: skip
YEAR = timedelta(days=365)


@pytest.fixture
def town(engine: Engine) -> Engine:
    """A town with a row in every table of records."""
    give_facts(engine)
    first, second = add(engine, name="一つ目"), add(engine, name="二つ目\u3000🏠")
    edit_record(engine, TOWN.code, first.id, {"cost": "無料\n（材料費は別）"}, 1, ACTOR, NOW)
    import_file(engine, kaigo_list(["デイサービス あおば", "デイサービス あおば 別館"]))
    offices = by_name(engine)
    merged, other = offices["デイサービス あおば"], offices["デイサービス あおば 別館"]
    merge_records(engine, TOWN.code, merged.id, other.id, 1, ACTOR, NOW)
    keep_apart(engine, TOWN.code, first.id, second.id, ACTOR, NOW)
    report_refusal(engine, TOWN.code, first.id, "full", ACTOR, NOW)
    form = Form(id="mapping_x", title="一覧", columns={"よびな": "name"})
    save_mapping(engine, TOWN.code, form, ACTOR, NOW)
    with writing(engine) as conn:
        note_shown(conn, TOWN.code, (first.id,), TODAY)
    return engine


def test_every_table_of_records_is_filled_here_and_in_the_schema(town: Engine) -> None:
    found = content(town)
    assert all(found[name] for name in NEW)
    assert set(NEW) <= set(METADATA.tables)


def test_the_records_are_in_the_backup_and_come_back_as_they_were(
    town: Engine, other: Engine, file: Path
) -> None:
    manifest = backup(town, file, NOW)
    assert all(manifest.tables[name].rows for name in NEW)
    restore(other, file, NOW)
    assert content(other) == content(town)
    kept = by_name(town)["一つ目"]
    assert get_record(other, TOWN.code, kept.id) == kept
    assert history_of(other, TOWN.code, kept.id) == history_of(town, TOWN.code, kept.id)
    assert knowledge_revision(other, TOWN.code) == knowledge_revision(town, TOWN.code)
    # And it goes on from there.
    edit_record(other, TOWN.code, kept.id, {"cost": "100円"}, kept.revision, ACTOR, NOW)


def test_reports_of_imports_and_counts_of_cards_go_after_three_years(town: Engine) -> None:
    (before,) = imports_of(town, TOWN.code)
    assert import_report(town, TOWN.code, before.id)
    assert not {"imports", "record_shown"} & {
        r.table for r in expire(town, NOW + 3 * YEAR - timedelta(days=1))
    }
    removed = expire(town, NOW + 3 * YEAR + timedelta(days=2))
    assert {Removed("imports", 1), Removed("record_shown", 1)} <= set(removed)
    (after,) = imports_of(town, TOWN.code)
    assert (after.id, after.counts, after.has_report) == (before.id, before.counts, False)
    with pytest.raises(NotFound):
        import_report(town, TOWN.code, before.id)
    assert by_name(town)["一つ目"].shown == 0
    assert "imports" not in {r.table for r in expire(town, NOW + 3 * YEAR + timedelta(days=3))}


def test_a_state_or_reason_that_is_not_listed_is_refused_by_the_database(town: Engine) -> None:
    for statement in (
        "UPDATE records SET state = 'deleted'",
        "UPDATE record_reports SET reason = 'anything'",
        "UPDATE record_shown SET times = 0",
    ):
        with pytest.raises(Exception, match="ck_"), writing(town) as conn:
            conn.execute(text(statement))
    assert "deleted" not in STATES
    assert "anything" not in REASONS


def test_text_in_a_search_is_never_a_pattern(town: Engine) -> None:
    with reading(town) as conn:
        for words in ("%", "_", "\\", "'"):
            assert list_ids(conn, Wanted(TOWN.code, words=(words,))) == ()
        everything = count_problems(conn, Wanted(TOWN.code))
    assert set(everything) == {"", *PROBLEMS}
    assert everything[""] == 4


def test_a_table_without_rows_counts_nothing(engine: Engine) -> None:
    with reading(engine) as conn:
        assert set(count_problems(conn, Wanted(TOWN.code)).values()) == {0}


def test_a_nul_in_a_value_is_kept_alike_on_both_databases(engine: Engine) -> None:
    header = ("id", "name", "kind", "categories", "description")
    import_file(engine, csv_bytes([header, ("a.1", "名\x00前", "k", "", "d")]), "own.csv")
    assert get_record(engine, TOWN.code, "a.1").record.fields["name"] == "名\x00前"


@pytest.mark.parametrize("record_id", ["a\x001", "a/1", "a 1", "x" * 121, "a?b", "a#b"])
def test_an_id_that_no_address_can_hold_is_refused(engine: Engine, record_id: str) -> None:
    header = ("id", "name", "kind", "categories", "description")
    before = content(engine)
    with pytest.raises(ImportRefused, match="id に使えない文字"):
        import_file(engine, csv_bytes([header, (record_id, "名前", "k", "", "d")]), "own.csv")
    assert content(engine) == before
