"""A town's records out of the store as HSDS, and into another town's: nothing lost, nothing doubled."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from knowledge.hsds.read import read_hsds
from knowledge.hsds.schemas import object_validator, row_validator, tables
from knowledge.importing.apply import NO_DECISIONS
from knowledge.importing.records import KeptRecord
from knowledge.load import DEFAULT_TOWN
from knowledge.models import Knowledge, Resource
from service.errors import NotFound, NotReady
from service.records.errors import Changed
from service.records.exchange import Form, export_hsds, exportable, plan_any, plan_hsds
from service.records.importing import ImportOptions, ImportResult, Planned, carry_out, read_state
from service.records.keep import add_record, close_record, edit_record, get_record
from service.records.national import national_parts
from service.records.reports import report_refusal
from service.records.town_knowledge import read_knowledge, save_town_facts, seed_from_folder
from service.store.engine import writing
from service.store.towns import Town, save_town
from tests.fixtures.store_world import PREFECTURE, TOWN

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ACTOR = "command"
MIDORI = "000000"
FORMS: tuple[Form, ...] = ("json", "package")
SALON = {
    "name": "青葉いきいきサロン",
    "kind": "サロン",
    "categories": "isolation.ibasho",
    "description": "毎週水曜に体操とお茶の時間をもちます。",
    "phone": "0000-52-3001",
    "fax": "0000-52-3002",
    "email": "salon@town.example",
    "verified_on": "2026-04-01",
    "verified_by": "福祉課",
}


@pytest.fixture
def towns(engine: Engine, shipped: Knowledge) -> Engine:
    """The sample town with all its records, and an empty second town."""
    seed_from_folder(engine, DEFAULT_TOWN, ACTOR, NOW)
    facts = shipped.town.model_copy(update={"code": TOWN.code, "name": TOWN.name, "windows": {}})
    save_town_facts(engine, facts, ACTOR, NOW)
    return engine


def bring_in(engine: Engine, data: bytes, name: str = "export.json") -> ImportResult:
    """Plan and carry out in the second town."""
    planned = plan_hsds(engine, TOWN.code, data, name, TODAY)
    assert planned.plan.errors == ()
    return carry_out(engine, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW)


def out(engine: Engine, form: Form, code: str = MIDORI, services: bool = False) -> bytes:
    """The town as a file."""
    return export_hsds(engine, code, national_parts(), form, services)


def resources(engine: Engine, code: str) -> tuple[Resource, ...]:
    """The town's own records as its desk has them."""
    found = read_knowledge(engine, code, national_parts()).resources
    return tuple(resource for resource in found if resource.layer == "town")


@pytest.mark.parametrize("form", FORMS)
def test_a_town_comes_whole_into_another(towns: Engine, shipped: Knowledge, form: Form) -> None:
    """Every record equal, in the same order; the same file again changes nothing at all."""
    data = out(towns, form)
    done = bring_in(towns, data, f"export.{form}")
    assert (done.added, done.changed) == (len(shipped.resources), 0)
    assert resources(towns, TOWN.code) == shipped.resources
    before = read_state(towns, TOWN.code)
    again = bring_in(towns, data, f"export.{form}")
    assert again.counts == {"same": len(shipped.resources), "retired": 0}
    assert (again.added, again.changed) == (0, 0)
    assert read_state(towns, TOWN.code) == before


@pytest.mark.parametrize("services", [False, True])
def test_both_forms_hold_to_the_published_schemas(
    towns: Engine, shipped: Knowledge, services: bool
) -> None:
    """Each object of the JSON, each row of each table."""
    page: dict[str, Any] = json.loads(out(towns, "json", services=services))
    wanted = len(shipped.resources) + (len(shipped.services) if services else 0)
    assert page["total_items"] == len(page["contents"]) == wanted
    for service in page["contents"]:
        assert list(object_validator("service").iter_errors(service)) == []
    imported = read_hsds(out(towns, "package", services=services), "x.zip")
    assert (imported.problems, imported.notices) == ((), ())
    assert imported.resources == shipped.resources
    assert imported.services == (shipped.services if services else ())
    with zipfile.ZipFile(io.BytesIO(out(towns, "package"))) as package:
        names = set(package.namelist())
    assert names <= {"datapackage.json", *(table.file for table in tables().values())}
    assert row_validator("service") is not None


