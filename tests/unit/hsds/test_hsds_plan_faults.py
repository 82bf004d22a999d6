"""An HSDS file of others, or a wrong one, as an import: what it becomes, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.hsds.bridge import hsds_plan
from knowledge.hsds.datapackage import zip_datapackage
from knowledge.hsds.document import json_bytes
from knowledge.hsds.write import to_hsds
from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from knowledge.importing.report import report_csv, report_text
from knowledge.importing.run import ImportContext
from knowledge.models import Knowledge, Resource
from tests.fixtures.hsds_foreign import Foreign, number


def the_plan(document: object, context: ImportContext, name: str = "feed.json") -> ImportPlan:
    """The plan for one foreign document."""
    return hsds_plan(json.dumps(document).encode(), name, context)


def test_a_foreign_service_becomes_a_record(context: ImportContext, foreign: Foreign) -> None:
    """What it says, where it came from, its own words beside; the keeper has a category to give."""
    plan = the_plan({"contents": [foreign()]}, context)
    (record,) = apply(plan)
    assert record.id == f"hsds.{number(1)}"
    assert record.fields["opening"] == "tue,thu 10:00-12:00"
    assert record.fields["eligibility"] == "age>=18!;対象の地域：Riverside"
    assert record.fields["email"] == "tea@riverside.example"
    (source,) = record.sources
    assert source.origin.key == number(1)
    assert source.original["cost_options[0].option"] == "Guests"
    assert source.original["attributes[0].taxonomy_term.name"] == "Social group"
    assert "A. Person" not in " ".join(source.original.values())
    (row,) = plan.rows
    said = " ".join(str(finding) for finding in row.findings)
    assert "Social group" in said
    assert "支援分野がありません" in said
    assert str(row.place) == "feed.json シート「service」 1行目"
    assert all(f.column.startswith("contents[0]（Riverside Tea Hour）") for f in row.findings)


def test_a_category_is_proposed_and_has_to_be_confirmed(
    context: ImportContext, foreign: Foreign
) -> None:
    """From the words of a service in Japanese, as with any list."""
    made = foreign(
        name="みんなの子ども食堂", description="月2回、こども食堂を開きます。", attributes=None
    )
    (record,) = apply(the_plan(made, context))
    assert record.fields["categories"]
    assert record.unconfirmed == {"categories"}


def test_numbers_of_others_are_written_as_ours(context: ImportContext, foreign: Foreign) -> None:
    """A Japanese number in the international form, and one without its area code."""
    made = foreign(phones=[{"id": number(11), "number": "+81 183 73 2111", "type": "voice"}])
    (record,) = apply(the_plan(made, context))
    assert record.fields["phone"] == "0183-73-2111"
    made["phones"][0]["number"] = "73-2111"
    (record,) = apply(the_plan(made, replace(context, area_codes=("0183",))))
    assert record.fields["phone"] == "0183-73-2111"


def test_a_day_nobody_stated_is_not_made_up(context: ImportContext, foreign: Foreign) -> None:
    """The list's own date is one; the day of the import is none."""
    made = foreign(assured_date=None)
    plan = the_plan(made, context)
    assert "verified_on" not in apply(plan)[0].fields
    assert any("確かめた日" in f.remedy for f in plan.rows[0].findings)
    dated = the_plan(made, replace(context, as_of=date(2026, 4, 1)))
    assert apply(dated)[0].fields["verified_on"] == "2026-04-01"


def test_a_condition_our_notation_cannot_say_is_told(
    context: ImportContext, shipped: Knowledge
) -> None:
    """A required condition in words is kept as a guide, and the keeper is told where."""
    first = shipped.resources[0]
    must = {"kind": "situation", "text": "紹介状のある人", "required": True}
    odd = Resource.model_validate(first.model_dump() | {"eligibility": [must]})
    page = json_bytes(to_hsds(shipped.town, [odd]).as_page())
    plan = hsds_plan(page, "x.json", context)
    (told,) = plan.rows[0].findings
    assert (told.level, told.value) == ("check", "紹介状のある人")
    assert "eligibility" in told.column
    assert apply(plan)[0].fields["eligibility"] == "紹介状のある人"


