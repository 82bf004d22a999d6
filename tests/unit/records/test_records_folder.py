"""The folder seeded again, over records that keepers have edited, merged and added."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge.load import DEFAULT_TOWN
from service.records.keep import edit_record, get_record, merge_records
from service.records.listing import Filters, records_csv
from service.records.town_knowledge import seed_from_folder
from tests.fixtures.records_world import NOW, TODAY, add

MIDORI = "000000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample town's folder, to be changed."""
    return Path(shutil.copytree(DEFAULT_TOWN, tmp_path / "midori"))


def _change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_category_that_the_folder_changes_comes_in_and_one_edited_at_the_desk_stays(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    edited, other = "midori.kaigo_hoken", "midori.kourei_shien"
    edit_record(engine, MIDORI, edited, {"categories": "elderly.care_manager"}, 1, "p-1", NOW)
    was = "elderly.ltci_application;elderly.care_manager"
    _change(folder, "resources.csv", was, "elderly.ltci_application")
    _change(folder, "resources.csv", "相談窓口,elderly.watch_meal,", "相談窓口,isolation.ibasho,")
    seed_from_folder(engine, folder, "system", NOW)
    kept = {each: get_record(engine, MIDORI, each).record for each in (edited, other)}
    assert kept[edited].fields["categories"] == "elderly.care_manager"
    assert kept[other].fields["categories"] == "isolation.ibasho"
    # The folder states them: nothing is left to be confirmed.
    assert {record.unconfirmed for record in kept.values()} == {frozenset()}


def test_a_row_whose_record_another_took_in_goes_on_to_that_one(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    other, keep = "midori.fukushi_soudan", "midori.shien_kaigi"
    merge_records(engine, MIDORI, keep, other, 1, "p-1", NOW)
    _change(folder, "resources.csv", "0000-52-2123", "0000-52-2003")
    seed_from_folder(engine, folder, "system", NOW)
    origins = [source.origin.key for source in get_record(engine, MIDORI, keep).record.sources]
    assert origins == [keep, other]
    assert get_record(engine, MIDORI, other).record.sources == ()


def test_the_folder_empties_nothing_that_it_has_no_column_for(engine: Engine, folder: Path) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    added = add(engine, MIDORI, name="窓口で足したサロン", fax="0000-52-3002")
    given_out = records_csv(engine, MIDORI, Filters(state=""), TODAY)
    (folder / "resources.csv").write_text(given_out, encoding="utf-8")
    seed_from_folder(engine, folder, "system", NOW)
    assert get_record(engine, MIDORI, added.id).record.fields["fax"] == "0000-52-3002"