def test_the_same_records_give_the_same_bytes(towns: Engine) -> None:
    """So that two exports can be compared."""
    for form in FORMS:
        assert out(towns, form) == out(towns, form)


def test_a_local_edit_stays_and_is_shown(towns: Engine) -> None:
    """The second town corrects a phone number; the first changes it too, and a cost."""
    bring_in(towns, out(towns, "json"))
    mine = get_record(towns, TOWN.code, "midori.gomi_shien")
    edit_record(towns, TOWN.code, mine.id, {"phone": "0000-11-1111"}, mine.revision, ACTOR, NOW)
    theirs = get_record(towns, MIDORI, "midori.gomi_shien")
    changes = {"phone": "0000-52-9999", "cost": "1回50円"}
    edit_record(towns, MIDORI, theirs.id, changes, theirs.revision, ACTOR, NOW)
    planned = plan_hsds(towns, TOWN.code, out(towns, "json"), "export.json", TODAY)
    assert planned.plan.counts["changed"] == 1
    (row,) = [row for row in planned.plan.rows if row.fate == "changed"]
    assert [(c.field, c.local, c.new_import) for c in row.conflicts] == [
        ("phone", "0000-11-1111", "0000-52-9999")
    ]
    carry_out(towns, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW)
    now = get_record(towns, TOWN.code, "midori.gomi_shien")
    assert now.record.fields["phone"] == "0000-11-1111"
    assert now.record.fields["cost"] == "1回50円"
    assert now.revision == 3


def test_what_the_town_closes_is_retired_in_the_other(towns: Engine) -> None:
    """And stays in its history."""
    bring_in(towns, out(towns, "json"))
    gone = get_record(towns, MIDORI, "midori.gomi_shien")
    close_record(towns, MIDORI, gone.id, gone.revision, ACTOR, NOW)
    done = bring_in(towns, out(towns, "json"))
    assert done.counts["retired"] == 1
    assert get_record(towns, TOWN.code, gone.id).record.state == "vanished"


def test_the_export_comes_home_without_doubling(towns: Engine) -> None:
    """Records that were never imported are known by the id the export gave them."""
    planned = plan_hsds(towns, MIDORI, out(towns, "package"), "export.zip", TODAY)
    assert planned.plan.counts == {"same": 205, "retired": 0}
    before = resources(towns, MIDORI)
    carry_out(towns, MIDORI, planned, NO_DECISIONS, ACTOR, NOW)
    assert resources(towns, MIDORI) == before
    sources = [source for r in read_state(towns, MIDORI).records for source in r.sources]
    assert not any(source.file == "\n" for source in sources)


def test_what_only_a_kept_record_holds_goes_along(engine: Engine, shipped: Knowledge) -> None:
    """Mail and fax; a record without a category or a day stays at home, and is counted."""
    facts = shipped.town.model_copy(update={"code": TOWN.code, "windows": {}})
    save_town_facts(engine, facts, ACTOR, NOW)
    add_record(engine, TOWN.code, SALON, ACTOR, NOW)
    unsorted = {n: v for n, v in SALON.items() if n != "categories"} | {"name": "べつのサロン"}
    add_record(engine, TOWN.code, unsorted, ACTOR, NOW)
    found = exportable(engine, TOWN.code, national_parts())
    assert ([r.name for r in found.resources], found.left_out) == (["青葉いきいきサロン"], 1)
    (draft,) = read_hsds(out(engine, "json", TOWN.code), "x.json").drafts
    assert draft.more == {"fax": "0000-52-3002", "email": "salon@town.example"}


