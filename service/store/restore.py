"""Reading a backup into a database: checked first, then all in one transaction or nothing."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, DateTime, Engine, Table, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from service.store import audit, sessions
from service.store.archive import Manifest, Record, check_archive, read_part
from service.store.audit_words import COMMAND, Value
from service.store.backup import reflected
from service.store.engine import writing
from service.store.errors import BadBackup, StoreMismatch
from service.store.migrate import (
    HEAD,
    VERSION_TABLE,
    check_known,
    is_known,
    newest_revision,
    upgrade,
)
from service.store.tables import METADATA
from service.store.times import UtcTime, from_utc_text, utc_text

_BATCH_ROWS = 500


def restore(
    engine: Engine, file: Path, now: datetime, force: bool = False, actor: str = COMMAND
) -> Manifest:
    """Fill the store from ``file``, bring it to the newest schema, return the manifest.

    With ``force`` what is there is replaced; others see the old store until the new one is
    whole.  Everybody has to sign in again.  Raises :class:`BadBackup` for a file that is not a whole backup, or
    :class:`StoreMismatch` for a store that is not empty; the database is then as it was.
    """
    manifest = check_archive(file)
    if not is_known(manifest.revision):
        raise StoreMismatch(
            f"バックアップの版（{manifest.revision}）は、このプログラムの版（{newest_revision()}）より新しいものです。"
            "つなぎを新しくしてから、もう一度実行してください。"
        )
    with writing(engine) as conn:
        check_known(conn)
        _make_room(conn, force)
        upgrade(conn, manifest.revision)
        _fill(conn, file, manifest)
        _check(conn, manifest)
        upgrade(conn, HEAD)
        # Those taken back since the backup was made must not work again.
        sessions.revoke_everybodys(conn, now)
        detail: dict[str, Value] = {"revision": manifest.revision, "rows": manifest.rows}
        audit.append(conn, audit.Event(actor, "store.restore", detail=detail), now)
    return manifest


def _make_room(conn: Connection, force: bool) -> None:
    tables = reflected(conn)
    if not force and any(conn.execute(select(table).limit(1)).first() for table in tables):
        raise StoreMismatch(
            "データベースは空ではありません。いまの内容を捨てて入れ替えるには --force を付けてください。"
        )
    for table in reversed(tables):
        table.drop(conn)
    conn.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))


def _fill(conn: Connection, file: Path, manifest: Manifest) -> None:
    tables = reflected(conn)
    if {table.name for table in tables} != set(manifest.tables):
        raise BadBackup("バックアップの表が、その版のデータベースの表と違います。")
    for table in tables:
        records = (_typed(table, record) for record in read_part(file, table.name))
        try:
            while batch := list(islice(records, _BATCH_ROWS)):
                conn.execute(insert(table), batch)
        except (IntegrityError, DataError, StatementError) as error:
            raise BadBackup(f"バックアップの「{table.name}」の内容が正しくありません。") from error
    reset_sequences(conn, tables)


def _typed(table: Table, record: Record) -> dict[str, object]:
    """Return a row as the database wants it: PostgreSQL takes times, SQLite their text.

    The values' kinds are checked here: SQLite would store a word in a column of numbers.
    """
    if set(record) != set(table.columns.keys()):
        raise BadBackup(
            f"バックアップの「{table.name}」の列が、その版のデータベースの列と違います。"
        )
    try:
        return {name: _value(table, name, value) for name, value in record.items()}
    except ValueError as error:
        raise BadBackup(f"バックアップの「{table.name}」に正しくない値があります。") from error


def _value(table: Table, name: str, value: str | int | bool | None) -> object:
    known = METADATA.tables[table.name].columns.get(name)
    if value is None or known is None:
        return value
    if isinstance(known.type, UtcTime):
        moment = from_utc_text(str(value))
        return moment if isinstance(table.columns[name].type, DateTime) else utc_text(moment)
    if type(value) is not known.type.python_type:
        raise ValueError(f"{table.name}.{name} is not of its kind")
    return value


def reset_sequences(conn: Connection, tables: tuple[Table, ...]) -> None:
    """Let numbers that PostgreSQL gives out itself go on after the restored ones.

    SQLite goes on after the highest by itself.  No table needs it today: the audit numbers its
    rows; a later table that does is covered.
    """
    if conn.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key.columns:
            sequence = conn.execute(
                select(func.pg_get_serial_sequence(table.name, column.name))
            ).scalar()
            if sequence:
                highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
                conn.execute(select(func.setval(sequence, highest, False)))


def _check(conn: Connection, manifest: Manifest) -> None:
    for table in reflected(conn):
        rows = conn.execute(select(func.count()).select_from(table)).scalar_one()
        if rows != manifest.tables[table.name].rows:
            raise BadBackup(f"「{table.name}」を戻した件数が目録と合いません。")
    known = audit.Head(manifest.audit_seq, manifest.audit_hash)
    broken = audit.verify_chain(conn, known if manifest.audit_seq else None)
    if broken:
        raise BadBackup(
            f"バックアップの監査記録の {broken.seq} 番が正しくありません（{broken.reason}）。"
        )
