"""Backup while others write, and what comes back from it in the same or the other database."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    make_url,
    select,
    text,
)

from service.errors import BadInput, NotReady
from service.store import accounts, audit
from service.store.archive import check_archive
from service.store.backup import backup
from service.store.engine import open_store, reading, writing
from service.store.errors import StoreDamaged
from service.store.migrate import migrate, newest_revision, revision_of, upgrade
from service.store.restore import reset_sequences, restore
from service.store.tables import METADATA
from service.store.towns import save_town
from tests.fixtures.store_world import (
    NOW,
    TOWN,
    add_towns,
    content,
    process,
    write_old_sequence,
    write_sequence,
    write_until_killed,
)


def test_a_restored_store_holds_what_was_backed_up(
    filled: Engine, other: Engine, file: Path
) -> None:
    manifest = backup(filled, file, NOW)
    assert restore(other, file, NOW) == manifest
    assert content(other) == content(filled)
    with reading(other) as conn:
        last = audit.list_entries(conn)[-1]
        assert last.action == "store.restore"
        assert last.seq == manifest.audit_seq + 1
    write_sequence(other, "after")


def test_the_manifest_tells_what_is_inside(filled: Engine, file: Path) -> None:
    manifest = backup(filled, file, NOW)
    assert check_archive(file) == manifest
    assert manifest.revision == newest_revision()
    filled_tables = {name: part.rows for name, part in manifest.tables.items() if part.rows}
    assert set(manifest.tables) == set(METADATA.tables)
    assert filled_tables == {
        "towns": 2,
        "people": 3,
        "grants": 6,
        "sessions": 3,
        "audit": 7,
    }
    with reading(filled) as conn:
        assert audit.head(conn) == audit.Head(manifest.audit_seq, manifest.audit_hash)


def test_a_backup_is_readable_by_its_owner_only_and_leaves_nothing_beside_it(
    filled: Engine, file: Path
) -> None:
    backup(filled, file, NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if "backup" in path.name] == [file.name]


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_a_town_moves_from_one_database_to_the_other(
    source: str, target: str, postgres: str, file: Path, tmp_path: Path
) -> None:
    admin = open_store(postgres)
    with writing(admin) as conn:
        conn.execute(text(f"CREATE SCHEMA move_{source}"))
    address = make_url(postgres).update_query_dict({"options": f"-csearch_path=move_{source}"})
    urls = {
        "sqlite": f"sqlite:///{tmp_path}/move.db",
        "postgres": address.render_as_string(hide_password=False),
    }
    old, new = open_store(urls[source]), open_store(urls[target])
    migrate(old)
    add_towns(old)
    write_sequence(old, "hanako")
    backup(old, file, NOW)
    restore(new, file, NOW)
    with reading(old) as before, reading(new) as after:
        assert accounts.list_people(before) == accounts.list_people(after)
        assert audit.list_entries(before) == audit.list_entries(after)[:-1]
        assert audit.verify_chain(after) is None
    for engine in (admin, old, new):
        engine.dispose()


def test_a_backup_taken_while_a_process_writes_is_one_moment(
    engine: Engine, url: str, other: Engine, file: Path
) -> None:
    with process(write_until_killed, url, "w") as (_, pipe):
        acknowledged = {pipe.recv() for _ in range(5)}
        for _ in range(3):
            before = set(acknowledged)
            manifest = backup(engine, file, NOW)
            # The writer was not held up: it has gone on.
            acknowledged |= {pipe.recv() for _ in range(5)}
            people = manifest.tables["people"].rows
            assert manifest.tables["grants"].rows == 2 * people
            assert manifest.tables["sessions"].rows == people
    restore(other, file, NOW)
    with reading(other) as conn:
        assert before <= {person.login for person in accounts.list_people(conn)}
        assert audit.verify_chain(conn) is None


@pytest.mark.parametrize("previous", ["0001", "0002", "0003", "0004"])
def test_the_previous_schema_is_backed_up_as_it_is_and_restored_as_the_newest(
    bare: Engine, other: Engine, file: Path, previous: str
) -> None:
    with writing(bare) as conn:
        upgrade(conn, previous)
        save_town(conn, TOWN)
    write_old_sequence(bare, "hanako")
    assert backup(bare, file, NOW).revision == previous
    restore(other, file, NOW)
    with reading(other) as conn:
        assert revision_of(conn) == newest_revision()
        assert [person.login for person in accounts.list_people(conn)] == ["hanako"]


def test_a_sealed_audit_is_restored_with_its_seal(
    filled: Engine, other: Engine, file: Path
) -> None:
    with writing(filled) as conn:
        later = NOW.replace(year=2027)
        audit.seal_before(conn, later, later)
    backup(filled, file, NOW)
    restore(other, file, NOW)
    with reading(other) as conn:
        assert audit.verify_chain(conn) is None
        assert audit.list_entries(conn)[0].action == audit.SEAL


def test_a_backup_replaces_a_backup_but_no_other_file(filled: Engine, file: Path) -> None:
    first = backup(filled, file, NOW)
    assert backup(filled, file, NOW).audit_seq == first.audit_seq + 1
    for kept in (file.parent / "taisetsu.xlsx", file.parent / "folder"):
        kept.mkdir() if kept.name == "folder" else kept.write_bytes(b"PK taisetsu")
        with pytest.raises(BadInput, match="上書きしません"):
            backup(filled, kept, NOW)
    assert (file.parent / "taisetsu.xlsx").read_bytes() == b"PK taisetsu"


def test_a_store_that_was_never_prepared_has_no_backup(bare: Engine, file: Path) -> None:
    with pytest.raises(NotReady):
        backup(bare, file, NOW)
    assert not file.exists()


def test_a_store_with_a_broken_audit_is_not_backed_up(filled: Engine, file: Path) -> None:
    good = backup(filled, file, NOW)
    with writing(filled) as conn:
        if conn.dialect.name == "sqlite":
            conn.execute(text("DROP TRIGGER audit_no_update"))
        else:
            conn.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        conn.execute(text("UPDATE audit SET outcome = 'failed' WHERE seq = 2"))
    with pytest.raises(StoreDamaged, match="2 番"):
        backup(filled, file, NOW)
    # The earlier, good backup is still there.
    assert check_archive(file) == good


def test_numbers_that_postgres_gives_out_go_on_after_the_restored_ones(engine: Engine) -> None:
    table = Table(
        "later", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text)
    )
    with writing(engine) as conn:
        table.create(conn)
        conn.execute(insert(table), [{"id": 7, "name": "restored"}])
        reset_sequences(conn, (table,))
        conn.execute(insert(table), [{"name": "new"}])
        assert conn.execute(select(table.c.id).order_by(table.c.id)).scalars().all() == [7, 8]
