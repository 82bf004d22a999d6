"""An HSDS file as an import like any other: every service has its fate, local edits stay."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from knowledge.hsds.bridge import hsds_plan
from knowledge.hsds.datapackage import zip_datapackage
from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.importing.apply import apply
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord, resource_of
from knowledge.importing.run import ImportContext
from knowledge.models import Knowledge, Resource
from tests.fixtures.hsds_foreign import KEPT_MORE


def resources(records: tuple[KeptRecord, ...], facts: Any) -> tuple[Resource | None, ...]:
    """The records as the desk has them."""
    return tuple(resource_of(record, facts) for record in records)


@pytest.mark.parametrize("form", ["json", "zip"])
def test_a_town_fills_an_empty_one(
    document: HsdsDocument, page: bytes, context: ImportContext, shipped: Knowledge, form: str
) -> None:
    """Every record equal in what both hold, mail and map point among it, in both forms."""
    data = page if form == "json" else zip_datapackage(document)
    plan = hsds_plan(data, f"export.{form}", context)
    assert plan.counts == {"new": len(shipped.resources), "retired": 0}
    assert (plan.forms, plan.errors, plan.merges) == (("HSDS 3.0",), (), ())
    records = apply(plan)
    assert resources(records, context.facts) == shipped.resources
    for record_id, more in KEPT_MORE.items():
        (record,) = [r for r in records if r.id == record_id]
        assert more.items() <= record.fields.items()
    assert not any(record.unconfirmed for record in records)


@pytest.mark.parametrize("form", ["json", "zip"])
def test_the_same_file_again_changes_nothing(
    document: HsdsDocument,
    page: bytes,
    context: ImportContext,
    kept: tuple[KeptRecord, ...],
    form: str,
) -> None:
    """Under another name and in the other form too: the very same objects."""
    data = page if form == "json" else zip_datapackage(document)
    plan = hsds_plan(data, f"2027-04 again.{form}", replace(context, existing=kept))
    assert plan.counts == {"same": len(kept), "retired": 0}
    assert all(a is b for a, b in zip(apply(plan), kept, strict=True))


def edited(kept: tuple[KeptRecord, ...], record_id: str, **fields: str) -> tuple[KeptRecord, ...]:
    """The records after the desk has changed some fields of one."""
    return tuple(
        replace(r, fields={**r.fields, **fields}) if r.id == record_id else r for r in kept
    )


def services(page: bytes) -> dict[str, Any]:
    """The document, to be changed."""
    found: dict[str, Any] = json.loads(page)
    return found


def change(page: bytes, name: str, **values: Any) -> bytes:
    """The file after its town has changed one service."""
    document = services(page)
    (service,) = [s for s in document["contents"] if s["name"] == name]
    service.update(values)
    return json_bytes(document)


def one(plan: ImportPlan, record_id: str) -> Any:
    """The row of one record."""
    (row,) = [row for row in plan.rows if row.record_id == record_id]
    return row


def test_what_the_desk_edited_stays(
    page: bytes, context: ImportContext, kept: tuple[KeptRecord, ...]
) -> None:
    """Changed here only: kept.  Changed there only: taken.  Changed in both: kept, and listed."""
    gomi = next(r for r in kept if r.id == "midori.gomi_shien")
    local = edited(kept, gomi.id, phone="0000-11-1111", cost="1回50円")
    file = change(page, gomi.fields["name"], fees_description="1回200円", alert="4月から値上げ")
    plan = hsds_plan(file, "export.json", replace(context, existing=local))
    row = one(plan, gomi.id)
    assert row.fate == "changed"
    assert [c.field for c in row.changes] == ["status_note"]
    ((field, mine, theirs),) = [(c.field, c.local, c.new_import) for c in row.conflicts]
    assert (field, mine) == ("cost", "1回50円")
    assert theirs.startswith("1回200円")
    after = next(r for r in apply(plan) if r.id == gomi.id)
    assert after.fields["phone"] == "0000-11-1111"
    assert after.fields["cost"] == "1回50円"
    assert after.fields["status_note"] == "4月から値上げ"


def test_what_is_not_in_the_file_any_more_is_retired(
    page: bytes, context: ImportContext, kept: tuple[KeptRecord, ...]
) -> None:
    """The town is named in the file, so its name need not say which list it is."""
    document = services(page)
    gone = next(r for r in kept if r.id == "midori.gomi_shien")
    document["contents"] = [s for s in document["contents"] if s["name"] != gone.fields["name"]]
    plan = hsds_plan(json_bytes(document), "x.json", replace(context, existing=kept))
    assert [r.record_id for r in plan.retired] == [gone.id]
    after = next(r for r in apply(plan) if r.id == gone.id)
    assert after.state == "vanished"
    assert after.fields == gone.fields


def test_a_service_marked_as_gone_retires_its_record(
    page: bytes, context: ImportContext, kept: tuple[KeptRecord, ...]
) -> None:
    """defunct is how HSDS says it; the keeper is told its name."""
    gone = next(r for r in kept if r.id == "midori.gomi_shien")
    file = change(page, gone.fields["name"], status="defunct")
    plan = hsds_plan(file, "x.json", replace(context, existing=kept))
    assert [r.record_id for r in plan.retired] == [gone.id]
    assert any(f.value == gone.fields["name"] and "廃止" in f.remedy for f in plan.findings)


@pytest.fixture(scope="module")
def own() -> tuple[KeptRecord, ...]:
    """The sample town's own records, as its CSV has them: never imported from anywhere."""
    import csv

    from knowledge.load import DEFAULT_TOWN

    text = (DEFAULT_TOWN / "resources.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.DictReader(text))
    return tuple(KeptRecord(r["id"], {k: v for k, v in r.items() if v}) for r in rows)


def test_the_export_of_a_town_comes_home(
    page: bytes, context: ImportContext, shipped: Knowledge, own: tuple[KeptRecord, ...]
) -> None:
    """Known by the id the export gave it; the notation of the desk is not touched."""
    home = replace(context, town=shipped.town, existing=own)
    plan = hsds_plan(page, "export.json", home)
    assert plan.counts["retired"] == 0
    told = {row.record_id: row.changes for row in plan.rows if row.fate != "same"}
    # What only the other system has filled in is taken.
    assert list(told) == ["midori.fukushi_soudan"]
    assert {c.field for c in told["midori.fukushi_soudan"]} == KEPT_MORE["midori.fukushi_soudan"].keys()  # fmt: skip
    after = apply(plan)
    for was, now in zip(own, after, strict=True):
        assert was.fields.items() <= now.fields.items()
    again = hsds_plan(page, "export.json", replace(home, existing=after))
    assert again.counts == {"same": len(own), "retired": 0}


def test_a_record_that_lost_our_attributes_on_the_way_is_still_known(
    page: bytes, context: ImportContext, shipped: Knowledge, own: tuple[KeptRecord, ...]
) -> None:
    """Another system kept the columns only: nothing that it cannot say is emptied."""
    document = services(page)
    document.pop("organizations")
    for service in document["contents"]:
        service.pop("attributes")
    document["contents"] = [s for s in document["contents"] if "organization" in s][:3]
    file = json_bytes(document)
    plan = hsds_plan(file, "from elsewhere.json", replace(context, town=shipped.town, existing=own))
    assert [row.record_id for row in plan.rows] == [r.id for r in own[:3]]
    after = {r.id: r for r in apply(plan)}
    for was in own[:3]:
        for name in ("id", "kind", "categories", "is_window", "verified_by", "eligibility"):
            assert after[was.id].fields.get(name) == was.fields.get(name)


def test_attributes_lost_after_the_first_import_empty_nothing(
    page: bytes, context: ImportContext, kept: tuple[KeptRecord, ...]
) -> None:
    """The second town's record came with them; the next edition is without."""
    document = services(page)
    for service in document["contents"]:
        service.pop("attributes")
    plan = hsds_plan(json_bytes(document), "x.json", replace(context, existing=kept))
    after = {r.id: r for r in apply(plan)}
    assert after.keys() == {r.id for r in kept} | after.keys() - {r.id for r in kept}
    for was in kept:
        for name in ("kind", "categories", "is_window", "verified_by"):
            assert after[was.id].fields.get(name) == was.fields.get(name)


def test_another_towns_record_of_the_same_id_is_another_record(
    page: bytes, context: ImportContext
) -> None:
    """Two towns may both have called something midori.gomi_shien: neither takes the other's place."""
    ours = KeptRecord("midori.gomi_shien", {"id": "midori.gomi_shien", "name": "べつの支援"})
    plan = hsds_plan(page, "export.json", replace(context, existing=(ours,)))
    assert plan.errors == ()
    records = {r.id: r for r in apply(plan)}
    assert records["midori.gomi_shien"] is ours
    (theirs,) = [
        r for r in records.values() if r.fields["name"] == "ふれあい収集（ごみ出し支援）"
    ] or [r for r in records.values() if r.id.startswith("hsds.")]
    assert theirs.id.startswith("hsds.")
    again = hsds_plan(page, "export.json", replace(context, existing=tuple(records.values())))
    assert again.counts["same"] == len(records) - 1
