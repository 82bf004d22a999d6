"""What comes back from the desk: refusals by code, on the record of whoever owns it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from service.errors import BadInput, NotFound
from service.records.importing import import_report
from service.records.keep import get_record, merge_records
from service.records.reports import REASONS, note_shown, report_refusal, settle_report
from service.records.town_knowledge import knowledge_revision
from service.store import audit
from service.store.engine import reading, writing
from service.store.record_tables import REASONS as STORED_REASONS
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.records_world import ACTOR, NOW, TODAY, actions, add, give_facts
from tests.fixtures.store_world import PREFECTURE, TOWN


def test_the_store_keeps_exactly_the_reasons_the_desk_may_give() -> None:
    assert tuple(REASONS) == STORED_REASONS


def test_a_refusal_stands_on_the_record_until_it_is_settled(engine: Engine) -> None:
    give_facts(engine)
    kept = add(engine)
    before = knowledge_revision(engine, TOWN.code)
    first = report_refusal(engine, TOWN.code, kept.id, "full", "p-1", NOW)
    second = report_refusal(engine, TOWN.code, kept.id, "closed", "p-1", NOW + timedelta(1))
    assert get_record(engine, TOWN.code, kept.id).reports == (second, first)
    assert (first.reason_words, first.by, first.settled_at) == ("満員", "p-1", None)
    assert knowledge_revision(engine, TOWN.code) != before
    settle_report(engine, TOWN.code, first.id, "p-2", NOW)
    settle_report(engine, TOWN.code, first.id, "p-2", NOW)
    assert get_record(engine, TOWN.code, kept.id).reports == (second,)
    assert actions(engine)[-3:] == ["record.report", "record.report", "record.settle"]
    with reading(engine) as conn:
        assert audit.list_entries(conn, action="record.report")[0].detail == '{"reason":"full"}'


def test_only_the_listed_reasons_and_known_records_are_taken(engine: Engine) -> None:
    kept = add(engine)
    with pytest.raises(BadInput, match="一覧から選んで"):
        report_refusal(engine, TOWN.code, kept.id, "山田さんが断られた", ACTOR, NOW)
    with pytest.raises(NotFound):
        report_refusal(engine, TOWN.code, "nai", "full", ACTOR, NOW)
    with pytest.raises(NotFound):
        settle_report(engine, TOWN.code, "nai", ACTOR, NOW)


def test_a_prefectures_record_takes_the_reports_and_counts_of_its_towns(engine: Engine) -> None:
    add_more_towns(engine)
    theirs = add(engine, PREFECTURE.code)
    report_refusal(engine, TOWN.code, theirs.id, "full", ACTOR, NOW)
    with writing(engine) as conn:
        note_shown(conn, TOWN.code, (theirs.id,), TODAY)
        note_shown(conn, NEIGHBOUR.code, (theirs.id,), TODAY)
    seen = get_record(engine, PREFECTURE.code, theirs.id)
    assert ([report.reason for report in seen.reports], seen.shown) == (["full"], 2)
    # It is the prefecture's to settle.
    with pytest.raises(NotFound):
        settle_report(engine, TOWN.code, seen.reports[0].id, ACTOR, NOW)


def test_a_neighbours_record_takes_none(engine: Engine) -> None:
    add_more_towns(engine)
    theirs = add(engine, NEIGHBOUR.code)
    with pytest.raises(NotFound):
        report_refusal(engine, TOWN.code, theirs.id, "full", ACTOR, NOW)
    with writing(engine) as conn:
        note_shown(conn, TOWN.code, (theirs.id,), TODAY)
    assert get_record(engine, NEIGHBOUR.code, theirs.id).shown == 0


def test_the_refusals_of_a_record_that_another_took_in_count_for_that_one(engine: Engine) -> None:
    keep, other = add(engine, name="青葉サロン"), add(engine, name="青葉のサロン")
    report_refusal(engine, TOWN.code, other.id, "unreachable", ACTOR, NOW)
    merge_records(engine, TOWN.code, keep.id, other.id, 1, ACTOR, NOW)
    # From a desk that still shows the other's card.
    report_refusal(engine, TOWN.code, other.id, "full", ACTOR, NOW)
    kept = get_record(engine, TOWN.code, keep.id)
    assert sorted(report.reason for report in kept.reports) == ["full", "unreachable"]


def test_what_no_database_can_hold_is_no_record(engine: Engine) -> None:
    for sent in ("\x00", "a\x00b", "\ud800"):
        with pytest.raises(NotFound):
            report_refusal(engine, TOWN.code, sent, "full", ACTOR, NOW)
        with pytest.raises(NotFound):
            settle_report(engine, TOWN.code, sent, ACTOR, NOW)
        with pytest.raises(NotFound):
            get_record(engine, TOWN.code, sent)
        with pytest.raises(NotFound):
            import_report(engine, TOWN.code, sent)
