"""What a kept record has beside a resource (mail, fax, map point, postal code) goes out and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from knowledge.hsds.datapackage import zip_datapackage
from knowledge.hsds.document import json_bytes
from knowledge.hsds.read import from_hsds, read_hsds
from knowledge.hsds.schemas import object_validator
from knowledge.hsds.write import resource_uuid, to_hsds
from knowledge.models import Knowledge, Resource
from tests.fixtures.hsds_foreign import Foreign, number

WHOLE = {
    "email": "a@town.example",
    "fax": "0000-52-0009",
    "latitude": "39.1234567",
    "longitude": "140.0",
    "postal_code": "000-0001",
}


@pytest.fixture
def salon(shipped: Knowledge) -> Resource:
    """Some resource of the sample town with an address."""
    return next(r for r in shipped.resources if r.id == "midori.gomi_shien")


@pytest.mark.parametrize(
    "more",
    [WHOLE, {"fax": "0000-52-0009"}, {"postal_code": "000-0001"}, {"email": "a@town.example"}, {}],
)
@pytest.mark.parametrize("form", ["json", "zip"])
def test_it_comes_back(
    shipped: Knowledge, salon: Resource, more: Mapping[str, str], form: str
) -> None:
    """Each alone and all together, in both forms; the resource itself is the same."""
    document = to_hsds(shipped.town, [salon], more={salon.id: more})
    assert list(object_validator("service").iter_errors(document.services[0])) == []
    data = json_bytes(document.as_page()) if form == "json" else zip_datapackage(document)
    imported = read_hsds(data, f"x.{form}")
    (draft,) = imported.drafts
    assert draft.more == {**more, **({"longitude": "140"} if "longitude" in more else {})}
    assert imported.resources == (salon,)
    assert imported.notices == ()


@pytest.mark.parametrize(
    ("more", "back"),
    [
        ({"email": "電話でお願いします"}, {}),
        ({"latitude": "39.1"}, {}),
        ({"latitude": "北緯", "longitude": "140.1"}, {}),
        ({"latitude": "nan", "longitude": "140.1"}, {}),
        ({"latitude": "0.0", "longitude": "0.0"}, {}),
    ],
)
def test_what_is_no_mail_and_no_point_is_not_written(
    shipped: Knowledge, salon: Resource, more: Mapping[str, str], back: Mapping[str, str]
) -> None:
    """HSDS would be wrong by it, and others would stumble."""
    document = to_hsds(shipped.town, [salon], more={salon.id: more})
    assert document == to_hsds(shipped.town, [salon])
    assert from_hsds(document.as_page()).drafts[0].more == back


def test_a_point_without_an_address_is_a_place(shipped: Knowledge, salon: Resource) -> None:
    """A meeting point in a park."""
    bare = salon.model_copy(update={"contact": salon.contact.model_copy(update={"address": ""})})
    more = {"latitude": "39.1", "longitude": "140.2"}
    (draft,) = from_hsds(to_hsds(shipped.town, [bare], more={bare.id: more}).as_page()).drafts
    assert draft.more == more
    assert draft.record == bare


def test_a_person_is_not_written_to(foreign: Foreign) -> None:
    """The mail of a contact may be a person's own; the organization's is everybody's."""
    made = foreign(email=None)
    made["contacts"] = [{"id": number(20), "name": "A. Person", "email": "person@x.example"}]
    assert "email" not in from_hsds(made).drafts[0].more
    made["organization"]["email"] = "office@x.example"
    assert from_hsds(made).drafts[0].more["email"] == "office@x.example"


def test_what_came_from_another_system_goes_back_under_its_id(
    shipped: Knowledge, salon: Resource
) -> None:
    """Each system then knows its own record again."""
    theirs = salon.model_copy(update={"id": f"hsds.{number(7)}"})
    assert resource_uuid(shipped.town, theirs.id) == number(7)
    (service,) = to_hsds(shipped.town, [theirs]).services
    assert service["id"] == number(7)
    for odd in ("hsds.", "hsds.x", "hsds.{" + number(7) + "}"):
        assert resource_uuid(shipped.town, odd) != odd.removeprefix("hsds.")


def test_a_folder_and_a_zip_on_disk_are_told_apart(
    shipped: Knowledge, salon: Resource, tmp_path: Path
) -> None:
    """By what they are, whatever they are called."""
    document = to_hsds(shipped.town, [salon])
    upload = tmp_path / "upload"
    upload.write_bytes(zip_datapackage(document))
    assert read_hsds(upload, "町の HSDS.zip").resources == (salon,)
    upload.write_bytes(json_bytes(document.as_page()))
    assert read_hsds(upload, "町の HSDS.json").resources == (salon,)
    gone = read_hsds(tmp_path / "none", "none.zip")
    assert "ファイルもフォルダーもありません" in str(gone.problems[0])
