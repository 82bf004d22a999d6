"""One record in a keeper's hands: edited, verified, closed, its versions and the way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from service.errors import BadInput, NotFound
from service.records.keep import (
    BadFields,
    Changed,
    add_record,
    close_record,
    edit_record,
    get_record,
    history_of,
    reopen_record,
    undo_record,
    verify_record,
)
from service.records.town_knowledge import knowledge_revision
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    SALON,
    TODAY,
    actions,
    add,
    give_facts,
    import_file,
    kaigo_list,
    only,
)
from tests.fixtures.store_world import PREFECTURE, TOWN

LATER = NOW + timedelta(hours=1)


def test_an_added_record_is_there_with_its_own_id(engine: Engine) -> None:
    kept = add(engine)
    assert get_record(engine, TOWN.code, kept.id) == kept
    assert kept.record.fields == SALON
    assert (kept.revision, kept.updated_by, kept.record.state) == (1, ACTOR, "active")
    assert (kept.due_on, kept.is_stale(TODAY)) == (date(2027, 4, 1), False)
    assert kept.is_stale(date(2027, 4, 2))
    assert add(engine).id != kept.id


def test_a_record_of_another_town_is_not_found(engine: Engine) -> None:
    kept = add(engine, PREFECTURE.code)
    with pytest.raises(NotFound):
        get_record(engine, TOWN.code, kept.id)
    with pytest.raises(NotFound):
        edit_record(engine, TOWN.code, kept.id, {"phone": "1"}, 1, ACTOR, NOW)
    with pytest.raises(NotFound, match="登録されていません"):
        add(engine, "123456")


def test_an_edit_changes_what_is_given_and_leaves_the_rest(engine: Engine) -> None:
    kept = add(engine)
    changes = {"phone": " 0000-52-9999 ", "cost": "無料", "kind": ""}
    after = edit_record(engine, TOWN.code, kept.id, changes, 1, "p-1", LATER)
    expected = {**SALON, "phone": "0000-52-9999", "cost": "無料"}
    expected.pop("kind")
    assert after.record.fields == expected
    assert (after.revision, after.updated_by, after.updated_at) == (2, "p-1", LATER)
    assert get_record(engine, TOWN.code, kept.id) == after
    assert actions(engine) == ["record.add", "record.change"]


def test_an_edit_that_changes_nothing_writes_nothing(engine: Engine) -> None:
    kept = add(engine)
    same = edit_record(
        engine, TOWN.code, kept.id, {"phone": SALON["phone"], "cost": ""}, 1, ACTOR, LATER
    )
    assert same == kept
    assert actions(engine) == ["record.add"]


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("name", "  ", "名前を入力"),
        ("name", "あ" * 301, "300文字以内"),
        ("name", "二行の\n名前", "1行で"),
        ("name", "あ\x07", "制御文字"),
        ("categories", "isolation.ibasho;nai.nai", "nai.nai"),
        ("verified_on", "いつか", "2026-04-01 の形"),
        ("verified_on", "2026-02-30", "2026-04-01 の形"),
        ("verified_on", "2027-01-01", "先の日付"),
        ("places", "たくさん", "1 以上の整数"),
        ("places", "0", "1 以上の整数"),
        ("opening", "水曜 10時", "mon-fri 08:30-17:15"),
        ("eligibility", "toshi>=65", "toshi"),
        ("status", "いっぱい", "受入中・満員・休止・要予約"),
        ("url", "javascript:alert(1)", "https://"),
        ("url", "https://", "https://"),
        ("email", "hanako", "name@example.jp"),
        ("phone", "なし", "数字"),
        ("is_window", "はい", "窓口なら 1"),
        ("latitude", "0.1", "緯度"),
        ("himitsu", "x", "変えられません"),
        ("id", "other", "変えられません"),
    ],
)
def test_a_value_that_cannot_be_kept_is_told_at_its_field_and_nothing_is_written(
    engine: Engine, field: str, value: str, remedy: str
) -> None:
    kept = add(engine)
    with pytest.raises(BadFields) as refused:
        edit_record(engine, TOWN.code, kept.id, {"cost": "無料", field: value}, 1, ACTOR, LATER)
    assert list(refused.value.faults) == [field]
    assert remedy in refused.value.faults[field]
    assert get_record(engine, TOWN.code, kept.id) == kept


def test_every_fault_is_told_at_once(engine: Engine) -> None:
    with pytest.raises(BadFields) as refused:
        add_record(engine, TOWN.code, {"places": "x", "url": "y"}, ACTOR, NOW)
    assert set(refused.value.faults) == {"name", "places", "url"}


def test_values_are_kept_as_the_desk_reads_them(engine: Engine) -> None:
    kept = add(
        engine,
        places="２０人",
        categories="isolation.ibasho、elderly.watch_meal; isolation.ibasho",
        bring="飲み物\n上履き",
        verified_on="2026/10/01",
    )
    fields = kept.record.fields
    assert fields["places"] == "20"
    assert fields["categories"] == "isolation.ibasho;elderly.watch_meal"
    assert fields["bring"] == "飲み物;上履き"
    assert fields["verified_on"] == "2026-10-01"


def test_of_two_who_edit_the_same_version_the_second_is_told(engine: Engine) -> None:
    kept = add(engine)
    edit_record(engine, TOWN.code, kept.id, {"cost": "無料"}, 1, ACTOR, NOW)
    with pytest.raises(Changed, match="ほかの人が変えました。もう一度確かめてください"):
        edit_record(engine, TOWN.code, kept.id, {"cost": "100円"}, 1, ACTOR, LATER)
    assert get_record(engine, TOWN.code, kept.id).record.fields["cost"] == "無料"


def test_verifying_sets_day_and_post_and_confirms_what_was_proposed(engine: Engine) -> None:
    import_file(engine, kaigo_list(["デイサービス あおば"]))
    proposed = only(engine)
    assert proposed.record.unconfirmed == {"categories"}
    after = verify_record(engine, TOWN.code, proposed.id, "福祉課 地域福祉係", ACTOR, LATER, TODAY)
    assert after.record.unconfirmed == frozenset()
    assert after.verified_on == TODAY
    assert after.record.fields["verified_by"] == "福祉課 地域福祉係"
    assert after.record.fields["categories"] == proposed.record.fields["categories"]
    with pytest.raises(BadInput, match="確かめた人の役職"):
        verify_record(engine, TOWN.code, proposed.id, " ", ACTOR, LATER, TODAY)
    with pytest.raises(Changed):
        verify_record(engine, TOWN.code, proposed.id, "福祉課", ACTOR, LATER, TODAY, revision=1)


def test_choosing_another_category_confirms_it(engine: Engine) -> None:
    import_file(engine, kaigo_list(["デイサービス あおば"]))
    kept = only(engine)
    after = edit_record(
        engine, TOWN.code, kept.id, {"categories": "isolation.ibasho"}, 1, ACTOR, LATER
    )
    assert after.record.unconfirmed == frozenset()


def test_a_closed_record_is_retired_and_can_be_used_again(engine: Engine) -> None:
    kept = add(engine)
    closed = close_record(engine, TOWN.code, kept.id, 1, ACTOR, LATER)
    assert (closed.record.state, closed.revision) == ("closed", 2)
    assert close_record(engine, TOWN.code, kept.id, 2, ACTOR, LATER) == closed
    again = reopen_record(engine, TOWN.code, kept.id, 2, ACTOR, LATER)
    assert (again.record.state, again.revision) == ("active", 3)
    with pytest.raises(Changed):
        close_record(engine, TOWN.code, kept.id, 2, ACTOR, LATER)
    assert actions(engine) == ["record.add", "record.close", "record.reopen"]


def test_the_history_says_who_changed_what_newest_first(engine: Engine) -> None:
    kept = add(engine)
    edit_record(engine, TOWN.code, kept.id, {"cost": "無料", "phone": "119"}, 1, "p-1", LATER)
    close_record(engine, TOWN.code, kept.id, 2, "p-2", LATER)
    newest, edited, first = history_of(engine, TOWN.code, kept.id)
    assert [(v.revision, v.by, v.action) for v in (newest, edited, first)] == [
        (3, "p-2", "record.close"),
        (2, "p-1", "record.change"),
        (1, ACTOR, "record.add"),
    ]
    assert [(c.field, c.before, c.after) for c in edited.changes] == [
        ("cost", "", "無料"),
        ("phone", "0000-52-3001", "119"),
    ]
    assert [(c.field, c.after) for c in newest.changes] == [("state", "closed")]
    assert (first.at, first.changes) == (NOW, ())


def test_undoing_brings_a_version_back_and_can_be_undone_itself(engine: Engine) -> None:
    first = add(engine)
    second = edit_record(engine, TOWN.code, first.id, {"cost": "無料", "kind": ""}, 1, ACTOR, NOW)
    closed = close_record(engine, TOWN.code, first.id, 2, ACTOR, NOW)
    undone = undo_record(engine, TOWN.code, first.id, 1, closed.revision, ACTOR, LATER)
    assert undone.record == first.record
    assert (undone.revision, undone.action) == (4, "record.undo")
    again = undo_record(engine, TOWN.code, first.id, 3, 4, ACTOR, LATER)
    assert again.record == closed.record
    assert again.record.fields == second.record.fields
    assert [version.revision for version in history_of(engine, TOWN.code, first.id)] == [
        5,
        4,
        3,
        2,
        1,
    ]
    with pytest.raises(NotFound, match="その版はありません"):
        undo_record(engine, TOWN.code, first.id, 9, 5, ACTOR, LATER)
    with pytest.raises(Changed):
        undo_record(engine, TOWN.code, first.id, 1, 4, ACTOR, LATER)


def test_every_change_moves_the_towns_revision_on(engine: Engine) -> None:
    give_facts(engine)
    seen = [knowledge_revision(engine, TOWN.code)]
    kept = add(engine)
    seen.append(knowledge_revision(engine, TOWN.code))
    edit_record(engine, TOWN.code, kept.id, {"cost": "無料"}, 1, ACTOR, NOW)
    seen.append(knowledge_revision(engine, TOWN.code))
    verify_record(engine, TOWN.code, kept.id, "福祉課", ACTOR, NOW, TODAY)
    seen.append(knowledge_revision(engine, TOWN.code))
    close_record(engine, TOWN.code, kept.id, 3, ACTOR, NOW)
    seen.append(knowledge_revision(engine, TOWN.code))
    reopen_record(engine, TOWN.code, kept.id, 4, ACTOR, NOW)
    seen.append(knowledge_revision(engine, TOWN.code))
    undo_record(engine, TOWN.code, kept.id, 1, 5, ACTOR, NOW)
    seen.append(knowledge_revision(engine, TOWN.code))
    assert len(set(seen)) == len(seen)
