"""The attacked desk: a new one as often as a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.triage.triage import Desk
from tests.fixtures.attacked import Attacked, NewDesk, attacked_desk


@pytest.fixture
def new_desk(desk: Desk, tmp_path: Path) -> Iterator[NewDesk]:
    """Return a function that makes an attacked desk."""
    made: list[Attacked] = []

    def make(**wanted: object) -> Attacked:
        made.append(attacked_desk(desk, tmp_path / f"desk-{len(made)}", **wanted))
        return made[-1]

    yield make
    for each in made:
        each.engine.dispose()
