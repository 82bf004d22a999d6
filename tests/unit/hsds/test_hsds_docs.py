"""docs/hsds.md, the mapping it is made from, and the code say the same."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from knowledge.hsds.describe import describe
from knowledge.hsds.document import HsdsDocument
from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.mapping import (
    LINES,
    MORE_TITLE,
    RESOURCE_TITLE,
    SERVICE_TITLE,
    TOWN_TITLE,
    VOCABULARY,
    columns,
    without_column,
)
from knowledge.hsds.node import Reading
from knowledge.hsds.read_drafts import read_found
from knowledge.hsds.read_more import MORE
from knowledge.hsds.schemas import SCHEMA_DIR, tables
from knowledge.hsds.shapes import gather
from knowledge.hsds.tables import flatten
from knowledge.hsds.terms import FIELDS
from knowledge.models import Capacity, Contact, Record, Resource, Service, Town
from tests.fixtures.hsds_foreign import FOREIGN, number

DOCUMENT = Path(__file__).parents[3] / "docs" / "hsds.md"
MODELS: dict[str, type[Record]] = {
    RESOURCE_TITLE: Resource,
    SERVICE_TITLE: Service,
    TOWN_TITLE: Town,
}


def test_the_document_is_made_from_the_code() -> None:
    """Make it again with: python -m knowledge.hsds.describe > docs/hsds.md"""
    assert DOCUMENT.read_text(encoding="utf-8") == describe()


def fields(model: type[Record]) -> Iterator[str]:
    """Every field of a record; those of the contact and the capacity by name."""
    nested: dict[str, type[Record]] = {"contact": Contact, "capacity": Capacity}
    for name in model.model_fields:
        if name in nested:
            yield from (f"{name}.{part}" for part in nested[name].model_fields)
        else:
            yield name


@pytest.mark.parametrize("title", MODELS)
def test_every_field_of_ours_has_its_line(title: str) -> None:
    """A new field fails here until somebody decides where it goes."""
    assert {line.ours for line in LINES[title]} == set(fields(MODELS[title]))


def test_every_further_field_of_a_kept_record_has_its_line() -> None:
    """What is read beside a resource is what the document says."""
    assert {line.ours for line in LINES[MORE_TITLE]} == set(MORE)


def test_what_hsds_cannot_hold_is_listed() -> None:
    """The list in the document is made from the mapping: no column, or not carried at all."""
    listed = {line.ours for line in without_column(RESOURCE_TITLE)}
    assert {"kind", "categories", "capacity.places", "verified_by", "refusals"} <= listed
    assert listed.isdisjoint({"name", "contact.phone", "opening", "verified_on"})
    text = DOCUMENT.read_text(encoding="utf-8")
    for ours in listed:
        assert f"| 支援先 | {ours} |" in text


def test_every_column_named_is_one_of_hsds() -> None:
    """No line rests on a misspelt column."""
    known = {f"{table.name}.{field}" for table in tables().values() for field in table.fields}
    assert columns("both", "attribute", "written", "read") | set(VOCABULARY) <= known


def test_the_export_writes_what_the_lines_say(document: HsdsDocument) -> None:
    """No column more, none less (ids and links apart)."""
    rows = flatten(document)
    # The sample town has no URL that needs its original text kept: same column anyway.
    written = {f"{table}.{key}" for table, found in rows.items() for row in found for key in row}
    ids = {name for name in written if name.endswith((".id", "_id"))}
    assert written - ids == columns("both", "attribute", "written") | set(VOCABULARY)


def taken(document: HsdsDocument, other: dict[str, object]) -> set[str]:
    """The columns that reading these takes."""
    findings = Findings()
    reading = Reading(findings, lambda value, table, path: Place("x"))
    page = document.as_page()
    page["contents"].append(other)
    read_found(gather(page), "x", reading, (), {})
    assert findings.problems == []
    # Ids and nesting say where a value stands; they are none.
    return {
        column
        for column in reading.columns
        if not column.endswith((".id", "_id"))
        and column.partition(".")[2] in tables()[column.partition(".")[0]].fields
    }


def test_the_import_takes_what_the_lines_say(document: HsdsDocument) -> None:
    """From ours and from others; what is only written is only compared."""
    other = deepcopy(FOREIGN) | {"fees": "old", "fees_description": "", "url": ""}
    place = other["service_at_locations"][0]["location"]["addresses"][0]
    place |= {"address_2": "x", "region": "y"}
    other["cost_options"][0] |= {"valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    other["contacts"] = [{"id": number(20), "title": "Desk"}]
    other["organization"]["email"] = "trust@riverside.example"
    del other["email"]
    other["service_at_locations"][0]["location"]["longitude"] = 139.5
    other["schedules"] = [
        {"id": number(31), "freq": "MONTHLY", "valid_from": "2026-01-01", "valid_to": "2026-02-01",
         "dtstart": "2026-01-01", "until": "2026-02-01", "count": 2, "bymonthday": "1",
         "byweekno": "1", "byyearday": "1", "schedule_link": "https://x.example/",
         "notes": "n", "attending_type": "a"},
    ]  # fmt: skip
    found = taken(document, other)
    read = columns("both", "attribute", "read")
    compared = columns("written") | set(VOCABULARY)
    assert read <= found
    assert found <= read | compared | {"organization.description"}


def test_every_field_of_the_vocabulary_is_written(document: HsdsDocument) -> None:
    """And no attribute is written under a code the vocabulary does not explain."""
    terms = {
        t["id"]: t["code"] for t in document.taxonomy_terms if t["taxonomy"] == "tsunagi-field"
    }
    used = {
        terms[row["taxonomy_term_id"]]
        for row in flatten(document)["attribute"]
        if row["taxonomy_term_id"] in terms
    }
    assert used <= FIELDS.keys()
    # The sample town needs none of these two.
    assert FIELDS.keys() - used <= {"contact.url", "town.invented"}


def test_the_licence_of_the_schemas_is_declared() -> None:
    """CC BY-SA 4.0 beside our own, with its text in every package we build."""
    root = DOCUMENT.parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0 AND CC-BY-SA-4.0"
    text = SCHEMA_DIR / "LICENSE.txt"
    assert text.relative_to(root).as_posix() in project["license-files"]
    assert "Attribution-ShareAlike 4.0 International Public License" in text.read_text("utf-8")
