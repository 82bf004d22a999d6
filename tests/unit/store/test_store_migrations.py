"""From nothing and from the previous schema to the newest, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, inspect, text, update

from service.errors import NotReady
from service.store import accounts, audit, limits
from service.store.engine import open_store, reading, writing
from service.store.errors import StoreMismatch
from service.store.migrate import (
    check_ready,
    migrate,
    newest_revision,
    own_tables,
    revision_of,
    upgrade,
)
from service.store.migrations.versions import (
    r0001_ground,
    r0002_rate_counters,
    r0003_password_time,
    r0004_records,
    r0005_cases,
)
from service.store.tables import METADATA
from service.store.towns import list_towns, save_town
from tests.fixtures.store_world import (
    NOW,
    OLD_PEOPLE,
    TOWN,
    migrate_once,
    process,
    record,
    write_old_sequence,
)

DAY = timedelta(days=1)


@pytest.fixture(params=["0001", "0002", "0003", "0004"])
def previous(bare: Engine, request: pytest.FixtureRequest) -> Engine:
    """A database of an earlier schema, with one sequence of rows."""
    with writing(bare) as conn:
        upgrade(conn, request.param)
        save_town(conn, TOWN)
    write_old_sequence(bare, "hanako")
    return bare


def _check_newest(engine: Engine) -> None:
    with reading(engine) as conn:
        assert revision_of(conn) == newest_revision()
        assert compare_metadata(MigrationContext.configure(conn), METADATA) == []


def test_an_empty_database_gets_the_newest_schema(bare: Engine) -> None:
    assert migrate(bare) == newest_revision()
    _check_newest(bare)
    # Again, as at every start.
    assert migrate(bare) == newest_revision()


def test_the_previous_schema_is_brought_forward_with_its_rows(previous: Engine) -> None:
    migrate(previous)
    _check_newest(previous)
    with reading(previous) as conn:
        assert [person.login for person in accounts.list_people(conn)] == ["hanako"]
        assert audit.verify_chain(conn) is None
        assert limits.hits_of(conn, "x", NOW, timedelta(minutes=15)).count == 0


def test_passwords_of_the_previous_schema_get_the_time_at_which_they_were_set(
    bare: Engine,
) -> None:
    with writing(bare) as conn:
        upgrade(conn, "0002")
        save_town(conn, TOWN)
    ids = {name: write_old_sequence(bare, name) for name in ("invited", "reset", "own", "oidc")}
    with writing(bare) as conn:
        for name, person_id in ids.items():
            hashed = None if name == "oidc" else "$argon2id$x"
            old = update(OLD_PEOPLE).where(OLD_PEOPLE.c.id == person_id)
            conn.execute(
                old.values(password_hash=hashed, must_change_password=name in ("invited", "reset"))
            )
        record(conn, "password.reset", ids["reset"], NOW + DAY)
        record(conn, "password.change", ids["own"], NOW + 2 * DAY)
        # Before the audit began, or after its rows were sealed away.
        hashed_early = {"must_change_password": True, "password_hash": "$argon2id$x"}
        plain = {"display_name": "古い 人", "failed_logins": 0, "created_at": NOW - DAY}
        early = insert(OLD_PEOPLE).values(id="0" * 36, login="early", **plain, **hashed_early)
        conn.execute(early)
    migrate(bare)
    with reading(bare) as conn:
        found = {person.login: person.password_set_at for person in accounts.list_people(conn)}
    assert found == {
        "early": NOW - DAY,
        "invited": NOW,
        "oidc": None,
        "own": NOW + 2 * DAY,
        "reset": NOW + DAY,
    }


def test_the_steps_make_exactly_the_tables_that_the_program_names(tmp_path: Path) -> None:
    def schema(engine: Engine) -> dict[str, str]:
        query = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type != 'trigger'"
        with reading(engine) as conn:
            found = {name: " ".join(sql.split()) for name, sql in conn.execute(text(query))}
        engine.dispose()
        found.pop("alembic_version", None)
        return found

    stepped, direct = (open_store(f"sqlite:///{tmp_path}/{name}.db") for name in ("a", "b"))
    migrate(stepped)
    with writing(direct) as conn:
        METADATA.create_all(conn)
    assert schema(stepped) == schema(direct)


def test_every_constraint_has_a_name(engine: Engine) -> None:
    with reading(engine) as conn:
        inspector = inspect(conn)
        for table in own_tables(conn):
            assert inspector.get_pk_constraint(table)["name"] == f"pk_{table}"
            for found in (
                *inspector.get_check_constraints(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_foreign_keys(table),
            ):
                assert found["name"]


def test_a_database_of_a_newer_program_is_refused_untouched(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreMismatch, match=r"9999.*より新しい"):
        migrate(engine)
    with reading(engine) as conn:
        assert revision_of(conn) == "9999"
        assert len(list_towns(conn)) == 2


def test_tables_of_another_program_are_refused_untouched(bare: Engine) -> None:
    with writing(bare) as conn:
        conn.execute(text("CREATE TABLE people (name TEXT)"))
    with pytest.raises(StoreMismatch, match="people"):
        migrate(bare)
    with reading(bare) as conn:
        assert own_tables(conn) == ("people",)


def test_a_database_that_was_never_prepared_is_said_in_japanese(bare: Engine) -> None:
    with pytest.raises(NotReady, match="まだ作られていません"):
        check_ready(bare)


def test_there_is_no_way_back() -> None:
    for step in (
        r0001_ground,
        r0002_rate_counters,
        r0003_password_time,
        r0004_records,
        r0005_cases,
    ):
        with pytest.raises(NotImplementedError, match="戻すことはできません"):
            step.downgrade()


def test_processes_that_start_together_migrate_once(url: str) -> None:
    with ExitStack() as stack:
        pipes = [stack.enter_context(process(migrate_once, url))[1] for _ in range(8)]
        assert [pipe.recv() for pipe in pipes] == [newest_revision()] * 8
    engine = open_store(url)
    _check_newest(engine)
    engine.dispose()


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A file some other SQLite program made."""
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    return file


def test_other_tables_beside_ours_do_no_harm(old_file: Path) -> None:
    engine = open_store(f"sqlite:///{old_file}")
    migrate(engine)
    with reading(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM recipes")).scalar() == 0
    engine.dispose()