@pytest.mark.parametrize(
    ("spoil", "column", "said"),
    [
        (lambda s: s.update(status="open"), "contents[0]（Riverside Tea Hour）.status", "temporarily closed"),
        (lambda s: s.pop("name"), "contents[0].name", "必須"),
        (lambda s: s.update(minimum_age="x"), "contents[0]（Riverside Tea Hour）.minimum_age", "数"),
    ],
)  # fmt: skip
def test_a_wrong_file_changes_nothing(
    context: ImportContext,
    kept: tuple[KeptRecord, ...],
    foreign: Foreign,
    spoil: Callable[[dict[str, Any]], Any],
    column: str,
    said: str,
) -> None:
    """All or nothing: the plan has the fault with its JSON path, no rows, and is refused."""
    made = deepcopy(foreign())
    spoil(made)
    plan = the_plan({"contents": [made, foreign(id=number(2))]}, replace(context, existing=kept))
    (fault,) = plan.errors
    assert (fault.place.file, fault.column) == ("feed.json", column)
    assert said in fault.remedy
    assert (plan.rows, plan.retired) == ((), ())
    with pytest.raises(ImportRefused):
        apply(plan)
    assert said in report_text(plan)
    assert said in report_csv(plan)


def test_a_fault_in_a_table_is_placed_by_row(context: ImportContext, shipped: Knowledge) -> None:
    """The sheet is the CSV inside the zip."""
    import io
    import zipfile

    document = to_hsds(shipped.town, shipped.resources[:2])
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(zip_datapackage(document))) as whole,
        zipfile.ZipFile(target, "w") as spoilt,
    ):
        for name in whole.namelist():
            data = whole.read(name)
            if name == "services.csv":
                data = data.replace(b",active,", b",aktiv,", 1)
            spoilt.writestr(name, data)
    plan = hsds_plan(target.getvalue(), "町.zip", context)
    (fault,) = plan.errors
    assert str(fault.place) == "町.zip シート「services.csv」 2行目"
    assert fault.column == "status"


@pytest.mark.parametrize("odd", ["..", "a/b", "x" * 101, "a b", "a?b", "改\n行"])
def test_an_id_that_is_no_address_is_replaced(
    context: ImportContext, shipped: Knowledge, odd: str
) -> None:
    """A record's page stands under its id; a file may say anything."""
    first = shipped.resources[0].model_copy(update={"id": odd})
    page = json_bytes(to_hsds(shipped.town, [first]).as_page())
    (record,) = apply(hsds_plan(page, "x.json", context))
    assert record.id.startswith("hsds.")
    again = hsds_plan(page, "x.json", replace(context, existing=(record,)))
    assert again.counts == {"same": 1, "retired": 0}


def test_an_unknown_category_of_ours_can_be_left_out(
    context: ImportContext, shipped: Knowledge
) -> None:
    """An error of one row, so that the rest need not wait."""
    odd = shipped.resources[0].model_copy(update={"categories": ("no.such",)})
    page = json_bytes(to_hsds(shipped.town, [odd, shipped.resources[1]]).as_page())
    plan = hsds_plan(page, "x.json", context)
    with pytest.raises(ImportRefused, match="つなぎにない支援分野コード"):
        apply(plan)
    bad = next(row.place for row in plan.rows if row.fate == "error")
    assert len(apply(plan, Decisions(leave_out=frozenset([bad])))) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空です"),
        (b"{", "JSON として読めません"),
        (b"{}", "service が1件もありません"),
        (b"PK\x03\x04broken", "zip として開けません"),
        ("名前".encode("cp932"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_hsds_is_told(context: ImportContext, data: bytes, said: str) -> None:
    """No exception escapes; the plan says it."""
    plan = hsds_plan(data, "x.json", context)
    assert said in str(plan.errors[0])
    assert plan.rows == ()


def test_a_file_with_only_the_national_catalogue_is_told(
    context: ImportContext, shipped: Knowledge
) -> None:
    """Those are everybody's, and come with the software."""
    page = json_bytes(to_hsds(shipped.town, [], shipped.services, shipped.categories).as_page())
    plan = hsds_plan(page, "x.json", context)
    assert plan.rows == ()
    assert any("全国の制度" in f.remedy for f in plan.findings)
    assert any("町の支援先が1件もありません" in f.remedy for f in plan.errors)
