"""Our records after other software edited their HSDS columns: the edit is taken, and told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.draft import Imported
from knowledge.hsds.read import from_hsds
from knowledge.models import Condition, Knowledge, Resource


@pytest.fixture
def meals(shipped: Knowledge) -> Resource:
    """ふれあい収集: for people of 65 or over, full text, hours and address."""
    return next(r for r in shipped.resources if r.id == "midori.gomi_shien")


@pytest.fixture
def service(document: HsdsDocument, meals: Resource) -> dict[str, Any]:
    """Its HSDS service, to be edited."""
    found = next(s for s in document.services if s["name"] == meals.name)
    copied: dict[str, Any] = json.loads(json_bytes(found))
    return copied


def told(imported: Imported, column: str) -> None:
    """There is a notice about the column."""
    assert imported.problems == ()
    assert any(column in n.column and "書き換えられた" in n.remedy for n in imported.notices)


def test_plain_columns_are_simply_read(service: dict[str, Any], meals: Resource) -> None:
    """Name, phone and the like stand in one place only."""
    service["name"] = "新しい名前"
    service["phones"][0]["number"] = "0000-52-9999"
    service["assured_date"] = "2026-12-01"
    (record,) = from_hsds(service).resources
    assert (record.name, record.contact.phone) == ("新しい名前", "0000-52-9999")
    assert record.verified_on.isoformat() == "2026-12-01"
    assert record.categories == meals.categories


def test_an_edited_address_wins_over_the_kept_text(service: dict[str, Any]) -> None:
    """The attribute with the original text is stale then."""
    address = service["service_at_locations"][0]["location"]["addresses"][0]
    address["address_1"] = "中町200"
    imported = from_hsds(service)
    assert imported.resources[0].contact.address == "あおば県みどり町中町200"
    told(imported, "address_1")


def test_an_address_that_was_only_completed_is_the_same(
    service: dict[str, Any], meals: Resource
) -> None:
    """A postal code or the prefecture changes nothing."""
    address = service["service_at_locations"][0]["location"]["addresses"][0]
    address["postal_code"] = "000-0000"
    assert from_hsds(service).resources[0].contact.address == meals.contact.address


def test_an_edited_eligibility_text_wins(service: dict[str, Any], meals: Resource) -> None:
    """The conditions for the machine stay."""
    service["eligibility_description"] = "どなたでも"
    imported = from_hsds(service)
    assert imported.resources[0].for_whom == "どなたでも"
    assert imported.resources[0].eligibility == meals.eligibility
    told(imported, "eligibility_description")


def test_an_added_age_limit_wins(service: dict[str, Any]) -> None:
    """It replaces our age conditions; the others stay."""
    service["minimum_age"] = 70
    imported = from_hsds(service)
    ages = [c for c in imported.resources[0].eligibility if c.fact == "age"]
    expected = Condition(kind="age", text="年齢70歳以上", fact="age", min=70, required=True)
    assert ages == [expected]
    assert len(imported.resources[0].eligibility) == 3
    told(imported, "minimum_age")


def test_an_edited_status_wins(service: dict[str, Any]) -> None:
    """Closed by others, open by ours."""
    service["status"] = "temporarily closed"
    imported = from_hsds(service)
    assert imported.resources[0].capacity.status == "suspended"
    told(imported, "status")


def test_an_added_schedule_is_read(service: dict[str, Any], meals: Resource) -> None:
    """A monthly one in words, a weekly one as opening hours."""
    more = {"id": "00000000-0000-4000-8000-000000000001", "freq": "MONTHLY", "byday": "1SU"}
    service["schedules"].append(more)
    hours = from_hsds(service).resources[0].contact.hours
    assert hours == f"{meals.contact.hours}\n毎月 第1日曜"


def test_an_edited_cost_is_read_with_its_amount(service: dict[str, Any]) -> None:
    """The amount no longer repeats the text: both are kept."""
    service["cost_options"][0]["amount"] = 300
    assert from_hsds(service).resources[0].cost == "無料\n300 JPY 無料"


def test_an_edited_list_of_names_wins(document: HsdsDocument) -> None:
    """The other names of a national service."""
    service = json.loads(json_bytes(next(s for s in document.services if "alternate_name" in s)))
    service["alternate_name"] = "甲、乙"
    imported = from_hsds(service)
    assert imported.services[0].aka == ("甲", "乙")
    told(imported, "alternate_name")
