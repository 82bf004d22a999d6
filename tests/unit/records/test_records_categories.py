"""Proposed categories confirmed for many records at once, and what later imports make of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from knowledge.importing.findings import ImportRefused
from service.errors import BadInput
from service.records.keep import close_record, edit_record, get_record, history_of, undo_record
from service.records.proposals import (
    Chosen,
    Confirmed,
    KindProposal,
    confirm_categories,
    proposals_by_kind,
)
from service.store import audit, profiles
from service.store.engine import reading
from tests.fixtures.import_world import KAIGO_17, csv_bytes, row
from tests.fixtures.records_world import ACTOR, NOW, add, by_name, import_file
from tests.fixtures.store_world import PREFECTURE, TOWN, content

LATER = NOW + timedelta(hours=1)
DAY, CLUB = "通所介護", "地域包括支援センター"
PLACES = {
    "デイ あおば": DAY,
    "デイ かえで": DAY,
    "デイ さくら": DAY,
    "デイ もみじ": DAY,
    "包括 ちいさ": CLUB,
}


def test_what_waits_comes_by_kind_and_proposal_the_largest_group_first(engine: Engine) -> None:
    _import(engine)
    add(engine, name="自分で入れたサロン")
    closed = by_name(engine)["デイ もみじ"]
    close_record(engine, TOWN.code, closed.id, 1, ACTOR, NOW)
    first, second = proposals_by_kind(engine, TOWN.code)
    assert (first.kind, first.categories) == (DAY, ("elderly.care_manager",))
    names = ["デイ あおば", "デイ かえで", "デイ さくら"]
    assert [record.name for record in first.records] == names
    assert (second.kind, len(second.records)) == (CLUB, 1)
    kept = by_name(engine)["デイ あおば"]
    assert (first.records[0].id, first.records[0].revision) == (kept.id, kept.revision)
    assert proposals_by_kind(engine, PREFECTURE.code) == ()


def test_no_more_than_three_examples_are_given(engine: Engine) -> None:
    _import(engine)
    first = proposals_by_kind(engine, TOWN.code)[0]
    assert (len(first.records), len(first.examples)) == (4, 3)


def test_confirming_a_group_is_one_step_of_the_town_and_one_version_of_each_record(
    engine: Engine,
) -> None:
    _import(engine)
    group = proposals_by_kind(engine, TOWN.code)[0]
    before = by_name(engine)["デイ あおば"]
    revision, events = _revision(engine), _events(engine)
    done = confirm_categories(engine, TOWN.code, _right(group), "p-1", LATER)
    assert done == Confirmed(4, 0)
    after = get_record(engine, TOWN.code, before.id)
    assert after.record.unconfirmed == frozenset()
    assert after.record.fields == before.record.fields
    assert after.verified_on == before.verified_on
    assert (after.revision, after.updated_by, after.action) == (2, "p-1", "record.change")
    (change,) = history_of(engine, TOWN.code, before.id)[0].changes
    assert (change.field, change.before, change.after) == ("unconfirmed", "categories", "")
    assert _revision(engine) == revision + 1
    (event,) = _events(engine)[len(events) :]
    assert (event.action, event.subject_id, event.actor) == ("record.change", None, "p-1")
    assert json.loads(event.detail) == {"count": 4, "field": "categories"}
    assert [group.kind for group in proposals_by_kind(engine, TOWN.code)] == [CLUB]


def test_another_category_is_set_in_place_of_the_proposed_one(engine: Engine) -> None:
    _import(engine)
    group = proposals_by_kind(engine, TOWN.code)[0]
    other = ("isolation.ibasho", "elderly.watch_meal")
    chosen = [Chosen(record.id, record.revision, other) for record in group.records]
    confirm_categories(engine, TOWN.code, chosen, ACTOR, LATER)
    record = by_name(engine)["デイ あおば"].record
    assert record.fields["categories"] == "isolation.ibasho;elderly.watch_meal"
    assert record.unconfirmed == frozenset()


def test_a_record_that_was_changed_meanwhile_is_left_as_it_is(engine: Engine) -> None:
    _import(engine)
    group = proposals_by_kind(engine, TOWN.code)[0]
    edited, closed = group.records[:2]
    edit_record(engine, TOWN.code, edited.id, {"cost": "無料"}, 1, ACTOR, NOW)
    close_record(engine, TOWN.code, closed.id, 1, ACTOR, NOW)
    untouched = get_record(engine, TOWN.code, edited.id)
    # Neither does a record that is not there, nor an id that no database can hold, stop the rest.
    chosen = [*_right(group), Chosen("nai", 1), Chosen("a\x00b", 1)]
    assert confirm_categories(engine, TOWN.code, chosen, ACTOR, LATER) == Confirmed(2, 4)
    assert get_record(engine, TOWN.code, edited.id) == untouched
    assert get_record(engine, TOWN.code, closed.id).record.unconfirmed == {"categories"}


def test_what_is_confirmed_already_is_not_written_again(engine: Engine) -> None:
    _import(engine)
    group = proposals_by_kind(engine, TOWN.code)[0]
    confirm_categories(engine, TOWN.code, _right(group), ACTOR, LATER)
    before = content(engine)
    assert confirm_categories(engine, TOWN.code, _right(group), ACTOR, LATER) == Confirmed(0, 4)
    again = [Chosen(record.id, record.revision + 1) for record in group.records]
    assert confirm_categories(engine, TOWN.code, again, ACTOR, LATER) == Confirmed(0, 4)
    assert confirm_categories(engine, TOWN.code, [], ACTOR, LATER) == Confirmed(0, 0)
    assert content(engine) == before


@pytest.mark.parametrize("categories", [("nai.nai",), (), ("isolation.ibasho", "nai.nai")])
def test_a_category_there_is_none_of_is_refused_and_nothing_is_written(
    engine: Engine, categories: tuple[str, ...]
) -> None:
    _import(engine)
    first, *rest = _right(proposals_by_kind(engine, TOWN.code)[0])
    before = content(engine)
    with pytest.raises(BadInput, match="選んでください"):
        confirm_categories(
            engine, TOWN.code, [*rest, Chosen(first.id, 1, categories)], ACTOR, LATER
        )
    assert content(engine) == before


def test_another_towns_records_are_not_touched(engine: Engine) -> None:
    _import(engine)
    group = proposals_by_kind(engine, TOWN.code)[0]
    before = content(engine)
    done = confirm_categories(engine, PREFECTURE.code, _right(group), ACTOR, LATER)
    assert done == Confirmed(0, 4)
    assert content(engine) == before


def test_a_confirmed_category_can_be_undone_and_waits_again(engine: Engine) -> None:
    _import(engine)
    groups = proposals_by_kind(engine, TOWN.code)
    confirm_categories(engine, TOWN.code, _right(groups[1]), ACTOR, LATER)
    (record,) = groups[1].records
    undo_record(engine, TOWN.code, record.id, 1, 2, ACTOR, LATER)
    assert get_record(engine, TOWN.code, record.id).record.unconfirmed == {"categories"}


@pytest.mark.parametrize("chosen", [None, ("isolation.ibasho",)])
def test_the_next_edition_does_not_take_a_confirmed_category_back(
    engine: Engine, chosen: tuple[str, ...] | None
) -> None:
    _import_own(engine, DAY)
    (group,) = proposals_by_kind(engine, TOWN.code)
    first, _ = group.records
    confirm_categories(engine, TOWN.code, [Chosen(first.id, first.revision, chosen)], ACTOR, LATER)
    confirmed = get_record(engine, TOWN.code, first.id).record.fields["categories"]
    # A later edition under which the kind, and so what is proposed, is another.
    _import_own(engine, "就労継続支援Ｂ型")
    record = get_record(engine, TOWN.code, first.id).record
    assert record.fields["kind"] == "就労継続支援Ｂ型"
    assert record.fields["categories"] == confirmed
    assert record.unconfirmed == frozenset()
    # What nobody had confirmed follows the list, and still waits.
    waiting = get_record(engine, TOWN.code, "own.2").record
    assert waiting.fields["categories"] == "disability.employment"
    assert waiting.unconfirmed == {"categories"}


def test_no_record_can_have_the_id_that_is_the_address_of_the_page(engine: Engine) -> None:
    header = ("id", "name", "kind", "categories", "description")
    data = csv_bytes([header, ("categories", "青葉サロン", "サロン", "isolation.ibasho", "説明")])
    with pytest.raises(ImportRefused, match="別の id"):
        import_file(engine, data, "own.csv")


def _import(engine: Engine) -> None:
    rows = [
        row(
            KAIGO_17,
            事業所名=place,
            サービスの種類=kind,
            住所=f"ちいさ町字中町{number}番地",
            電話番号=f"0000-52-40{number:02d}",
            事業所番号=f"05700000{number:02d}",
        )
        for number, (place, kind) in enumerate(PLACES.items(), start=1)
    ]
    import_file(engine, csv_bytes([KAIGO_17, *rows]))


def _import_own(engine: Engine, kind: str) -> None:
    """Import two records with ids of their own, whose categories are left to be proposed."""
    header = ("id", "name", "kind", "categories", "description")
    rows = [(f"own.{n}", f"青葉の家{n}", kind, "", "架空") for n in (1, 2)]
    import_file(engine, csv_bytes([header, *rows]), "own.csv")


def _right(group: KindProposal) -> list[Chosen]:
    return [Chosen(record.id, record.revision) for record in group.records]


def _revision(engine: Engine) -> int:
    with reading(engine) as conn:
        return profiles.revision_of_town(conn, TOWN.code)


def _events(engine: Engine) -> list[audit.Entry]:
    with reading(engine) as conn:
        assert audit.verify_chain(conn) is None
        return list(audit.list_entries(conn, limit=10_000))
