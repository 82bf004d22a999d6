"""Writing a backup: one consistent moment of the store, while others go on writing."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, select

from service.errors import BadInput
from service.store import audit
from service.store.archive import (
    FORMAT,
    PROGRAM,
    Manifest,
    Record,
    check_archive,
    write_manifest,
    write_part,
)
from service.store.audit_words import COMMAND
from service.store.engine import reading, sync_folder, writing
from service.store.errors import BadBackup, StoreDamaged
from service.store.migrate import check_ready, own_tables, revision_of
from service.store.times import utc_text

_BATCH_ROWS = 1_000


def backup(engine: Engine, file: Path, now: datetime, actor: str = COMMAND) -> Manifest:
    """Write the whole store to ``file`` and return the manifest.

    The file appears complete, checked and readable by its owner only, or not at all; an older
    backup of that name is replaced.  It holds accounts and password hashes: keep it like them.
    Recorded in the audit before it begins.  Raises :class:`BadInput` for a file that is
    something else, :class:`StoreDamaged` for a store that does not agree with itself, OSError.
    """
    check_ready(engine)
    _check_target(file)
    with writing(engine) as conn:
        audit.append(conn, audit.Event(actor, "store.backup"), now)
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        manifest = _write(engine, aside, now)
        # Read back before it takes its name: a disk may have kept something else.
        check_archive(aside)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(file.parent)
    return manifest


def reflected(conn: Connection) -> tuple[Table, ...]:
    """Return the store's tables as the database has them, parents before children.

    Not as the program has them: a backup is wanted most just before the step to a new schema.
    """
    metadata = MetaData()
    metadata.reflect(conn, only=own_tables(conn))
    return tuple(metadata.sorted_tables)


def _check_target(file: Path) -> None:
    """Never overwrite anything but a backup: the name may be mistyped."""
    if not file.exists():
        return
    try:
        check_archive(file)
    except (BadBackup, IsADirectoryError) as error:
        raise BadInput(
            f"{file} はバックアップではないので、上書きしません。別の名前にしてください。"
        ) from error


def _write(engine: Engine, aside: Path, now: datetime) -> Manifest:
    handle = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, reading(engine) as conn:
            _check_whole(conn)
            tables = {
                t.name: write_part(archive, t.name, _records(conn, t)) for t in reflected(conn)
            }
            head = audit.head(conn) or audit.Head(0, audit.GENESIS)
            revision = str(revision_of(conn))
            manifest = Manifest(
                PROGRAM, FORMAT, revision, utc_text(now), tables, head.seq, head.hash
            )
            write_manifest(archive, manifest)
        out.flush()
        os.fsync(out.fileno())
    return manifest


def _check_whole(conn: Connection) -> None:
    """Refuse to back up damage: it would be found when the good backups are long gone."""
    if conn.dialect.name == "sqlite":
        found = conn.exec_driver_sql("PRAGMA integrity_check").scalar()
        if found != "ok":
            raise StoreDamaged(
                "データベースのファイルが壊れています。前のバックアップを残したまま、`tsunagi restore` で戻してください。"
            )
    broken = audit.verify_chain(conn)
    if broken:
        raise StoreDamaged(
            f"監査記録の {broken.seq} 番が正しくないため、バックアップを作りません（{broken.reason}）。"
            "`tsunagi audit verify` で確かめてください。"
        )


def _records(conn: Connection, table: Table) -> Iterator[Record]:
    query = select(table).order_by(*table.primary_key.columns)
    with conn.execute(query, execution_options={"yield_per": _BATCH_ROWS}) as rows:
        for row in rows:
            yield {name: _plain(value) for name, value in row._mapping.items()}


def _plain(value: object) -> str | int | bool | None:
    """Return a value as JSON has it; times are spelt alike for both databases."""
    if isinstance(value, datetime):
        return utc_text(value)
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"no form in the backup for {type(value).__name__}")
