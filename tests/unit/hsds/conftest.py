"""The sample town as HSDS, and an invented service as another system would write it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from knowledge.hsds.document import HsdsDocument
from knowledge.hsds.write import to_hsds
from knowledge.load import load_knowledge
from knowledge.models import Knowledge
from tests.fixtures.hsds_foreign import FOREIGN, Foreign, Object


@pytest.fixture(scope="session")
def shipped() -> Knowledge:
    """The national catalogue with the invented sample town."""
    return load_knowledge()


@pytest.fixture(scope="session")
def document(shipped: Knowledge) -> HsdsDocument:
    """All of it as HSDS."""
    return to_hsds(shipped.town, shipped.resources, shipped.services, shipped.categories)


@pytest.fixture
def foreign() -> Foreign:
    """Makes the service of another system, with some members changed (None: left out)."""

    def make(**changed: Any) -> Object:
        made = deepcopy(FOREIGN) | changed
        return {key: value for key, value in made.items() if value is not None}

    return make
