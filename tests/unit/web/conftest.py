"""A desk that is quick to make, and the town hall around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.store_world import TOWN, add_towns
from tests.fixtures.web_world import Hall


@pytest.fixture(scope="session")
def small_desk(desk: Desk) -> Desk:
    """The real desk, moved to the town of the store's tests."""
    own = {"code": TOWN.code, "name": TOWN.name}
    town = desk.knowledge.town.model_copy(update=own)
    return replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town}))


@pytest.fixture
def hall(small_desk: Desk, engine: Engine) -> Hall:
    """The town hall, on SQLite and on PostgreSQL."""
    return Hall(small_desk, engine)


@pytest.fixture
def light_hall(small_desk: Desk, tmp_path: Path) -> Iterator[Hall]:
    """The town hall on SQLite alone, for what has nothing to do with the database."""
    engine = open_store(f"sqlite:///{tmp_path}/hall.db")
    migrate(engine)
    add_towns(engine)
    yield Hall(small_desk, engine)
    engine.dispose()
