"""The published examples and schemas of HSDS, where ../shared has them (they are not committed)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge.hsds.read import read_json
from knowledge.hsds.read_datapackage import read_datapackage
from knowledge.hsds.schemas import SCHEMA_DIR

OPENDATA = Path(os.environ.get("TSUNAGI_OPENDATA", Path(__file__).parents[4] / "shared/opendata"))
PUBLISHED = OPENDATA / "schemas" / "hsds-3"
pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="shared/opendata/schemas がありません（TSUNAGI_OPENDATA で指定）"
)


def test_our_copy_of_the_schemas_is_the_published_one() -> None:
    """CC BY-SA: attributed and unchanged."""
    ours = {path.name: path.read_bytes() for path in SCHEMA_DIR.glob("*.json")}
    published = {path.name: path.read_bytes() for path in (PUBLISHED / "schema").glob("*.json")}
    assert ours == {name: data for name, data in published.items() if name != "openapi.json"}
    assert (SCHEMA_DIR / "LICENSE.txt").read_bytes() == (PUBLISHED / "LICENSE").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "service_full.json",
        "service_list.json",
        "organization_full.json",
        "service_at_location_full.json",
        "service_at_location_list.json",
        "tabular.json",
    ],
)
def test_every_example_with_a_service_gives_its_draft(name: str) -> None:
    """One service each, the same in every shape."""
    imported = read_json((PUBLISHED / "examples" / name).read_bytes(), name)
    assert imported.problems == ()
    (draft,) = imported.drafts
    assert draft.name == "Community Counselling"
    assert draft.values["for_whom"].startswith("This service is intended for all people aged 12")
    assert draft.values["opening"] == ()
    assert "categories" in draft.missing


def test_the_example_of_the_tabular_form_gives_its_draft() -> None:
    """Its description is a link that was stored as text, and 8 of its ids name no row."""
    imported = read_datapackage(PUBLISHED / "examples" / "csv")
    assert imported.problems == ()
    (draft,) = imported.drafts
    contact = draft.values["contact"]
    assert contact.phone == "+44 1234 234567（内線 100）"
    assert contact.window == "Reception"
    assert contact.address.startswith("1-30 Main Street, MyVillage, MyCity")
    loose = [n for n in imported.notices if "読みません" in n.remedy and "つながり" in n.remedy]
    assert len(loose) == 6


@pytest.mark.parametrize(
    "name",
    ["base.json", "location.json", "organization_list.json", "taxonomy.json", "taxonomy_list.json",
     "taxonomy_term.json", "taxonomy_term_list.json"],
)  # fmt: skip
def test_an_example_without_a_service_is_told_so(name: str) -> None:
    """Nothing to import."""
    imported = read_json((PUBLISHED / "examples" / name).read_bytes(), name)
    assert imported.drafts == ()
    assert "service が1件もありません" in str(imported.problems[0])
