"""What can go wrong in the store, said in Japanese, and how a driver's error becomes that."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import DeskError


class StoreProblem(DeskError):
    """The database cannot be used now; the message says what to do."""

    code = "store"
    status = 503


class StoreBusy(StoreProblem):
    """Another writer held the database for too long; nothing was written."""

    code = "store_busy"


class StoreUnreachable(StoreProblem):
    """The database server does not answer."""

    code = "store_unreachable"


class StoreUnwritable(StoreProblem):
    """The database's disk is full, or its file may not be written."""

    code = "store_unwritable"


class StoreDamaged(StoreProblem):
    """The database file is damaged, or is not a database."""

    code = "store_damaged"
    status = 500


class StoreMismatch(StoreProblem):
    """The database belongs to another version or another program."""

    code = "store_mismatch"


class ChainBroken(StoreProblem):
    """The audit has been changed from outside."""

    code = "chain_broken"
    status = 500


class BadBackup(StoreProblem):
    """The file is not a whole backup of this program."""

    code = "bad_backup"
    status = 422


class Taken(DeskError):
    """The name or the identity already belongs to another person."""

    code = "taken"
    status = 409


_BUSY = "データベースがほかの書き込みで混み合っています。何も書き込んでいません。少し待ってから、もう一度実行してください。"
_UNREACHABLE = (
    "データベースにつながりません。TSUNAGI_DATABASE_URL と、データベースの動作を確かめてください。"
)
_FULL = "ディスクの空きが足りず、データベースに書き込めません。空きを作ってから、もう一度実行してください。"
_READ_ONLY = "データベースに書き込む権限がありません。場所（TSUNAGI_DATA_DIR、TSUNAGI_DATABASE_URL）と権限を確かめてください。"
_DAMAGED = "データベースのファイルが壊れているか、データベースではありません。ファイルを別の場所へ移し、`tsunagi restore` でバックアップから戻してください。"

# SQLite primary result codes (the low byte): sqlite.org/rescode.html
_SQLITE: dict[int, tuple[type[StoreProblem], str]] = {
    5: (StoreBusy, _BUSY),
    6: (StoreBusy, _BUSY),
    3: (StoreUnwritable, _READ_ONLY),
    8: (StoreUnwritable, _READ_ONLY),
    14: (StoreUnwritable, _READ_ONLY),
    13: (StoreUnwritable, _FULL),
    11: (StoreDamaged, _DAMAGED),
    26: (StoreDamaged, _DAMAGED),
}
# PostgreSQL SQLSTATEs, whole or by class (the first two characters).
_POSTGRES: dict[str, tuple[type[StoreProblem], str]] = {
    "40001": (StoreBusy, _BUSY),
    "40P01": (StoreBusy, _BUSY),
    "55P03": (StoreBusy, _BUSY),
    "53100": (StoreUnwritable, _FULL),
    "42501": (StoreUnwritable, _READ_ONLY),
    "08": (StoreUnreachable, _UNREACHABLE),
    "28": (StoreUnreachable, _UNREACHABLE),
    "3D": (StoreUnreachable, _UNREACHABLE),
    "53": (StoreUnreachable, _UNREACHABLE),
    "57": (StoreUnreachable, _UNREACHABLE),
}


def as_problem(error: SQLAlchemyError) -> StoreProblem | None:
    """Return what a person should read for ``error``; None for a mistake in the program."""
    if isinstance(error, PoolTimeout):
        return StoreBusy(_BUSY)
    if not isinstance(error, DBAPIError):
        return None
    found = _known(error)
    return found[0](found[1]) if found else None


def _known(error: DBAPIError) -> tuple[type[StoreProblem], str] | None:
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # psycopg gives no state when the server is gone or was never there.
        return (
            (StoreUnreachable, _UNREACHABLE)
            if error.connection_invalidated or _lost(error)
            else None
        )
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2])


def _lost(error: DBAPIError) -> bool:
    return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
