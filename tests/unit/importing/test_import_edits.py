"""Local edits outlive every import; what vanishes and returns keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.records import KeptRecord
from knowledge.importing.three_way import Conflict
from knowledge.load import RESOURCE_COLUMNS
from tests.fixtures.import_world import (
    HEADER,
    KOKYO,
    ONE,
    edited,
    fates,
    imported,
    office,
    plan,
    row_of,
)

# Local edits.


def test_a_local_edit_outlives_every_import_that_does_not_touch_it() -> None:
    """The desk knows the direct number."""
    records = edited(imported(), phone="0183-73-7777", first_step="直通へ電話")
    again = plan([HEADER, office(定員="60")], records)
    assert [change.field for change in again.rows[0].changes] == ["places"]
    (record,) = apply(again)
    assert record.fields["phone"] == "0183-73-7777"
    assert record.fields["first_step"] == "直通へ電話"
    assert record.fields["places"] == "60"


def test_a_value_changed_on_both_sides_keeps_the_desks_and_is_listed() -> None:
    """And the new one is taken when the keeper says so."""
    records = edited(imported(), phone="0183-73-7777")
    again = plan([HEADER, office(電話番号="0183-73-0009")], records)
    assert fates(again) == ["changed"]
    conflict = Conflict("phone", "0183-73-0001", "0183-73-7777", "0183-73-0009")
    assert again.rows[0].conflicts == (conflict,)
    assert apply(again)[0].fields["phone"] == "0183-73-7777"
    taken = apply(again, Decisions(take_new=frozenset(((records[0].id, "phone"),))))
    assert taken[0].fields["phone"] == "0183-73-0009"


def test_a_conflict_is_listed_once_and_not_again_in_the_next_edition() -> None:
    """The last import remembered is the new one."""
    records = edited(imported(), phone="0183-73-7777")
    rows = [HEADER, office(電話番号="0183-73-0009")]
    after = apply(plan(rows, records))
    again = plan(rows, after)
    assert fates(again) == ["same"]
    assert apply(again)[0].fields["phone"] == "0183-73-7777"


def test_both_sides_making_the_same_change_is_no_conflict() -> None:
    """The list caught up with the desk."""
    records = edited(imported(), phone="0183-73-0009")
    again = plan([HEADER, office(電話番号="0183-73-0009")], records)
    assert again.rows[0].conflicts == ()
    assert apply(again)[0].fields["phone"] == "0183-73-0009"


def test_a_field_the_desk_emptied_stays_empty() -> None:
    """A wrong URL taken out by hand must not come back."""
    records = edited(imported([HEADER, office(URL="https://old.example")]), url="")
    again = plan([HEADER, office(URL="https://old.example", 定員="60")], records)
    assert apply(again)[0].fields.get("url", "") == ""


def test_a_confirmed_category_is_the_desks_own() -> None:
    """Even where the import would now propose another."""
    (record,) = imported()
    confirmed = replace(record, unconfirmed=frozenset())
    moved = plan(
        [
            HEADER,
            office(サービスの種類="介護老人福祉施設", 事業所名="特別養護老人ホーム　あおば荘"),
        ],
        (confirmed,),
    )
    assert fates(moved) == ["same"]
    other = [list(KOKYO), row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "公民館"})]
    (hall,) = imported(other, name="hall.csv")
    kept = replace(hall, unconfirmed=frozenset())
    changed = plan(
        [other[0], row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "病院"})],
        (kept,),
        "hall.csv",
    )
    assert [c.field for c in changed.rows[0].conflicts] == ["categories"]
    assert apply(changed)[0].fields["categories"] == "isolation.ibasho"
    loose = plan(
        [other[0], row_of(KOKYO, {"名称": "あおば", "住所": "みどり町1", "備考": "病院"})],
        (hall,),
        "hall.csv",
    )
    assert apply(loose)[0].fields["categories"] == "health.medical"
    assert apply(loose)[0].unconfirmed == {"categories"}


def test_a_later_verification_by_the_desk_is_not_turned_back() -> None:
    """The list of June knows less than the call of October."""
    records = edited(imported(), verified_on="2026-10-01", verified_by="福祉課 係長")
    (record,) = apply(plan([HEADER, office(定員="60")], records, "kaigo_2025-12.csv"))
    assert record.fields["verified_on"] == "2026-10-01"
    assert record.fields["verified_by"] == "福祉課 係長"


def test_a_later_edition_brings_who_verified_it_with_the_day() -> None:
    """A list in our own form says both; the earlier person did not see this edition."""
    header = list(RESOURCE_COLUMNS)
    cells = dict.fromkeys(header, "") | {"id": "m1", "name": "集いの家（架空）", "kind": "サロン"}
    first = cells | {"verified_on": "2026-04-01", "verified_by": "福祉課 係長"}
    later = cells | {"verified_on": "2026-10-01", "verified_by": "健康課 主任"}
    records = apply(plan([header, list(first.values())], (), "salon.csv"))
    (record,) = apply(plan([header, list(later.values())], records, "salon.csv"))
    assert (record.fields["verified_on"], record.fields["verified_by"]) == (
        "2026-10-01",
        "健康課 主任",
    )


# Vanished and returned.


def test_a_row_that_vanished_retires_its_record_with_its_edits(kaigo: list[list[str]]) -> None:
    """It stays in the history."""
    records = edited(imported(kaigo), phone="0183-73-7777")
    gone = plan(kaigo[:1] + kaigo[2:], records)
    assert [(r.name, r.edited, r.elsewhere) for r in gone.retired] == [
        ("特別養護老人ホーム あおば荘", True, False)
    ]
    after = {r.id: r for r in apply(gone)}
    assert after[records[0].id].state == "vanished"
    assert after[records[0].id].fields["phone"] == "0183-73-7777"


def test_a_row_that_comes_back_brings_its_record_and_edits_back(kaigo: list[list[str]]) -> None:
    """Missing from one edition by mistake."""
    records = edited(imported(kaigo), phone="0183-73-7777")
    without = apply(plan(kaigo[:1] + kaigo[2:], records))
    back = plan(kaigo, without)
    assert fates(back) == ["returned", "same"]
    (first, _) = apply(back)
    assert (first.id, first.state, first.fields["phone"]) == (
        records[0].id,
        "active",
        "0183-73-7777",
    )


def test_a_record_the_keeper_closed_stays_closed(kaigo: list[list[str]]) -> None:
    """The list is slower than the town."""
    first, second = imported(kaigo)
    closed = (replace(first, state="closed"), second)
    assert apply(plan([kaigo[0], office(定員="60"), kaigo[2]], closed))[0].state == "closed"


def test_other_lists_and_local_records_are_never_retired(kaigo: list[list[str]]) -> None:
    """Only what this list had."""
    local = KeptRecord("midori.salon", {"name": "あおばサロン"})
    other = imported(
        [
            HEADER,
            office(事業所番号="0570000007", 事業所名="べつの荘", 住所="みどり町7", 電話番号=""),
        ],
        name="other.csv",
    )
    everything = (*imported(kaigo), *other, local)
    assert plan(kaigo, everything).retired == ()


def test_half_a_list_that_vanishes_is_taken_for_the_wrong_file() -> None:
    """Until the keeper says that it is right."""
    many = [
        office(
            事業所番号=f"05700001{n:02}",
            事業所名=f"あおば{n}号館",
            住所=f"みどり町{n}",
            電話番号="",
        )
        for n in range(12)
    ]
    records = imported([HEADER, *many])
    cut = plan([HEADER, *many[:3]], records)
    assert "途中で切れたファイル" in str(cut.errors[0])
    with pytest.raises(ImportRefused, match="9 件"):
        apply(cut)
    after = apply(cut, Decisions(accept_vanished=True))
    assert sum(r.state == "vanished" for r in after) == 9


def test_an_older_edition_than_the_last_one_is_told() -> None:
    """June after December, by mistake."""
    records = imported(name="kaigo_2025-12.csv")
    assert "より古い一覧（2025-06-01）" in str(plan(ONE, records, "kaigo_2025-06.csv").findings[-1])
