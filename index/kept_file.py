"""One SQLite file of bytes by key: what can be computed again, kept so that it need not be.

Values carry a checksum.  A damaged file is moved aside whenever that shows, and an empty
one takes its place: losing it costs time, never an answer.  Several processes may use it
at once.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from index.errors import IndexProblem

T = TypeVar("T")
Row = tuple[bytes, int, bytes]

_FORMAT = 1
# The oldest SQLite in use takes 999 variables in one question.
_KEYS_PER_QUESTION = 500
# Another build may be committing; a commit never takes long.
_BUSY_S = 60.0
_ENDINGS = ("", "-wal", "-shm")
_log = logging.getLogger(__name__)


class Damaged(Exception):
    """The file is no database of ours; only this module sees it."""


class KeptFile:
    """An open file, for the thread that opened it.  ``notices`` (Japanese) say what was wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.notices: list[str] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._opened()
        except Damaged:
            self._connection = self._replaced()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is kept under ``keys``; a value whose checksum is wrong is not there."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(keys), _KEYS_PER_QUESTION):
            rows = self._mended(_select, list(keys[start : start + _KEYS_PER_QUESTION]))
            found |= {key: value for key, sum_, value in rows if zlib.crc32(value) == sum_}
        return found

    def put(self, values: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep ``values`` (key, bytes) for good, all or none of them."""
        self._mended(_insert, [(key, zlib.crc32(value), value) for key, value in values])

    def close(self) -> None:
        """Close the file; it is whole at every moment, closed or not."""
        self._connection.close()

    def _mended(
        self, work: Callable[[sqlite3.Connection, list[T]], list[Row]], with_: list[T]
    ) -> list[Row]:
        """Return what ``work`` does, the second time with an empty file if the first is damaged."""
        try:
            return self._tried(lambda: work(self._connection, with_))
        except Damaged:
            self._connection.close()
            self._connection = self._replaced()
            return self._tried(lambda: work(self._connection, with_))

    def _opened(self) -> sqlite3.Connection:
        """Open the file, making it if it is not there."""
        self._opened_file = self._path.stat().st_ino if self._path.exists() else 0
        connection = self._tried(
            lambda: sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        )
        try:
            self._tried(lambda: _prepare(connection))
            self._opened_file = self._path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        return connection

    def _replaced(self) -> sqlite3.Connection:
        """Move the damaged file aside and open an empty one."""
        # Another process may have replaced it already: then its new one is used.
        if self._path.exists() and self._path.stat().st_ino == self._opened_file:
            aside = self._path.with_name(
                f"{self._path.name}.damaged-{datetime.now():%Y%m%dT%H%M%S}"
            )
            for ending in _ENDINGS:
                there = self._path.with_name(self._path.name + ending)
                if there.exists():
                    there.replace(aside.with_name(aside.name + ending))
            notice = (
                f"覚えておいたベクトルのファイル（{self._path.name}）が壊れていたので、"
                f"よけて（{aside.name}）作り直します。次の索引作りだけ時間がかかります。"
            )
            self.notices.append(notice)
            _log.warning(notice)
        try:
            return self._opened()
        except Damaged as error:
            raise IndexProblem(
                f"ベクトルを覚えておくファイルを作れません（{self._path}）。ディスクを確かめてください。"
            ) from error

    def _tried(self, work: Callable[[], T]) -> T:
        """Return what ``work`` does; a failure becomes Damaged, OSError or IndexProblem."""
        try:
            return work()
        except sqlite3.Error as error:
            raise self._as_told(error) from error

    def _as_told(self, error: sqlite3.Error) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            return Damaged()
        if code == sqlite3.SQLITE_IOERR_SHORT_READ:
            return Damaged()
        if code == sqlite3.SQLITE_FULL:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        return IndexProblem(
            f"ベクトルを覚えておくファイルを使えません（{self._path}）。"
            "フォルダに書き込めるか、ディスクの空きがあるかを確かめて、もう一度実行してください。"
            f"（{getattr(error, 'sqlite_errorname', type(error).__name__)}）"
        )


def _prepare(connection: sqlite3.Connection) -> None:
    """Set the file up; raises Damaged when it is of another format."""
    connection.execute("PRAGMA journal_mode = WAL")
    # What a power cut takes is computed again; what a kill takes is nothing.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found not in (0, _FORMAT):
        connection.execute("ROLLBACK")
        raise Damaged
    connection.execute(
        "CREATE TABLE IF NOT EXISTS kept"
        " (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL)"
    )
    connection.execute(f"PRAGMA user_version = {_FORMAT}")
    connection.execute("SELECT key, checksum, value FROM kept LIMIT 1").fetchone()
    connection.execute("COMMIT")


def _select(connection: sqlite3.Connection, keys: list[bytes]) -> list[Row]:
    places = ",".join("?" * len(keys))
    asked = f"SELECT key, checksum, value FROM kept WHERE key IN ({places})"  # noqa: S608
    return connection.execute(asked, keys).fetchall()


def _insert(connection: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    # The lock is taken first: a reader that turns into a writer would not be made to wait.
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return []
