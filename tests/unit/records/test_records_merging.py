"""Two records that are one: merged, taken apart again, and how the lists follow."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from service.errors import BadInput
from service.records.keep import (
    Changed,
    Kept,
    close_record,
    edit_record,
    get_record,
    history_of,
    merge_records,
    reopen_record,
    undo_record,
)
from service.records.listing import duplicates, keep_apart
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    actions,
    add,
    by_name,
    import_file,
    kaigo_list,
    plan,
)
from tests.fixtures.store_world import TOWN


@pytest.fixture
def pair(engine: Engine) -> tuple[Kept, Kept]:
    """A record by hand, and the same place from a published list."""
    mine = add(engine, name="デイサービスあおば", phone="", cost="無料", categories="")
    import_file(engine, kaigo_list(["デイサービス あおば"]))
    return mine, by_name(engine)["デイサービス あおば"]


def _now(engine: Engine, kept: Kept) -> Kept:
    return get_record(engine, TOWN.code, kept.id)


def test_the_one_that_stays_is_filled_from_the_other_which_closes(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    merged = merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW)
    assert merged.record.fields["cost"] == "無料"
    assert merged.record.fields["phone"] == other.record.fields["phone"]
    assert merged.record.fields["name"] == "デイサービスあおば"
    assert merged.record.sources == other.record.sources
    # What was only proposed for the other is no more than that here.
    assert merged.record.unconfirmed == {"categories"}
    assert merged.merged == (other.id,)
    gone = _now(engine, other)
    assert (gone.record.state, gone.merged_into, gone.record.sources) == ("closed", mine.id, ())


def test_the_next_edition_of_the_list_reaches_the_one_that_stays(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW)
    again = plan(engine, kaigo_list(["デイサービス あおば"], phone="0000-52-77"))
    assert [(row.fate, row.record_id) for row in again.plan.rows] == [("changed", mine.id)]


def test_a_merge_is_undone_as_a_whole_and_the_undoing_too(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    merged = merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW)
    apart = undo_record(engine, TOWN.code, mine.id, 1, merged.revision, ACTOR, NOW)
    assert apart.record == mine.record
    assert apart.merged == ()
    assert _now(engine, other).record == other.record
    assert _now(engine, other).merged_into is None
    together = undo_record(engine, TOWN.code, mine.id, merged.revision, apart.revision, ACTOR, NOW)
    assert together.record == merged.record
    assert _now(engine, other).merged_into == mine.id
    assert actions(engine)[-2:] == ["record.undo", "record.undo"]


def test_undoing_an_edit_after_the_merge_leaves_it_merged(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW)
    edited = edit_record(engine, TOWN.code, mine.id, {"cost": "100円"}, 2, ACTOR, NOW)
    undone = undo_record(engine, TOWN.code, mine.id, 2, edited.revision, ACTOR, NOW)
    assert (undone.record.fields["cost"], undone.merged) == ("無料", (other.id,))
    assert _now(engine, other).merged_into == mine.id


def test_nothing_is_merged_when_the_other_has_changed_since_it_was_seen(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    edit_record(engine, TOWN.code, other.id, {"cost": "500円"}, 1, ACTOR, NOW)
    with pytest.raises(Changed):
        merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW, other_revision=1)
    assert (_now(engine, mine).revision, _now(engine, other).merged_into) == (1, None)


def test_a_record_that_was_taken_in_is_left_alone(engine: Engine, pair: tuple[Kept, Kept]) -> None:
    mine, other = pair
    merge_records(engine, TOWN.code, mine.id, other.id, 1, ACTOR, NOW)
    gone = _now(engine, other)
    with pytest.raises(BadInput, match="まとめられています"):
        edit_record(engine, TOWN.code, other.id, {"cost": "x"}, gone.revision, ACTOR, NOW)
    with pytest.raises(BadInput, match="まとめられています"):
        reopen_record(engine, TOWN.code, other.id, gone.revision, ACTOR, NOW)
    with pytest.raises(BadInput, match="まとめられています"):
        undo_record(engine, TOWN.code, other.id, 1, gone.revision, ACTOR, NOW)
    changed = history_of(engine, TOWN.code, other.id)[0].changes
    assert ("merged_into", "", mine.id) in [(c.field, c.before, c.after) for c in changed]


def test_neither_itself_nor_a_closed_record_takes_another_in(
    engine: Engine, pair: tuple[Kept, Kept]
) -> None:
    mine, other = pair
    with pytest.raises(BadInput, match="同じ記録どうし"):
        merge_records(engine, TOWN.code, mine.id, mine.id, 1, ACTOR, NOW)
    close_record(engine, TOWN.code, mine.id, 1, ACTOR, NOW)
    with pytest.raises(BadInput, match="使っていない記録"):
        merge_records(engine, TOWN.code, mine.id, other.id, 2, ACTOR, NOW)


def test_pairs_are_proposed_until_they_are_merged_or_kept_apart(engine: Engine) -> None:
    first = add(engine, name="青葉サロン", phone="0000-52-1111")
    second = add(engine, name="青葉サロン", phone="0000-52-1111")
    add(engine, name="別のカフェ", phone="0000-52-2222")
    (found,) = duplicates(engine, TOWN.code)
    assert {found.first.id, found.second.id} == {first.id, second.id}
    assert found.reasons == ("電話が同じ", "名前が同じ")
    keep_apart(engine, TOWN.code, second.id, first.id, ACTOR, NOW)
    assert duplicates(engine, TOWN.code) == ()
    third = add(engine, name="青葉サロン", phone="0000-52-1111")
    pairs = {frozenset((p.first.id, p.second.id)) for p in duplicates(engine, TOWN.code)}
    assert pairs == {frozenset((first.id, third.id)), frozenset((second.id, third.id))}
    merge_records(engine, TOWN.code, first.id, third.id, 1, ACTOR, NOW)
    assert duplicates(engine, TOWN.code) == ()
