"""Restoring over what is there: kept unless forced, and then replaced all at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import (
    Engine,
    text,
)

from service.store import accounts, sessions
from service.store.backup import backup
from service.store.engine import open_store, reading, writing
from service.store.errors import StoreMismatch
from service.store.migrate import migrate
from service.store.restore import restore
from tests.fixtures.store_world import (
    NOW,
    add_towns,
    content,
    process,
    restore_and_die,
    write_sequence,
)


def test_a_store_that_is_not_empty_is_kept_unless_forced(
    filled: Engine, other: Engine, file: Path
) -> None:
    backup(filled, file, NOW)
    migrate(other)
    add_towns(other)
    write_sequence(other, "mae-kara")
    before = content(other)
    with pytest.raises(StoreMismatch, match="--force"):
        restore(other, file, NOW)
    assert content(other) == before
    restore(other, file, NOW, force=True)
    assert content(other) == content(filled)


def test_a_store_that_was_prepared_but_never_used_needs_no_force(
    filled: Engine, other: Engine, file: Path
) -> None:
    backup(filled, file, NOW)
    migrate(other)
    restore(other, file, NOW)
    assert content(other) == content(filled)


def test_a_session_that_was_ended_after_the_backup_stays_ended(engine: Engine, file: Path) -> None:
    person = write_sequence(engine, "hanako")
    backup(engine, file, NOW)
    with writing(engine) as conn:
        assert sessions.revoke_all(conn, person, NOW) == 1
    restore(engine, file, NOW, force=True)
    with reading(engine) as conn:
        assert accounts.find_by_login(conn, "hanako")
        assert sessions.live_sessions(conn, person, NOW, timedelta(minutes=30)) == ()


# PostgreSQL lets readers wait for the end instead: the tables are locked.
@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_others_see_the_old_store_until_the_new_one_is_whole(
    filled: Engine, other: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(filled, file, NOW)
    migrate(other)
    add_towns(other)
    seen: list[int] = []

    def look(*_: object) -> None:
        with reading(other) as conn:
            seen.append(accounts.count_people(conn))

    monkeypatch.setattr("service.store.restore.reset_sequences", look)
    restore(other, file, NOW, force=True)
    look()
    assert seen == [0, 3]


def test_readers_wait_for_a_restore_and_then_see_the_new_store(
    filled: Engine, other: Engine, file: Path
) -> None:
    backup(filled, file, NOW)
    migrate(other)
    add_towns(other)
    counts: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with reading(other) as conn:
                counts.append(accounts.count_people(conn))

    reader = threading.Thread(target=look)
    reader.start()
    restore(other, file, NOW, force=True)
    done.set()
    reader.join()
    assert set(counts) <= {0, 3}
    with reading(other) as conn:
        assert accounts.count_people(conn) == 3


def test_a_restore_killed_at_any_moment_leaves_the_old_store(
    filled: Engine, new_store: Callable[[], str], file: Path
) -> None:
    backup(filled, file, NOW)
    address = new_store()
    target = open_store(address)
    migrate(target)
    add_towns(target)
    write_sequence(target, "mae-kara")
    before = content(target)
    for statement in (1, 5, 15, 25, 40, 60, 75):
        with process(restore_and_die, address, str(file), statement) as (child, _):
            child.join(60)
            assert child.exitcode == -9
        assert content(target) == before
    target.dispose()


def test_a_store_of_a_newer_program_is_not_replaced_even_by_force(
    filled: Engine, other: Engine, file: Path
) -> None:
    backup(filled, file, NOW)
    migrate(other)
    with writing(other) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreMismatch, match="新しい"):
        restore(other, file, NOW, force=True)
