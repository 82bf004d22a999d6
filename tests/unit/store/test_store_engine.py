"""Opening a store, writing and reading it, and what a person reads when it does not work."""

from __future__ import annotations

import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError

from service.errors import BadInput
from service.store import accounts, audit
from service.store.engine import open_store, reading, sqlite_file, writing
from service.store.errors import StoreBusy, StoreDamaged, StoreUnreachable, StoreUnwritable
from service.store.migrate import migrate
from service.store.times import from_utc_text, utc_text
from tests.fixtures.store_world import NOW, process, write_sequence, write_some

WRITERS = 20
EACH = 5


# Addresses.


@pytest.mark.parametrize(
    "url",
    ["", "naiyo", "mysql://u:himitsu@h/x", "sqlite://", "sqlite:///:memory:", "postgresql+pg8000://u:himitsu@h/x"],
)  # fmt: skip
def test_an_address_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match="TSUNAGI_DATABASE_URL") as caught:
        open_store(url)
    assert "himitsu" not in str(caught.value)


def test_the_usual_spellings_of_a_postgres_address_are_taken() -> None:
    for url in ("postgres://u@h/x", "postgresql://u@h/x", "postgresql+psycopg://u@h/x"):
        assert open_store(url).url.drivername == "postgresql+psycopg"


def test_a_server_that_does_not_answer_is_said_in_japanese() -> None:
    engine = open_store("postgresql://u:himitsu@127.0.0.1:1/x")
    with pytest.raises(StoreUnreachable, match="つながりません"), reading(engine):
        pass


def test_a_file_that_is_no_database_is_said_in_japanese(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database, but long enough to look at" * 100)
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(StoreDamaged, match="tsunagi restore"), reading(engine):
        pass
    engine.dispose()


def test_a_full_disk_is_said_in_japanese(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    migrate(engine)
    with pytest.raises(StoreUnwritable, match="空きが足りず"), writing(engine) as conn:  # noqa: PT012
        conn.execute(text("PRAGMA max_page_count = 1"))
        conn.execute(text("CREATE TABLE more (words TEXT)"))
        conn.execute(text("INSERT INTO more VALUES (randomblob(1000000))"))
    engine.dispose()


# What a commit promises.


def test_sqlite_is_set_to_survive_power_loss_and_to_keep_its_rules(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/new/x.db")
    with writing(engine) as conn:
        found = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    file = sqlite_file(engine)
    assert file is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    engine.dispose()


def test_postgres_waits_for_the_disk_even_where_the_default_is_not_to(postgres: str) -> None:
    off = make_url(postgres).update_query_dict({"options": "-csynchronous_commit=off"})
    engine = open_store(off.render_as_string(hide_password=False))
    with reading(engine) as conn:
        assert conn.execute(text("SHOW synchronous_commit")).scalar() == "on"
    engine.dispose()


def test_an_error_in_the_middle_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError), writing(engine) as conn:  # noqa: PT012
        accounts.add_person(conn, "hanako", "花子", NOW)
        raise RuntimeError
    with reading(engine) as conn:
        assert accounts.count_people(conn) == 0


def test_a_reader_sees_one_moment_while_others_write(engine: Engine) -> None:
    with reading(engine) as conn:
        assert accounts.count_people(conn) == 0
        write_sequence(engine, "hanako")
        assert accounts.count_people(conn) == 0
    with reading(engine) as conn:
        assert accounts.count_people(conn) == 1


def test_a_reader_cannot_write(engine: Engine) -> None:
    with pytest.raises(DBAPIError), reading(engine) as conn:
        accounts.add_person(conn, "hanako", "花子", NOW)
    # The same connection, handed out again, can.
    write_sequence(engine, "hanako")


def test_times_come_back_in_utc_whatever_zone_they_were_in(engine: Engine) -> None:
    japan = timezone(timedelta(hours=9))
    moment = datetime(2026, 6, 1, 9, 30, 0, 123456, tzinfo=japan)
    with writing(engine) as conn:
        person = accounts.add_person(conn, "hanako", "花子", moment)
    assert person.created_at == moment
    assert person.created_at.tzinfo is UTC
    assert utc_text(person.created_at) == "2026-06-01T00:30:00.123456Z"
    assert from_utc_text("2026-06-01T00:30:00.123456Z") == moment


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(Exception, match="zone"), writing(engine) as conn:
        accounts.add_person(conn, "hanako", "花子", datetime(2026, 6, 1))


# Many at once.


def test_a_writer_that_waits_in_vain_reads_that_the_store_is_busy(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.engine.LOCK_WAIT_MS", 50)
    with writing(engine):
        other = open_store(engine.url.render_as_string(hide_password=False))
        started = time.monotonic()
        with pytest.raises(StoreBusy, match="混み合って"), writing(other, attempts=3):
            pass
        assert time.monotonic() - started > 0.15
        with reading(other) as conn:
            assert accounts.count_people(conn) == 0
        other.dispose()


def test_a_writer_gets_its_turn_when_the_lock_is_free_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.engine.LOCK_WAIT_MS", 50)
    with ThreadPoolExecutor(1) as pool:
        other = open_store(engine.url.render_as_string(hide_password=False))
        with writing(engine):
            waiting = pool.submit(write_sequence, other, "hanako")
            time.sleep(0.3)
            assert not waiting.done()
        assert waiting.result(timeout=10)
        other.dispose()


def _check_all_there(engine: Engine) -> None:
    with reading(engine) as conn:
        assert accounts.count_people(conn) == WRITERS * EACH
        assert audit.count_entries(conn) == 2 * WRITERS * EACH
        assert audit.verify_chain(conn) is None


def test_twenty_threads_write_and_none_hears_of_a_lock(engine: Engine) -> None:
    def work(prefix: int) -> None:
        for number in range(EACH):
            write_sequence(engine, f"{prefix}-{number}")

    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(work, prefix) for prefix in range(WRITERS)]:
            done.result()
    _check_all_there(engine)


def test_twenty_processes_write_and_none_hears_of_a_lock(engine: Engine, url: str) -> None:
    with ExitStack() as stack:
        pipes = [
            stack.enter_context(process(write_some, url, str(prefix), EACH))[1]
            for prefix in range(WRITERS)
        ]
        assert [pipe.recv() for pipe in pipes] == [""] * WRITERS
    _check_all_there(engine)


def test_a_plain_sqlite_program_may_hold_the_file_for_a_moment(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    migrate(engine)
    outsider = sqlite3.connect(tmp_path / "x.db", isolation_level=None, check_same_thread=False)
    outsider.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(migrate_and_count, engine)
        time.sleep(0.2)
        outsider.execute("ROLLBACK")
        assert waiting.result(timeout=10) == 0
    outsider.close()
    engine.dispose()


def migrate_and_count(engine: Engine) -> int:
    with writing(engine) as conn:
        return accounts.count_people(conn)
