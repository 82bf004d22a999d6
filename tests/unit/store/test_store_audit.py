"""The audit only grows, and tells when somebody made it otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from service.store import audit
from service.store.audit import Event, Head, append, list_entries, verify_chain
from service.store.audit_words import ACTIONS, DETAIL
from service.store.engine import reading, writing
from tests.fixtures.store_world import ACTOR, NOW, TOWN, write_sequence

PERSON = "0f8fad5b-d9cb-469f-a165-70867728950e"
HOUR = timedelta(hours=1)


def _write(engine: Engine, count: int) -> None:
    """Record so many events, an hour apart."""
    with writing(engine) as conn:
        for number in range(count):
            event = Event(ACTOR, "person.change", ("person", PERSON), TOWN.code, detail={"field": "login"})  # fmt: skip
            append(conn, event, NOW + number * HOUR)


def _switch_guards(conn: Connection, on: bool) -> None:
    """What an intruder with the database's own rights can do."""
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ALTER TABLE audit {'ENABLE' if on else 'DISABLE'} TRIGGER ALL"))
    elif not on:
        for name in ("audit_no_update", "audit_no_delete", "audit_in_order"):
            conn.execute(text(f"DROP TRIGGER {name}"))


def _tamper(engine: Engine, *statements: str) -> None:
    with writing(engine) as conn:
        _switch_guards(conn, False)
        for statement in statements:
            conn.execute(text(statement))


def test_rows_are_numbered_linked_and_read_back_as_written(engine: Engine) -> None:
    with writing(engine) as conn:
        event = Event(ACTOR, "grant.give", ("person", PERSON), TOWN.code, "denied", {"role": "admin", "count": 1})  # fmt: skip
        first = append(conn, event, NOW)
        second = append(conn, Event("system", "session.open"), NOW + HOUR)
    assert (first.seq, first.previous_hash) == (1, audit.GENESIS)
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert first.detail == '{"count":1,"role":"admin"}'
    with reading(engine) as conn:
        assert list_entries(conn) == (first, second)
        assert audit.head(conn) == Head(2, second.hash)
        assert verify_chain(conn, Head(2, second.hash)) is None


def test_the_hash_is_the_same_on_every_database_and_in_every_version(engine: Engine) -> None:
    with writing(engine) as conn:
        entry = append(conn, Event(ACTOR, "person.add", ("person", PERSON), TOWN.code), NOW)
    # A change here breaks every town's chain.
    assert entry.hash == "b41a39935244b487946ee8912338bb7b6557c154b0f116ec153bc131ce8b76c2"


def test_an_empty_audit_is_whole(engine: Engine) -> None:
    with reading(engine) as conn:
        assert audit.head(conn) is None
        assert verify_chain(conn) is None


@pytest.mark.parametrize(
    "event",
    [
        Event(ACTOR, "naiyo"),
        Event("母84が同じ話をくり返す", "person.add"),
        Event(ACTOR, "person.add", ("person", "母84が同じ話をくり返す")),
        Event(ACTOR, "person.add", ("相談", PERSON)),
        Event(ACTOR, "person.add", town_code="みどり町"),
        Event(ACTOR, "person.add", detail={"note": 1}),
        Event(ACTOR, "person.add", detail={"reason": "母84が同じ話をくり返す"}),
        Event(ACTOR, "person.add", detail={"reason": "a sentence in English"}),
        Event(ACTOR, "person.add", detail={"reason": "a" * 81}),
        Event(ACTOR, "person.add", detail={"count": 1.5}),  # type: ignore[dict-item]
    ],
)
def test_words_that_are_not_listed_never_reach_the_audit(engine: Engine, event: Event) -> None:
    with pytest.raises(ValueError, match="audit:") as caught, writing(engine) as conn:
        append(conn, event, NOW)
    assert "母" not in str(caught.value)
    with reading(engine) as conn:
        assert audit.count_entries(conn) == 0


def test_every_word_is_explained_in_japanese() -> None:
    for words in (ACTIONS, DETAIL):
        assert all(key.isascii() and not meaning.isascii() for key, meaning in words.items())


def test_entries_are_found_by_time_person_and_action(engine: Engine) -> None:
    _write(engine, 3)
    with writing(engine) as conn:
        append(conn, Event(PERSON, "session.open"), NOW + 3 * HOUR)

    def seqs(**narrowed: object) -> list[int]:
        with reading(engine) as conn:
            return [entry.seq for entry in list_entries(conn, **narrowed)]  # type: ignore[arg-type]

    assert seqs(since=NOW + HOUR) == [2, 3, 4]
    assert seqs(actor=PERSON) == [4]
    assert seqs(action="person.change") == [1, 2, 3]
    assert seqs(action="session.") == [4]
    assert seqs(action="%.") == []
    assert seqs(limit=2) == [3, 4]


