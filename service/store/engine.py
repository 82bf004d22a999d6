"""Opening the database, and the two ways to use it: ``writing`` and ``reading``.

Both databases behave alike: ``writing`` takes the store's one write lock before anything else
(SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock held until commit), so writers queue
instead of failing half-way, and nothing but the wait at the start ever needs to be repeated.
``reading`` is one snapshot that refuses writes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from service.errors import BadInput
from service.store.errors import StoreBusy, StoreUnwritable, as_problem

# One wait for the lock, and how often it is repeated: about 20 s before a person hears of it.
LOCK_WAIT_MS = 2_000
ATTEMPTS = 10
_PAUSE_SECONDS = 0.05
_WRITE_LOCK = 0x7473756E616769  # "tsunagi": the advisory lock of PostgreSQL's writers
_WRITES = "tsunagi_writes"
_JITTER = SystemRandom()


def open_store(url: str) -> Engine:
    """Return an engine for ``url`` (sqlite or postgresql); nothing is opened before first use.

    Raises :class:`BadInput` when the address is of neither kind.  The address is never
    repeated in a message: it may hold a password.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    return _open_postgres(parsed.set(drivername="postgresql+psycopg"))


def sqlite_file(engine: Engine) -> Path | None:
    """Return the file of an SQLite store; None for PostgreSQL."""
    database = engine.url.database
    return Path(database) if engine.dialect.name == "sqlite" and database else None


@contextmanager
def writing(engine: Engine, attempts: int = ATTEMPTS) -> Iterator[Connection]:
    """Give a connection that alone may write; commit at the end, roll back on any error.

    When this returns without an error, what was written survives kill -9 and power loss.
    Raises :class:`StoreBusy` when other writers held the lock through all ``attempts``.
    """
    with _transaction(engine, True, attempts) as conn:
        yield conn


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one unchanging moment of the store and cannot write."""
    with _transaction(engine, False, ATTEMPTS) as conn:
        yield conn


def empty_log(engine: Engine) -> None:
    """Take what was deleted out of SQLite's log (WAL) too, where it would stay for days.

    Nothing happens when somebody is reading just now; the log is then overwritten in time.
    """
    if engine.dialect.name != "sqlite":
        return
    # Not through SQLAlchemy, which would begin a transaction.
    connection = engine.raw_connection()
    try:
        # What was to be written is written: a failure here takes nothing of that back.
        with suppress(sqlite3.Error), closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


@contextmanager
def _transaction(engine: Engine, writes: bool, attempts: int) -> Iterator[Connection]:
    conn = _begin(engine, writes, attempts)
    try:
        yield conn
        conn.commit()
    except SQLAlchemyError as error:
        problem = as_problem(error)
        # A write through ``reading`` is the program's mistake, not the disk's.
        if problem is None or (not writes and isinstance(problem, StoreUnwritable)):
            raise
        raise problem from error
    finally:
        # Rolls back what was not committed.
        conn.close()


def _begin(engine: Engine, writes: bool, attempts: int) -> Connection:
    """Open a transaction, again and again with growing, random pauses while others hold it."""
    for attempt in range(1, attempts + 1):
        try:
            return _begin_once(engine, writes)
        except SQLAlchemyError as error:
            problem = as_problem(error)
            if problem is None:
                raise
            if not isinstance(problem, StoreBusy) or attempt == attempts:
                raise problem from error
            # Random, so that those who collided do not collide again.
            time.sleep(_JITTER.uniform(0, _PAUSE_SECONDS * attempt))
    raise AssertionError("attempts is at least 1")  # pragma: no cover


def _begin_once(engine: Engine, writes: bool) -> Connection:
    conn = engine.connect()
    try:
        if engine.dialect.name == "sqlite":
            conn = conn.execution_options(**{_WRITES: writes})
            # The first read fixes the snapshot now, where waiting is still harmless.
            conn.execute(text("SELECT 1 FROM sqlite_schema LIMIT 1"))
        elif writes:
            conn.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITE_LOCK})
        else:
            conn = conn.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            conn.execute(text("SELECT 1"))
    except BaseException:
        conn.close()
        raise
    return conn


def _parse(url: str) -> URL:
    known = "TSUNAGI_DATABASE_URL は `sqlite:///フォルダ/tsunagi.db` か `postgresql://利用者@ホスト/名前` の形で書いてください。"
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Without the cause: SQLAlchemy repeats the address, and with it the password.
        raise BadInput(known) from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:") or parsed.query:
            raise BadInput(known)
        return parsed
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed
    raise BadInput(known)


def _open_postgres(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "application_name": "tsunagi"},
    )

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        # An answer is promised to survive power loss, whatever the server's default is.
        dbapi_connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        dbapi_connection.execute("SET TIME ZONE 'UTC'")
        dbapi_connection.commit()

    return engine


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, pool_size=20, max_overflow=20, pool_timeout=10, hide_parameters=True
    )

    @event.listens_for(engine, "do_connect")
    def create(_dialect: Any, _record: Any, _cargs: Any, _cparams: Any) -> None:
        _create_private(Path(str(url.database)))

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: sqlite3.Connection, _record: Any) -> None:
        # Python's own BEGIN would come late and deferred: see begin() below.
        dbapi_connection.isolation_level = None
        _set_pragmas(dbapi_connection)

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        writes = conn.get_execution_options().get(_WRITES, True)
        conn.exec_driver_sql(f"PRAGMA query_only = {0 if writes else 1}")
        # A deferred transaction that turns to writing fails at once, without waiting.
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _create_private(file: Path) -> None:
    """Create an empty file only its owner can read; SQLite gives its log the same rights."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _set_pragmas(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT_MS}")
    # Turning WAL on needs the file alone; later openers only look.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    for pragma in (
        # FULL, not WAL's usual NORMAL: an acknowledged commit survives power loss.
        "synchronous = FULL",
        "foreign_keys = ON",
        # What is erased is overwritten in the file.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