def test_refusals_and_the_layer_above_stay_here(engine: Engine, shipped: Knowledge) -> None:
    """A refusal is about a case; the prefecture's records are its own to give."""
    for town in (TOWN, PREFECTURE):
        facts = shipped.town.model_copy(update={"code": town.code, "windows": {}})
        save_town_facts(engine, facts, ACTOR, NOW)
    own = add_record(engine, TOWN.code, SALON, ACTOR, NOW)
    above = add_record(engine, PREFECTURE.code, SALON | {"name": "県の窓口"}, ACTOR, NOW)
    report_refusal(engine, TOWN.code, own.id, "no_funds", ACTOR, NOW)
    of_town = out(engine, "json", TOWN.code)
    of_prefecture = out(engine, "json", PREFECTURE.code)
    assert [d.name for d in read_hsds(of_town, "x").drafts] == [own.name]
    assert [d.name for d in read_hsds(of_prefecture, "x").drafts] == [above.name]
    assert "予算切れ" not in of_town.decode()


def foreign_file() -> bytes:
    """One service of another system."""
    from tests.fixtures.hsds_foreign import FOREIGN

    return json.dumps({"contents": [FOREIGN]}).encode()


def test_a_foreign_record_goes_back_under_its_own_id(towns: Engine) -> None:
    """The other system knows it again; here it waits for a category before the desk shows it."""
    bring_in(towns, foreign_file(), "feed.json")
    (record,) = read_state(towns, TOWN.code).records
    assert resources(towns, TOWN.code) == ()
    kept = get_record(towns, TOWN.code, record.id)
    edit_record(
        towns, TOWN.code, kept.id, {"categories": "isolation.ibasho"}, kept.revision, ACTOR, NOW
    )
    (service,) = json.loads(out(towns, "json", TOWN.code))["contents"]
    assert service["id"] == json.loads(foreign_file())["contents"][0]["id"]
    assert service["email"] == "tea@riverside.example"
    assert bring_in(towns, foreign_file(), "feed.json").counts == {"same": 1, "retired": 0}


def the_records(engine: Engine) -> tuple[KeptRecord, ...]:
    """The second town's records."""
    return read_state(engine, TOWN.code).records


def test_a_plan_made_on_other_records_is_refused(towns: Engine) -> None:
    """Somebody changed the town in between: look again, nothing is written."""
    planned = plan_hsds(towns, TOWN.code, foreign_file(), "feed.json", TODAY)
    add_record(towns, TOWN.code, SALON, ACTOR, NOW)
    before = the_records(towns)
    with pytest.raises(Changed):
        carry_out(towns, TOWN.code, planned, NO_DECISIONS, ACTOR, NOW)
    assert the_records(towns) == before


def test_a_file_is_planned_as_what_it_is(towns: Engine, tmp_path: Path) -> None:
    """HSDS or a list: one call for the page and the command."""

    def planned(data: bytes, name: str) -> Planned:
        return plan_any(towns, TOWN.code, data, name, ImportOptions(), TODAY)

    assert planned(out(towns, "package"), "midori.zip").plan.forms == ("HSDS 3.0",)
    assert planned(foreign_file(), "feed.json").plan.forms == ("HSDS 3.0",)
    upload = tmp_path / "3f0c"
    upload.write_bytes(out(towns, "json"))
    by_path = plan_any(towns, TOWN.code, upload, "midori.json", ImportOptions(), TODAY)
    assert by_path.plan.counts["new"] == 205
    assert by_path.sha256 == planned(upload.read_bytes(), "midori.json").sha256
    listed = "id,name,kind,categories,description,verified_on\nx,甲,サロン,isolation.ibasho,話す,2026-04-01\n"
    assert "HSDS 3.0" not in planned(listed.encode("utf-8-sig"), "list.csv").plan.forms


def test_a_town_nobody_knows_is_told(towns: Engine) -> None:
    """An unknown code, and a town of which nothing is known yet."""
    with pytest.raises(NotFound):
        plan_hsds(towns, "123456", foreign_file(), "feed.json", TODAY)
    with writing(towns) as conn:
        save_town(conn, Town("999997", "はじめ町", "99", "municipality"))
    with pytest.raises(NotReady):
        out(towns, "json", "999997")
