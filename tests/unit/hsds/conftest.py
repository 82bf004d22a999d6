"""The sample town as HSDS, and an invented service as another system would write it."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from knowledge.hsds.bridge import hsds_plan
from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.write import to_hsds
from knowledge.importing.apply import apply
from knowledge.importing.records import KeptRecord
from knowledge.importing.run import ImportContext
from knowledge.load import load_knowledge
from knowledge.models import Knowledge
from tests.fixtures.hsds_foreign import FOREIGN, KEPT_MORE, Foreign, Object


@pytest.fixture(scope="session")
def shipped() -> Knowledge:
    """The national catalogue with the invented sample town."""
    return load_knowledge()


@pytest.fixture(scope="session")
def document(shipped: Knowledge) -> HsdsDocument:
    """All of it as HSDS."""
    return to_hsds(shipped.town, shipped.resources, shipped.services, shipped.categories, KEPT_MORE)


@pytest.fixture
def foreign() -> Foreign:
    """Makes the service of another system, with some members changed (None: left out)."""

    def make(**changed: Any) -> Object:
        made = deepcopy(FOREIGN) | changed
        return {key: value for key, value in made.items() if value is not None}

    return make


@pytest.fixture(scope="session")
def context(shipped: Knowledge) -> ImportContext:
    """An empty second town, with everything the catalogue knows."""
    town = shipped.town.model_copy(update={"code": "999998", "name": "となり町"})
    return ImportContext(
        today=date(2026, 11, 24),
        town=town,
        category_codes=frozenset(c.code for c in shipped.categories),
        facts={fact.code: fact for fact in shipped.facts},
    )


@pytest.fixture(scope="session")
def page(document: HsdsDocument) -> bytes:
    """The sample town as a JSON file."""
    return json_bytes(document.as_page())


@pytest.fixture(scope="session")
def kept(page: bytes, context: ImportContext) -> tuple[KeptRecord, ...]:
    """The records of the second town after the first import."""
    return apply(hsds_plan(page, "export.json", context))
