"""Bringing a database to the program's schema, under the write lock, all or nothing."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from service.errors import NotReady
from service.store.engine import reading, writing
from service.store.errors import StoreMismatch
from service.store.tables import METADATA

VERSION_TABLE = "alembic_version"
HEAD = "head"
# Alembic keeps its running context in module globals: one at a time per process.
_ALEMBIC = Lock()


def migrate(engine: Engine) -> str:
    """Bring the database to the newest schema and return its revision.

    One transaction on both databases: killed at any moment, it leaves the old schema whole.
    Processes that start together wait for one another at the write lock.  Raises
    :class:`StoreMismatch` for a database that is newer than the program or is not its own.
    """
    newest = newest_revision()
    with reading(engine) as conn:
        check_known(conn)
        if revision_of(conn) == newest:
            return newest
    with writing(engine) as conn:
        check_known(conn)
        upgrade(conn, HEAD)
    return newest


def check_ready(engine: Engine) -> None:
    """Raise :class:`NotReady` for a database that has never been prepared by ``migrate``."""
    with reading(engine) as conn:
        check_known(conn)
        if revision_of(conn) is None:
            raise NotReady("データベースはまだ作られていません。何も記録されていません。")


def upgrade(conn: Connection, revision: str) -> None:
    """Run the steps up to ``revision`` inside the caller's writing transaction."""
    config = _config()
    config.attributes["connection"] = conn
    with _ALEMBIC:
        command.upgrade(config, revision)


def revision_of(conn: Connection) -> str | None:
    """Return the database's revision; None for one without a schema."""
    return MigrationContext.configure(conn).get_current_revision()


def newest_revision() -> str:
    """Return the revision this program works with."""
    newest = _scripts().get_current_head()
    if newest is None:  # pragma: no cover - the package always carries its steps
        raise StoreMismatch("プログラムの一部（migrations）がありません。入れ直してください。")
    return newest


def is_known(revision: str) -> bool:
    """Tell whether this program knows the steps to and from ``revision``."""
    try:
        return _scripts().get_revision(revision) is not None
    except (CommandError, ResolutionError):
        return False


def check_known(conn: Connection) -> None:
    """Raise :class:`StoreMismatch` for a newer database, or one that another program made."""
    revision = revision_of(conn)
    if revision is not None and not is_known(revision):
        raise StoreMismatch(
            f"データベースの版（{revision}）は、このプログラムの版（{newest_revision()}）より新しいものです。"
            "つなぎを新しくしてから、もう一度実行してください。"
        )
    if revision is None and own_tables(conn):
        raise StoreMismatch(
            "このデータベースには、つなぎのものではない同じ名前の表があります"
            f"（{'、'.join(own_tables(conn))}）。別のデータベースを指定してください。"
        )


def own_tables(conn: Connection) -> tuple[str, ...]:
    """Return the names of the program's tables that the database has."""
    return tuple(sorted(set(inspect(conn).get_table_names()) & set(METADATA.tables)))


def _config() -> Config:
    config = Config()
    # A path with % in it would be read as a placeholder.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
