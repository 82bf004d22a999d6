"""The knowledge of the invented sample town; no model is loaded."""

from __future__ import annotations

import pytest

from knowledge.load import load_knowledge
from knowledge.models import Knowledge


@pytest.fixture(scope="session")
def town() -> Knowledge:
    """The town's records."""
    return load_knowledge()
