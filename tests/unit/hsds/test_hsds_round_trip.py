"""What we write and read again is the same, in both forms, for every record of the sample town."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.hsds.bridge import hsds_plan
from knowledge.hsds.datapackage import package_files, write_datapackage, zip_datapackage
from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.draft import Imported
from knowledge.hsds.read import from_hsds, read_json
from knowledge.hsds.read_datapackage import read_datapackage
from knowledge.hsds.schemas import object_validator
from knowledge.hsds.write import resource_uuid, to_hsds
from knowledge.importing.apply import apply
from knowledge.importing.records import resource_of
from knowledge.importing.run import ImportContext
from knowledge.load import load_national
from knowledge.models import (
    Capacity,
    Condition,
    Contact,
    Knowledge,
    OpeningHours,
    Resource,
    Town,
    WelfareOffice,
)
from tests.fixtures.hsds_foreign import KEPT_MORE


def same(imported: Imported, shipped: Knowledge) -> None:
    """Everything came back, and there is nothing to say about it."""
    assert imported.problems == ()
    assert imported.notices == ()
    assert imported.resources == shipped.resources
    assert imported.services == shipped.services
    assert imported.town == shipped.town
    assert not any(draft.missing or draft.left_over for draft in imported.drafts)
    told = {str(draft.values["id"]): draft.more for draft in imported.drafts if draft.more}
    assert told == KEPT_MORE


def test_the_sample_town_comes_back_from_json(document: HsdsDocument, shipped: Knowledge) -> None:
    """Every resource, every national service and the town, through the bytes of a file."""
    page = json_bytes(document.as_page())
    same(read_json(page, "midori.json", shipped.categories), shipped)


def test_the_sample_town_comes_back_from_a_folder(
    document: HsdsDocument, shipped: Knowledge, tmp_path: Path
) -> None:
    """Through the tabular form."""
    write_datapackage(document, tmp_path / "hsds")
    same(read_datapackage(tmp_path / "hsds", shipped.categories), shipped)


def test_the_sample_town_comes_back_from_a_zip(
    document: HsdsDocument, shipped: Knowledge, tmp_path: Path
) -> None:
    """Through the tabular form, packed."""
    path = tmp_path / "hsds.zip"
    path.write_bytes(zip_datapackage(document))
    same(read_datapackage(path, shipped.categories), shipped)


def test_each_service_alone_is_a_document_too(document: HsdsDocument, shipped: Knowledge) -> None:
    """One JSON file per service, as the published examples have it."""
    for service, resource in zip(document.services, shipped.resources, strict=False):
        assert from_hsds(service).resources == (resource,)


def test_the_same_data_gives_the_same_bytes(document: HsdsDocument, shipped: Knowledge) -> None:
    """No clock, no randomness: an export can be compared with the last one."""
    again = to_hsds(
        shipped.town, shipped.resources, shipped.services, shipped.categories, KEPT_MORE
    )
    assert json_bytes(again.as_page()) == json_bytes(document.as_page())
    assert package_files(again) == package_files(document)
    assert zip_datapackage(again) == zip_datapackage(document)


def test_ids_stay_what_they_were_in_the_first_export(shipped: Knowledge) -> None:
    """Others keep our ids; these must never change."""
    assert resource_uuid(shipped.town, "midori.hokatsu") == "5044c2b3-d220-512a-8926-d99aa8b23666"
    other = shipped.town.model_copy(update={"code": "000001"})
    assert resource_uuid(other, "midori.hokatsu") != resource_uuid(shipped.town, "midori.hokatsu")


def test_two_records_of_one_id_are_refused(shipped: Knowledge) -> None:
    """They would become one service."""
    first = shipped.resources[0]
    with pytest.raises(ValueError, match="同じ id"):
        to_hsds(shipped.town, [first, first])


TOWN = Town(
    code="999999",
    name="ちいさ町",
    prefecture="ためし県",
    population=1200,
    households=500,
    welfare_office=WelfareOffice(own=False, name="県の福祉事務所"),
)
# Every letter a file may hold, formulas and quotes among them; blank text means "none".
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    [
        "=1+1",
        "'=1+1",
        "''@x",
        "- 火曜",
        "＝和",
        "改\n行",
        'q"q',
        "a,b",
        "不明",
        "\tタブ",
        "ためし県",
        "ちいさ町中町1",
    ]
)
NAMES = WORDS.map(str.strip).filter(bool)
MAYBE = st.just("") | NAMES
# javascript: and the like are taken off on purpose (test_hsds_foreign.py).
URLS = MAYBE.filter(lambda text: not re.match(r"[A-Za-z][\w+.\-]*:", text)) | st.sampled_from(
    ["https://town.example/窓口", "http://x.example/%E7", "HTTPS://X.EXAMPLE", "town.example/a"]
)
TIMES = st.integers(0, 23 * 60 + 58)


@st.composite
def periods(draw: st.DrawFn) -> OpeningHours:
    opens = draw(TIMES)
    closes = draw(st.integers(opens + 1, 24 * 60))
    days = draw(st.lists(st.integers(0, 6), min_size=1, max_size=7))
    clock = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (opens, closes)]
    return OpeningHours(days=tuple(days), opens=clock[0], closes=clock[1])


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    kind = draw(st.sampled_from(["age", "household", "residence", "income", "situation"]))
    required = draw(st.booleans())
    shape = draw(st.sampled_from(["text", "bool", "age"]))
    common = {"kind": kind, "text": draw(NAMES), "required": required}
    if shape == "text":
        return Condition.model_validate(common)
    if shape == "bool":
        return Condition.model_validate(
            common | {"fact": "resident", "equals": draw(st.booleans())}
        )
    lowest = draw(st.none() | st.integers(0, 100))
    highest = draw(st.integers(0, 120) if lowest is None else st.none() | st.integers(0, 120))
    return Condition.model_validate(common | {"fact": "age", "min": lowest, "max": highest})


RESOURCES = st.builds(
    Resource,
    id=NAMES,
    name=NAMES,
    kind=NAMES,
    categories=st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple),
    description=NAMES,
    for_whom=MAYBE,
    organization=MAYBE,
    district=MAYBE,
    contact=st.builds(Contact, window=MAYBE, phone=MAYBE, hours=MAYBE, address=MAYBE, url=URLS),
    opening=st.lists(periods(), max_size=3).map(tuple),
    capacity=st.builds(
        Capacity,
        places=st.none() | st.integers(0, 10_000),
        status=st.sampled_from(["open", "full", "suspended", "reservation"]),
        note=MAYBE,
    ),
    eligibility=st.lists(conditions(), max_size=3).map(tuple),
    cost=MAYBE | st.sampled_from(["無料", "1回100円", "月1,500円"]),
    first_step=MAYBE,
    bring=st.lists(NAMES, max_size=3).map(tuple),
    verified_on=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    verified_by=MAYBE,
    source=MAYBE,
    is_window=st.booleans(),
)


@given(resource=RESOURCES)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_resource_comes_back_from_json(resource: Resource) -> None:
    """Whatever a keeper writes into the fields."""
    document = to_hsds(TOWN, [resource])
    (service,) = document.services
    assert list(object_validator("service").iter_errors(service)) == []
    imported = read_json(json_bytes(document.as_page()), "x.json")
    assert imported.problems == ()
    assert imported.resources == (resource,)
    assert imported.town == TOWN


@given(resource=RESOURCES)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_resource_comes_back_from_a_package(resource: Resource, tmp_path: Path) -> None:
    """The same through CSV, where formulas are guarded."""
    path = tmp_path / "x.zip"
    path.write_bytes(zip_datapackage(to_hsds(TOWN, [resource])))
    imported = read_datapackage(path)
    assert imported.problems == ()
    assert imported.resources == (resource,)


FACTS = {fact.code: fact for fact in load_national().facts}


@given(resource=RESOURCES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_resource_becomes_the_same_kept_record(resource: Resource) -> None:
    """As an import: what our notation cannot say alike is told at its row, never lost silently."""
    page = json_bytes(to_hsds(TOWN, [resource]).as_page())
    context = ImportContext(today=date(2026, 11, 24), facts=FACTS)
    plan = hsds_plan(page, "x.json", context)
    assert plan.errors == ()
    (record,) = apply(plan)
    kept = resource_of(record, FACTS)
    told = {finding.column.rpartition(".")[2] for finding in plan.rows[0].findings}
    differing = {
        name
        for name in Resource.model_fields
        if getattr(kept, name, None) != getattr(resource, name)
    }
    # An id that is no address of a page is replaced; everything else is told.
    assert differing - {"id"} <= told
    assert differing <= {"id", "eligibility", "bring", "categories"}
    again = hsds_plan(page, "x.json", replace(context, existing=(record,)))
    assert again.counts == {"same": 1, "retired": 0}
    assert apply(again) == (record,)
