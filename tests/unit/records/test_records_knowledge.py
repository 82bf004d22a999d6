"""What a desk answers from: the folder in the store, the layers, windows, refusals, revisions."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge.check import KnowledgeError
from knowledge.importing.apply import NO_DECISIONS
from knowledge.importing.records import resource_of
from knowledge.load import DEFAULT_TOWN, NATIONAL_DIR, load_knowledge, load_national
from service.errors import NotReady
from service.records.importing import carry_out
from service.records.keep import (
    close_record,
    edit_record,
    get_record,
    history_of,
    merge_records,
    verify_record,
)
from service.records.listing import Filters, list_records, records_csv
from service.records.national import facts_by_code, national_parts
from service.records.reports import report_refusal, settle_report
from service.records.town_knowledge import (
    knowledge_revision,
    read_knowledge,
    save_town_facts,
    seed_from_folder,
    town_facts,
    towns_with_records,
)
from service.store.engine import reading
from service.store.towns import find_town
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.records_world import (
    ACTOR,
    NOW,
    TODAY,
    actions,
    add,
    facts,
    give_facts,
    import_file,
    kaigo_list,
    plan,
)
from tests.fixtures.store_world import PREFECTURE, TOWN, content

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


# The national catalogue.


def test_the_national_catalogue_is_the_one_every_town_has() -> None:
    national, knowledge = load_national(), load_knowledge()
    for part in ("categories", "red_flags", "facts", "services"):
        assert getattr(national, part) == getattr(knowledge, part)
    assert national.fingerprint != knowledge.fingerprint


def test_a_fault_in_the_catalogue_is_told_with_its_place(tmp_path: Path) -> None:
    national = Path(shutil.copytree(NATIONAL_DIR, tmp_path / "national"))
    (national / "categories.csv").write_text("code,sector\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"categories\.csv"):
        load_national(national)


# The folder.


def test_the_sample_town_comes_out_of_the_store_as_it_is_in_its_folder(engine: Engine) -> None:
    assert seed_from_folder(engine, DEFAULT_TOWN, "system", NOW)
    loaded, read = load_knowledge(DEFAULT_TOWN), read_knowledge(engine, MIDORI, national_parts())
    assert read.resources == loaded.resources
    assert read.town == loaded.town
    assert read.services == loaded.services
    for resource in loaded.resources:
        record = get_record(engine, MIDORI, resource.id).record
        assert resource_of(record, facts_by_code()) == resource
    assert towns_with_records(engine) == (MIDORI,)


def test_a_second_start_with_the_same_folder_does_nothing(engine: Engine) -> None:
    seed_from_folder(engine, DEFAULT_TOWN, "system", NOW)
    before = content(engine)
    assert not seed_from_folder(engine, DEFAULT_TOWN, "system", NOW + timedelta(days=1))
    assert content(engine) == before


def test_a_changed_folder_comes_in_and_the_desks_edits_stay(engine: Engine, folder: Path) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    mine = "midori.kaigo_hoken"
    edit_record(
        engine, MIDORI, mine, {"hours": "平日の朝だけ", "phone": "0000-52-9999"}, 1, "p-1", NOW
    )
    _change(folder, "resources.csv", "0000-52-2120", "0000-52-2000")
    _change(folder, "resources.csv", "0000-52-2123", "0000-52-2003")
    assert seed_from_folder(engine, folder, "system", NOW)
    fields = get_record(engine, MIDORI, mine).record.fields
    assert (fields["hours"], fields["phone"]) == ("平日の朝だけ", "0000-52-9999")
    other = get_record(engine, MIDORI, "midori.fukushi_soudan")
    assert other.record.fields["phone"] == "0000-52-2000"
    assert [v.action for v in history_of(engine, MIDORI, other.id)] == ["records.import"] * 2
    # What nobody touched has not got a new version.
    untouched = get_record(engine, MIDORI, "midori.hokatsu")
    assert untouched.revision == 1


def test_a_row_that_left_the_folder_retires_and_a_renamed_one_is_the_same_record(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    path = folder / "resources.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = next(line for line in lines if line.startswith("midori.cafe_orange,"))
    path.write_text("".join(line for line in lines if line != gone), encoding="utf-8")
    _change(folder, "resources.csv", "福祉課 介護保険係,相談窓口", "福祉課 介護係,相談窓口")
    _change(
        folder,
        "town.yaml",
        "  elderly.dementia_cafe: midori.cafe_orange",
        "  # elderly.dementia_cafe:",
    )
    seed_from_folder(engine, folder, "system", NOW)
    assert get_record(engine, MIDORI, "midori.cafe_orange").record.state == "vanished"
    assert get_record(engine, MIDORI, "midori.kaigo_hoken").name == "福祉課 介護係"
    read = read_knowledge(engine, MIDORI, national_parts())
    assert read.resources == load_knowledge(folder).resources


def test_a_later_verification_in_the_folder_comes_in_with_its_post(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    _change(
        folder, "resources.csv", "2026-11-13,福祉課 地域福祉係長", "2026-11-20,福祉課 新しい係長"
    )
    seed_from_folder(engine, folder, "system", NOW)
    read = read_knowledge(engine, MIDORI, national_parts())
    assert read.resources == load_knowledge(folder).resources


def test_the_folder_takes_records_that_came_in_another_way_by_their_id(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    added = add(engine, MIDORI, name="窓口で足したサロン")
    given_out = records_csv(engine, MIDORI, Filters(state=""), TODAY)
    (folder / "resources.csv").write_text(given_out, encoding="utf-8")
    _change(folder, "resources.csv", "0000-52-3001", "0000-52-3999")
    seed_from_folder(engine, folder, "system", NOW)
    assert get_record(engine, MIDORI, added.id).record.fields["phone"] == "0000-52-3999"
    assert list_records(engine, MIDORI, Filters(state=""), TODAY).total == 206


def test_a_folder_with_faults_changes_nothing(engine: Engine, folder: Path) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    before = content(engine)
    _change(folder, "resources.csv", "elderly.care_manager", "nai.nai")
    with pytest.raises(KnowledgeError, match=r"nai\.nai"):
        seed_from_folder(engine, folder, "system", NOW)
    assert content(engine) == before


def test_facts_edited_in_the_store_outlive_another_change_of_the_folder(
    engine: Engine, folder: Path
) -> None:
    seed_from_folder(engine, folder, "system", NOW)
    own = town_facts(engine, MIDORI)
    assert own is not None
    save_town_facts(engine, own.model_copy(update={"population": 7_900}), "p-1", NOW)
    _change(folder, "town.yaml", "households: 3318", "households: 3300")
    seed_from_folder(engine, folder, "system", NOW)
    after = town_facts(engine, MIDORI)
    assert after is not None
    assert (after.population, after.households) == (7_900, 3_300)


# Profiles and revisions.


def test_a_profile_registers_its_town_and_is_kept_until_changed(engine: Engine) -> None:
    save_town_facts(engine, facts("018888", "あたらし町"), ACTOR, NOW)
    with reading(engine) as conn:
        town = find_town(conn, "018888")
    assert town is not None
    assert (town.name, town.prefecture_code, town.kind) == ("あたらし町", "01", "municipality")
    assert town_facts(engine, "018888") == facts("018888", "あたらし町")
    revision = knowledge_revision(engine, "018888")
    save_town_facts(engine, facts("018888", "あたらし町"), ACTOR, NOW)
    assert knowledge_revision(engine, "018888") == revision
    save_town_facts(engine, facts("018888", "あたらし町", population=3), ACTOR, NOW)
    assert knowledge_revision(engine, "018888") != revision
    assert actions(engine) == ["town.save", "town.profile", "town.profile"]


def test_a_town_without_a_profile_has_no_knowledge_and_no_revision(engine: Engine) -> None:
    add(engine)
    assert knowledge_revision(engine, TOWN.code) == ""
    assert town_facts(engine, TOWN.code) is None
    assert towns_with_records(engine) == ()
    with pytest.raises(NotReady, match="町の設定"):
        read_knowledge(engine, TOWN.code, national_parts())


# Layers.


def test_a_town_sees_its_own_records_and_its_prefectures_and_no_neighbours(
    engine: Engine,
) -> None:
    add_more_towns(engine)
    give_facts(engine)
    own, above = add(engine, name="町のサロン"), add(engine, PREFECTURE.code, name="県のセンター")
    add(engine, NEIGHBOUR.code, name="となりのサロン")
    read = read_knowledge(engine, TOWN.code, national_parts())
    assert [(r.id, r.layer) for r in read.resources] == [(own.id, "town"), (above.id, "prefecture")]


def test_a_prefectures_desk_sees_its_own_records_alone(engine: Engine) -> None:
    save_town_facts(engine, facts(PREFECTURE.code, PREFECTURE.name), ACTOR, NOW)
    add(engine, name="町のサロン")
    above = add(engine, PREFECTURE.code, name="県のセンター")
    read = read_knowledge(engine, PREFECTURE.code, national_parts())
    assert [(r.id, r.layer) for r in read.resources] == [(above.id, "prefecture")]


def test_of_a_record_that_both_layers_have_the_towns_own_counts(engine: Engine) -> None:
    give_facts(engine)
    import_file(engine, kaigo_list(["デイサービス あおば"], phone="0000-52-88"))
    theirs = plan(engine, kaigo_list(["デイサービス あおば"]), town_code=PREFECTURE.code)
    carry_out(engine, PREFECTURE.code, theirs, NO_DECISIONS, ACTOR, NOW)
    (resource,) = read_knowledge(engine, TOWN.code, national_parts()).resources
    assert (resource.layer, resource.contact.phone) == ("town", "0000-52-8801")


def test_a_change_above_moves_the_towns_revision_and_a_neighbours_does_not(
    engine: Engine,
) -> None:
    add_more_towns(engine)
    give_facts(engine)
    before = knowledge_revision(engine, TOWN.code)
    add(engine, NEIGHBOUR.code)
    assert knowledge_revision(engine, TOWN.code) == before
    add(engine, PREFECTURE.code)
    assert knowledge_revision(engine, TOWN.code) != before


# What the desk uses.


def test_only_active_and_complete_records_are_used(engine: Engine) -> None:
    give_facts(engine)
    used = add(engine, name="使うサロン")
    add(engine, name="分野なし", categories="")
    undated = add(engine, name="確認なし", verified_on="")
    closed = add(engine, name="やめたカフェ")
    close_record(engine, TOWN.code, closed.id, 1, ACTOR, NOW)
    first = read_knowledge(engine, TOWN.code, national_parts())
    assert [resource.id for resource in first.resources] == [used.id]
    verify_record(engine, TOWN.code, undated.id, "福祉課", ACTOR, NOW, TODAY)
    second = read_knowledge(engine, TOWN.code, national_parts())
    assert [resource.id for resource in second.resources] == [used.id, undated.id]
    assert first.fingerprint != second.fingerprint
    assert second.fingerprint == read_knowledge(engine, TOWN.code, national_parts()).fingerprint


def test_a_window_whose_record_is_gone_is_left_out_and_one_that_was_merged_moves(
    engine: Engine,
) -> None:
    first, second, third = (add(engine, name=f"窓口{number}") for number in range(3))
    windows = {"isolation.ibasho": first.id, "elderly.abuse": second.id, "nai.nai": third.id}
    save_town_facts(engine, facts(windows=windows), ACTOR, NOW)
    merge_records(engine, TOWN.code, third.id, first.id, 1, ACTOR, NOW)
    close_record(engine, TOWN.code, second.id, 1, ACTOR, NOW)
    read = read_knowledge(engine, TOWN.code, national_parts())
    assert read.town.windows == {"isolation.ibasho": third.id}
    # The profile itself still says what was given.
    kept = town_facts(engine, TOWN.code)
    assert kept is not None
    assert kept.windows == windows


def test_open_refusals_come_back_on_the_record_in_words(engine: Engine) -> None:
    give_facts(engine)
    kept = add(engine)
    full = report_refusal(engine, TOWN.code, kept.id, "full", ACTOR, NOW)
    report_refusal(engine, TOWN.code, kept.id, "declined", ACTOR, NOW - timedelta(days=1))
    (resource,) = read_knowledge(engine, TOWN.code, national_parts()).resources
    assert [refusal.reason for refusal in resource.refusals] == ["満員", "本人が断った"]
    settle_report(engine, TOWN.code, full.id, ACTOR, NOW)
    (resource,) = read_knowledge(engine, TOWN.code, national_parts()).resources
    assert [refusal.reason for refusal in resource.refusals] == ["本人が断った"]
