"""The lists of the keeper's page: what each filter finds, in which order, and the CSV."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from knowledge.load import RESOURCE_COLUMNS
from service.records.keep import close_record
from service.records.listing import Filters, list_records, records_csv, work_list
from service.records.reports import note_shown, report_refusal
from service.store.engine import writing
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    TODAY,
    add,
    import_file,
    kaigo_list,
    names,
    plan,
)
from tests.fixtures.store_world import PREFECTURE, TOWN


@pytest.fixture
def town(engine: Engine) -> Engine:
    """Records of every kind of trouble, and one of another town."""
    add(engine, name="いつもの窓口", verified_on="2026-10-01")
    add(engine, name="古いサロン", verified_on="2025-11-01")
    add(engine, name="まもなく期限", verified_on="2025-12-10")
    add(engine, name="確認なし", verified_on="")
    add(engine, name="電話なし", phone="", verified_on="2026-10-02")
    add(engine, name="分野なし", categories="", verified_on="2026-10-03")
    full = add(engine, name="満員の教室", status="full", verified_on="2026-10-04")
    report_refusal(engine, TOWN.code, full.id, "full", ACTOR, NOW)
    closed = add(engine, name="やめたカフェ")
    close_record(engine, TOWN.code, closed.id, 1, ACTOR, NOW)
    import_file(engine, kaigo_list(["デイサービス みどり"]))
    add(engine, PREFECTURE.code, name="県の窓口")
    return engine


def _names(engine: Engine, **filters: str) -> list[str]:
    page = list_records(engine, TOWN.code, Filters(**filters), TODAY)
    assert page.total == len(page.rows)
    return names(page.rows)


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        ("stale", {"古いサロン", "確認なし"}),
        ("due_soon", {"まもなく期限"}),
        ("no_phone", {"電話なし"}),
        ("no_category", {"分野なし"}),
        ("unconfirmed", {"デイサービス みどり"}),
        ("refused", {"満員の教室"}),
        ("full", {"満員の教室"}),
        ("duplicate", set()),
        ("nai", set()),
    ],
)
def test_each_problem_finds_its_records_and_its_count_says_so(
    town: Engine, problem: str, found: set[str]
) -> None:
    # The published list says as of when it is in its name: that counts as verified.
    assert set(_names(town, problem=problem)) == found
    counts = list_records(town, TOWN.code, Filters(), TODAY).counts
    assert counts.get(problem, 0) == len(found)
    assert counts[""] == 8


def test_a_record_that_was_on_a_card_is_no_longer_never_suggested(town: Engine) -> None:
    assert len(_names(town, problem="never_suggested")) == 8
    (kept,) = list_records(town, TOWN.code, Filters(text="いつもの"), TODAY).rows
    with writing(town) as conn:
        note_shown(conn, TOWN.code, (kept.id, "nai", kept.id), TODAY - timedelta(days=1))
        note_shown(conn, TOWN.code, (kept.id,), TODAY)
    assert "いつもの窓口" not in _names(town, problem="never_suggested")
    (seen,) = list_records(town, TOWN.code, Filters(text="いつもの"), TODAY).rows
    assert (seen.shown, seen.last_shown) == (2, TODAY)


def test_a_list_is_narrowed_by_words_category_and_state(town: Engine) -> None:
    assert _names(town, text="みどり　でいさーびす") == []
    assert _names(town, text="ﾐﾄﾞﾘ") == []
    assert _names(town, text="みどり デイサービス") == ["デイサービス みどり"]
    assert _names(town, text="0000-52-4001") == ["デイサービス みどり"]
    assert _names(town, text="100%") == []
    assert len(_names(town, category="isolation.ibasho")) == 6
    assert _names(town, category="isolation") == []
    assert _names(town, state="closed") == ["やめたカフェ"]
    assert len(_names(town, state="")) == 9


def test_names_and_due_dates_sort_alike_on_every_database(town: Engine) -> None:
    by_name = _names(town)
    assert by_name == sorted(by_name)
    page = list_records(town, TOWN.code, Filters(sort="due"), TODAY)
    due = [kept.due_on or date.min for kept in page.rows]
    assert due == sorted(due)
    assert page.rows[0].name == "確認なし"


def test_pages_follow_one_another_without_gap_or_double(town: Engine) -> None:
    pages = [
        list_records(town, TOWN.code, Filters(sort="due"), TODAY, offset, limit=3)
        for offset in (0, 3, 6, 9)
    ]
    together = [kept.id for page in pages for kept in page.rows]
    assert [len(page.rows) for page in pages] == [3, 3, 2, 0]
    assert {page.total for page in pages} == {8}
    assert len(set(together)) == 8


def test_duplicates_are_listed_and_counted_under_the_other_filters(engine: Engine) -> None:
    for category in ("isolation.ibasho", "isolation.ibasho", "elderly.watch_meal"):
        add(engine, name="青葉サロン", categories=category)
    assert len(_names(engine, problem="duplicate")) == 3
    page = list_records(
        engine, TOWN.code, Filters(problem="duplicate", category="isolation.ibasho"), TODAY
    )
    assert (page.total, page.counts["duplicate"]) == (2, 2)
    assert (
        records_csv(engine, TOWN.code, Filters(problem="duplicate"), TODAY).count("青葉サロン") == 3
    )


def test_the_work_list_begins_with_the_refused_and_goes_by_due_date(town: Engine) -> None:
    found = work_list(town, TOWN.code, TODAY)
    assert names(found)[:4] == ["満員の教室", "確認なし", "古いサロン", "まもなく期限"]
    assert len(found) == 8
    assert names(work_list(town, TOWN.code, TODAY, limit=2)) == ["満員の教室", "確認なし"]


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_csv_has_the_columns_of_our_own_form_and_follows_the_filters(town: Engine) -> None:
    rows = _rows(records_csv(town, TOWN.code, Filters(problem="stale"), TODAY))
    assert {row["name"] for row in rows} == {"古いサロン", "確認なし"}
    assert tuple(rows[0]) == RESOURCE_COLUMNS
    assert all(row["id"] for row in rows)
    assert _rows(records_csv(town, TOWN.code, Filters(problem="nai"), TODAY)) == []


def test_a_value_that_a_spreadsheet_would_run_is_given_out_as_text(engine: Engine) -> None:
    add(engine, name="=HYPERLINK(1)", organization="+1+cmd|' /C calc'!A0", cost="@SUM(1)")
    (row,) = _rows(records_csv(engine, TOWN.code, Filters(), TODAY))
    assert (row["name"][0], row["organization"][0], row["cost"][0]) == ("'", "'", "'")


def test_a_list_given_out_comes_back_as_the_same(town: Engine) -> None:
    text = records_csv(town, TOWN.code, Filters(state=""), TODAY)
    planned = plan(town, text.encode("utf-8-sig"), "records.csv")
    assert planned.plan.errors == ()
    assert planned.plan.counts == {"same": 9, "retired": 0}
    done = import_file(town, text.encode("utf-8-sig"), "records.csv")
    assert (done.added, done.changed) == (0, 0)


def test_what_was_changed_in_a_list_given_out_is_changed_when_it_comes_back(town: Engine) -> None:
    text = records_csv(town, TOWN.code, Filters(state=""), TODAY)
    changed = text.replace("まもなく期限", "名前の変わったサロン").replace(
        "0000-52-4001", "0000-52-4999"
    )
    planned = plan(town, changed.encode("utf-8-sig"), "records.csv")
    assert planned.plan.counts == {"same": 7, "changed": 2, "retired": 0}
    assert not any(row.conflicts for row in planned.plan.rows)
    import_file(town, changed.encode("utf-8-sig"), "records.csv")
    assert _names(town, text="名前の変わったサロン") == ["名前の変わったサロン"]
    assert _names(town, text="0000-52-4999") == ["デイサービス みどり"]
    # Where it came from is known as before: the next edition of its list still finds it.
    again = plan(town, kaigo_list(["デイサービス みどり"]))
    assert [row.fate for row in again.plan.rows] != ["new"]
