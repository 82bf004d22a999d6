"""More of what the tests of the store need; the databases are in tests/fixtures/databases.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.store import accounts, sessions
from service.store.engine import open_store, writing
from tests.fixtures.databases import NewStore
from tests.fixtures.store_world import NOW, write_sequence


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A store with three people, one of whom is disabled, and with sessions that are over."""
    for name in ("hanako", "taro", "jiro"):
        person = write_sequence(engine, name)
    with writing(engine) as conn:
        accounts.disable_person(conn, person, NOW)
        sessions.revoke_everybodys(conn, NOW)
    return engine


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup goes."""
    return tmp_path / "backup.zip"


@pytest.fixture
def other(new_store: NewStore) -> Iterator[Engine]:
    """Another, empty database of the same kind."""
    engine = open_store(new_store())
    yield engine
    engine.dispose()