# The database's own guards.


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'system'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT seq + 5, at, actor, town_code, action, subject_kind, subject_id,"
        " outcome, detail, previous_hash, hash FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT seq + 1, at, actor, town_code, action, subject_kind, subject_id,"
        " outcome, detail, previous_hash, hash FROM audit WHERE seq = 3",
    ],
)
def test_rows_cannot_be_changed_removed_or_slipped_in(engine: Engine, statement: str) -> None:
    _write(engine, 3)
    with pytest.raises(DBAPIError, match="audit:"), writing(engine) as conn:
        conn.execute(text(statement))
    with reading(engine) as conn:
        assert audit.count_entries(conn) == 3
        assert verify_chain(conn) is None


def test_the_back_doors_of_each_database_are_shut(engine: Engine) -> None:
    _write(engine, 3)
    statement = (
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2"
        if engine.dialect.name == "sqlite"
        else "TRUNCATE audit"
    )
    with pytest.raises(DBAPIError, match="audit:"), writing(engine) as conn:
        conn.execute(text(statement))


# What the chain shows once the guards are off.


@pytest.mark.parametrize(
    ("statements", "seq", "reason"),
    [
        (("UPDATE audit SET actor = 'system' WHERE seq = 3",), 3, "書き換え"),
        (("UPDATE audit SET detail = '{}' WHERE seq = 1",), 1, "書き換え"),
        (("UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 5",), 5, "書き換え"),
        (("DELETE FROM audit WHERE seq = 3",), 4, "抜けて"),
        (("DELETE FROM audit WHERE seq <= 2",), 3, "封じずに"),
        (("DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"), 3, "つながって"),
    ],
)  # fmt: skip
def test_the_first_broken_link_is_named(
    engine: Engine, statements: tuple[str, ...], seq: int, reason: str
) -> None:
    _write(engine, 5)
    _tamper(engine, *statements)
    with reading(engine) as conn:
        broken = verify_chain(conn)
    assert broken is not None
    assert broken.seq == seq
    assert reason in broken.reason


def test_a_head_noted_earlier_shows_a_cut_end_and_a_chain_written_anew(engine: Engine) -> None:
    _write(engine, 5)
    with reading(engine) as conn:
        noted = audit.head(conn)
    _tamper(engine, "DELETE FROM audit WHERE seq > 3")
    with reading(engine) as conn:
        assert verify_chain(conn) is None
        cut = verify_chain(conn, noted)
    assert cut is not None
    assert "終わりが消され" in cut.reason
    with writing(engine) as conn:
        for _ in range(3):
            append(conn, Event("system", "session.open"), NOW)
    with reading(engine) as conn:
        assert verify_chain(conn) is None
        anew = verify_chain(conn, noted)
    assert anew is not None
    assert "書き直されて" in anew.reason


# Sealing.


def _seal(engine: Engine, before_hours: int, now_hours: int = 100) -> int:
    with writing(engine) as conn:
        return audit.seal_before(conn, NOW + before_hours * HOUR, NOW + now_hours * HOUR)


def test_a_seal_stands_for_what_it_removed_and_the_chain_goes_on(engine: Engine) -> None:
    _write(engine, 5)
    assert _seal(engine, 3) == 3
    with reading(engine) as conn:
        assert verify_chain(conn) is None
        left = list_entries(conn)
    assert [entry.seq for entry in left] == [4, 5, 6]
    assert left[-1].action == audit.SEAL
    assert (left[-1].subject_kind, left[-1].subject_id) == ("audit", "3")
    assert f'"count":3,"last_hash":"{left[0].previous_hash}"' in left[-1].detail


def test_a_later_seal_takes_the_place_of_an_earlier_one(engine: Engine) -> None:
    _write(engine, 5)
    _seal(engine, 3)
    assert _seal(engine, 200, 300) == 3
    assert _seal(engine, 200, 301) == 0
    with reading(engine) as conn:
        assert [entry.seq for entry in list_entries(conn)] == [7]
        assert verify_chain(conn) is None
    write_sequence(engine, "hanako")
    with reading(engine) as conn:
        assert verify_chain(conn) is None


def test_nothing_due_leaves_no_seal(engine: Engine) -> None:
    _write(engine, 2)
    assert _seal(engine, 0) == 0
    with reading(engine) as conn:
        assert audit.count_entries(conn) == 2


def test_more_than_the_seal_covers_cannot_be_removed(engine: Engine) -> None:
    _write(engine, 5)
    _seal(engine, 3)
    with pytest.raises(DBAPIError, match="audit:"), writing(engine) as conn:
        conn.execute(text("DELETE FROM audit WHERE seq <= 4"))
    _tamper(engine, "DELETE FROM audit WHERE seq = 4")
    with reading(engine) as conn:
        broken = verify_chain(conn)
    assert broken is not None
    assert "封じずに" in broken.reason
