"""What a keeper did to a record outlives the next editions of the lists it comes from."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from knowledge.importing.apply import Decisions
from service.records.keep import (
    Kept,
    close_record,
    edit_record,
    get_record,
    merge_records,
    reopen_record,
    undo_record,
)
from service.records.listing import Filters, records_csv
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    TODAY,
    add,
    by_name,
    import_file,
    kaigo_list,
    plan,
)
from tests.fixtures.store_world import TOWN

MAY, JUNE = "kaigo_20260501.csv", "kaigo_20260601.csv"
JULY, AUGUST = "kaigo_20260701.csv", "kaigo_20260801.csv"
NAMES = ["デイサービス あおば", "デイサービス みどり", "訪問介護 こだま"]
FIRST, LAST = NAMES[0], NAMES[2]
# The same offices, the first one replaced by another.
WITHOUT_FIRST = kaigo_list(["デイサービス しらかば", *NAMES[1:]]).replace(
    b"0570000001", b"0570000091"
)


def now(engine: Engine, kept: Kept) -> Kept:
    """The record as it is now."""
    return get_record(engine, TOWN.code, kept.id)


@pytest.fixture
def vanished(engine: Engine) -> Kept:
    """A record that the list of May does not have any more."""
    import_file(engine, kaigo_list(NAMES))
    import_file(engine, kaigo_list(NAMES[:2]), MAY)
    return by_name(engine, "vanished")[LAST]


def test_an_edit_stays_through_a_change_an_undoing_and_the_change_again(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)[FIRST]
    edited = edit_record(engine, TOWN.code, kept.id, {"phone": "0000-52-9999"}, 1, ACTOR, NOW)
    changed = kaigo_list(NAMES, phone="0000-52-77")
    import_file(engine, changed, MAY)
    imported = now(engine, kept)
    assert imported.record.fields["phone"] == "0000-52-9999"
    undo_record(engine, TOWN.code, kept.id, edited.revision, imported.revision, ACTOR, NOW)
    import_file(engine, changed, JUNE)
    assert now(engine, kept).record.fields["phone"] == "0000-52-9999"


def test_a_closed_record_stays_closed_whatever_the_list_does(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)[FIRST]
    close_record(engine, TOWN.code, kept.id, 1, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES, phone="0000-52-77"), MAY)
    import_file(engine, WITHOUT_FIRST, JUNE)
    import_file(engine, kaigo_list(NAMES), JULY)
    assert now(engine, kept).record.state == "closed"
    assert FIRST not in by_name(engine)


def test_a_vanished_record_used_again_is_itself_when_its_list_has_it_again(
    engine: Engine, vanished: Kept
) -> None:
    again = reopen_record(engine, TOWN.code, vanished.id, vanished.revision, ACTOR, NOW)
    edit_record(engine, TOWN.code, vanished.id, {"cost": "無料"}, again.revision, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES[:2]), JUNE)
    assert now(engine, vanished).record.state == "active"
    back = import_file(engine, kaigo_list(NAMES), JULY)
    assert (back.added, now(engine, vanished).record.fields["cost"]) == (0, "無料")
    # The list has it: when it leaves it out once more, that counts.
    import_file(engine, kaigo_list(NAMES[:2]), AUGUST)
    assert now(engine, vanished).record.state == "vanished"


def test_a_retirement_that_was_undone_stays_undone(engine: Engine, vanished: Kept) -> None:
    undo_record(engine, TOWN.code, vanished.id, 1, vanished.revision, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES[:2]), JUNE)
    assert now(engine, vanished).record.state == "active"


def test_a_record_that_took_a_vanished_one_in_is_not_retired_for_it(
    engine: Engine, vanished: Kept
) -> None:
    mine = add(engine, name="訪問介護こだま本店")
    merge_records(engine, TOWN.code, mine.id, vanished.id, 1, ACTOR, NOW)
    import_file(engine, kaigo_list(NAMES[:2]), JUNE)
    assert now(engine, mine).record.state == "active"
    back = plan(engine, kaigo_list(NAMES), JULY).plan
    assert [row.record_id for row in back.rows if row.draft.fields["name"] == LAST] == [mine.id]


def test_a_list_given_out_before_an_edit_does_not_take_it_back_unasked(engine: Engine) -> None:
    mine = add(engine)
    given_out = records_csv(engine, TOWN.code, Filters(), TODAY)
    edited = {"phone": "0000-52-9999", "cost": "無料"}
    edit_record(engine, TOWN.code, mine.id, edited, 1, ACTOR, NOW)
    back = given_out.replace("毎週水曜に体操とお茶", "毎週木曜に体操とお茶").encode("utf-8-sig")
    (row,) = plan(engine, back, "records.csv").plan.rows
    assert [change.field for change in row.changes] == ["description"]
    assert [(c.field, c.local) for c in row.conflicts] == [("phone", "0000-52-9999")]
    import_file(engine, back, "records.csv")
    fields = now(engine, mine).record.fields
    assert (fields["phone"], fields["cost"]) == ("0000-52-9999", "無料")
    assert fields["description"].startswith("毎週木曜")


def test_of_two_lists_with_one_record_one_may_drop_it_and_have_it_again(engine: Engine) -> None:
    import_file(engine, kaigo_list(NAMES))
    kept = by_name(engine)[FIRST]
    north, north_of_may = "kaigo_north_20260401.csv", "kaigo_north_20260501.csv"
    # The other list writes the address in its own way, so that a keeper has to say it is one.
    written = kaigo_list([FIRST, "デイサービス みずうみ"]).decode("utf-8-sig")
    other = written.replace("ちいさ町字中町", "ちいさ町中町").encode()
    place = plan(engine, other, north).plan.rows[0].place
    import_file(engine, other, north, Decisions(merge={place: kept.id}))
    import_file(engine, WITHOUT_FIRST, MAY)
    assert now(engine, kept).record.state == "active"
    back = import_file(engine, kaigo_list(NAMES), JUNE)
    assert (back.added, len(now(engine, kept).record.sources)) == (0, 2)
    # Only when both lists have dropped it is it gone.
    import_file(engine, WITHOUT_FIRST, JULY)
    without = other.replace(f"{FIRST},".encode(), "デイサービス みさき,".encode())
    import_file(engine, without.replace(b"0570000001", b"0570000095"), north_of_may)
    assert now(engine, kept).record.state == "vanished"
