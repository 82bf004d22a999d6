"""Every table says how long its rows live; what is due goes by itself and leaves a trace."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from service.accounts import people
from service.errors import NotFound
from service.store import accounts, audit, grants, limits, sessions
from service.store.caretaker import Caretaker
from service.store.engine import open_store, reading, writing
from service.store.errors import StoreBusy
from service.store.retention import RETENTION, Removed, erase_person, expire, export_person
from tests.fixtures.store_world import ACTOR, NOW, TOWN, record, write_sequence

DAY = timedelta(days=1)


def test_every_table_of_the_database_says_how_long_its_rows_live(engine: Engine) -> None:
    with reading(engine) as conn:
        assert set(inspect(conn).get_table_names()) == set(RETENTION)
    for keep in RETENTION.values():
        assert not keep.why.isascii()
        assert keep.counted_from


def _rows(engine: Engine, table: str) -> int:
    with reading(engine) as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def _expired(table: str, rows: int) -> tuple[Removed, ...]:
    return (Removed(table, rows),)


def test_sessions_go_thirty_days_after_their_end_or_their_revocation(engine: Engine) -> None:
    write_sequence(engine, "hanako")
    person = write_sequence(engine, "taro")
    with writing(engine) as conn:
        sessions.open_session(conn, "long", person, NOW, 90 * DAY)
        sessions.open_session(conn, "revoked", person, NOW, 90 * DAY)
        sessions.revoke_session(conn, sessions.hash_token("revoked"), NOW + DAY)
    assert expire(engine, NOW + 30 * DAY) == ()
    assert expire(engine, NOW + 30 * DAY + timedelta(hours=11)) == _expired("sessions", 2)
    assert expire(engine, NOW + 31 * DAY + timedelta(hours=1)) == _expired("sessions", 1)
    assert _rows(engine, "sessions") == 1


def test_rate_counters_go_after_a_day(engine: Engine) -> None:
    with writing(engine) as conn:
        limits.add_hit(conn, "x", NOW, timedelta(minutes=5))
    assert expire(engine, NOW + DAY) == ()
    assert expire(engine, NOW + DAY + timedelta(hours=1)) == _expired("rate_counters", 1)


def test_a_disabled_person_goes_after_a_year_with_roles_and_sessions(engine: Engine) -> None:
    gone = write_sequence(engine, "hanako")
    stays = write_sequence(engine, "taro")
    with writing(engine) as conn:
        accounts.disable_person(conn, gone, NOW)
    assert expire(engine, NOW + 29 * DAY) == ()
    assert Removed("people", 1) in expire(engine, NOW + 366 * DAY)
    with reading(engine) as conn:
        assert [person.id for person in accounts.list_people(conn)] == [stays]
        assert grants.grants_of(conn, gone) == ()
        last = audit.list_entries(conn, action="person.erase")[-1]
        assert (last.actor, last.subject_id, last.detail) == (
            "system",
            gone,
            '{"reason":"retention"}',
        )
        assert audit.verify_chain(conn) is None


def test_audit_rows_go_after_five_years_sealed_and_the_chain_stays_whole(engine: Engine) -> None:
    person = write_sequence(engine, "hanako")
    with writing(engine) as conn:
        record(conn, "person.change", person, NOW + 3 * 365 * DAY)
    now = NOW + (5 * 365 + 1) * DAY
    assert Removed("audit", 2) in expire(engine, now)
    with reading(engine) as conn:
        assert audit.verify_chain(conn) is None
        actions = [entry.action for entry in audit.list_entries(conn)]
    assert actions == ["person.change", "retention.expire", "audit.seal", "retention.expire"]
    assert expire(engine, now) == ()


def test_what_expired_is_in_the_audit_with_its_count(engine: Engine) -> None:
    write_sequence(engine, "hanako")
    expire(engine, NOW + 40 * DAY)
    with reading(engine) as conn:
        entry = audit.list_entries(conn)[-1]
    assert (entry.actor, entry.action, entry.at) == ("system", "retention.expire", NOW + 40 * DAY)
    assert (entry.subject_id, entry.detail) == ("sessions", '{"count":1}')


# One person's data.


def test_an_export_holds_all_there_is_about_a_person_and_no_secret(engine: Engine) -> None:
    person = write_sequence(engine, "hanako")
    write_sequence(engine, "taro")
    with writing(engine) as conn:
        accounts.set_password(conn, person, "$argon2id$himitsu", NOW)
        audit.append(conn, audit.Event(person, "session.open"), NOW)
    given = export_person(engine, person, NOW + DAY)
    told = json.loads(given)
    assert told["person"]["login"] == "hanako"
    assert told["person"]["has_password"] is True
    assert [grant["role"] for grant in told["grants"]] == ["staff", "keeper"]
    assert told["sessions"] == [
        {
            "created_at": "2026-06-01T00:30:00.000000Z",
            "last_seen_at": "2026-06-01T00:30:00.000000Z",
            "expires_at": "2026-06-01T10:30:00.000000Z",
            "revoked_at": None,
        }
    ]
    actions = ["person.add", "grant.give", "session.open", "person.export"]
    assert [entry["action"] for entry in told["audit"]] == actions
    for secret in ("himitsu", sessions.hash_token("token of hanako"), "taro"):
        assert secret not in given


def test_an_erased_person_leaves_only_an_id_that_means_nothing(engine: Engine) -> None:
    person = write_sequence(engine, "hanako")
    with writing(engine) as conn:
        audit.append(conn, audit.Event(person, "session.open", ("person", person)), NOW)
    with writing(engine) as conn:
        erase_person(conn, person, NOW, ACTOR)
    with reading(engine) as conn:
        assert accounts.find_by_login(conn, "hanako") is None
        assert audit.verify_chain(conn) is None
        last = audit.list_entries(conn)[-1]
        assert (last.action, last.subject_id, last.detail) == (
            "person.erase",
            person,
            '{"reason":"request"}',
        )
        for table in inspect(conn).get_table_names():
            rows = repr(conn.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            assert "hanako" not in rows
            assert (person in rows) is (table == "audit")


def test_someone_who_is_not_there_is_neither_exported_nor_erased(engine: Engine) -> None:
    with pytest.raises(NotFound):
        export_person(engine, "nai", NOW)
    with pytest.raises(NotFound), writing(engine) as conn:
        erase_person(conn, "nai", NOW)
    assert _rows(engine, "audit") == 0


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["asked for", "expired"])
def test_an_erased_name_is_gone_from_the_sqlite_files_too(
    engine: Engine, url: str, how: str
) -> None:
    # The server beside it keeps the file open: the log (WAL) is not tidied up by closing it.
    server = open_store(url)
    person = write_sequence(engine, "himitsu-no-namae")
    with reading(server) as conn:
        assert accounts.count_people(conn) == 1
    if how == "asked for":
        people.erase(engine, ACTOR, person, NOW)
    else:
        people.disable(engine, ACTOR, person, NOW)
        expire(engine, NOW + 366 * DAY)
    file = Path(str(engine.url.database))
    for each in file.parent.glob(f"{file.name}*"):
        assert b"himitsu-no-namae" not in each.read_bytes(), each
    server.dispose()


def test_erasing_goes_on_while_somebody_reads(engine: Engine, url: str) -> None:
    person = write_sequence(engine, "hanako")
    server = open_store(url)
    with reading(server) as conn:
        assert accounts.count_people(conn) == 1
        people.erase(engine, ACTOR, person, NOW)
        assert accounts.count_people(conn) == 1
    with reading(server) as conn:
        assert accounts.count_people(conn) == 0
    server.dispose()


# By itself.


def test_the_caretaker_begins_at_once_goes_on_and_stops(engine: Engine) -> None:
    write_sequence(engine, "hanako")
    asked = threading.Semaphore(0)

    def clock() -> datetime:
        asked.release()
        return NOW + 40 * DAY

    caretaker = Caretaker(engine, clock, every_seconds=0.01)
    caretaker.start()
    assert all(asked.acquire(timeout=10) for _ in range(3))
    caretaker.stop()
    assert _rows(engine, "sessions") == 0
    assert TOWN.code in repr(_towns(engine))


def _towns(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return list(conn.execute(text("SELECT code FROM towns")).scalars())


def test_the_caretaker_tries_again_when_the_store_is_busy(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = threading.Semaphore(0)

    def busy(*_: object) -> None:
        calls.release()
        raise StoreBusy("混み合っています")

    monkeypatch.setattr("service.store.caretaker.expire", busy)
    caretaker = Caretaker(engine, lambda: NOW, every_seconds=0.01)
    caretaker.start()
    assert all(calls.acquire(timeout=10) for _ in range(2))
    caretaker.stop()
