"""What must hold for any list and any edit."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.records import KeptRecord
from knowledge.importing.run import ImportContext, plan_file
from tests.fixtures.import_world import KAIGO_17, KAIGO_ROW, TODAY, csv_bytes, row_of

Row = tuple[str, str, str, str, str]
# Few values, so that numbers, names and addresses repeat in every way.
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["0570000001", "0570000002", ""]),
        st.sampled_from(["通所介護", "訪問介護"]),
        st.sampled_from(["あおば", "みどり", "こみち"]),
        st.sampled_from(["みどり町1", "みどり町2"]),
        st.sampled_from(["", "0183-73-0001", "0183-73-0002"]),
    ),
    min_size=1,
    max_size=7,
)


def table(rows: list[Row]) -> bytes:
    """A 17-column list of these rows."""
    names = ("事業所番号", "サービスの種類", "事業所名", "住所", "電話番号")
    filled = [row_of(KAIGO_17, {**KAIGO_ROW, **dict(zip(names, row, strict=True))}) for row in rows]
    return csv_bytes([KAIGO_17, *filled])


def imported(rows: list[Row], existing: tuple[KeptRecord, ...] = ()) -> tuple[KeptRecord, ...]:
    """The records after an import."""
    return apply(
        plan_file(table(rows), "kaigo_2025-06.csv", ImportContext(today=TODAY, existing=existing))
    )


@settings(deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_importing_again_in_any_order_changes_nothing(rows: list[Row], random: object) -> None:
    """No row takes another's record, none is new, none vanishes."""
    records = imported(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = plan_file(
        table(shuffled), "kaigo_2025-12.csv", ImportContext(today=TODAY, existing=records)
    )
    assert {row.fate for row in again.rows} <= {"same", "duplicate"}
    assert again.retired == ()


@settings(deadline=None)
@given(ROWS)
def test_every_different_row_is_a_record_of_its_own(rows: list[Row]) -> None:
    """With an id of its own."""
    records = imported(rows)
    assert len(records) == len({record.id for record in records}) == len(set(rows))


@settings(deadline=None)
@given(
    ROWS, ROWS, st.sampled_from(["phone", "address", "name", "cost", "places"]), st.integers(0, 6)
)
def test_no_edition_ever_takes_a_local_edit_away(
    rows: list[Row], later: list[Row], field: str, which: int
) -> None:
    """Changed, vanished, returned: what the desk wrote stays, and no record is lost."""
    records = list(imported(rows))
    which %= len(records)
    records[which] = replace(records[which], fields={**records[which].fields, field: "手直し"})
    after: tuple[KeptRecord, ...] = tuple(records)
    for edition in (later, rows, later):
        plan = plan_file(
            table(edition), "kaigo_2025-06.csv", ImportContext(today=TODAY, existing=after)
        )
        after = apply(plan, Decisions(accept_vanished=True))
        assert {record.id for record in after} >= {record.id for record in records}
        by_id = {record.id: record for record in after}
        assert by_id[records[which].id].fields[field] == "手直し"
