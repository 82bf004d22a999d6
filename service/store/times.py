"""Times in the store: aware, UTC, to the microsecond, the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


def utc_text(moment: datetime) -> str:
    """Return ``2026-06-01T00:30:00.000000Z``: fixed width, so text order is time order.

    Raises ValueError for a time without a zone: guessing one moves records by nine hours.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time needs its zone: {moment.isoformat()}")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_utc_text(text: str) -> datetime:
    """Return the aware time that ``utc_text`` wrote; raise ValueError for anything else."""
    if not text.endswith("Z"):
        raise ValueError("a time in the store ends in Z")
    return datetime.fromisoformat(text).astimezone(UTC)


class UtcTime(TypeDecorator[datetime]):
    """timestamptz in PostgreSQL, ISO text in SQLite (which has no type for times)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Refuse a time without a zone; bring the others to UTC."""
        if value is None:
            return None
        text = utc_text(value)
        return text if dialect.name == "sqlite" else from_utc_text(text)

    def process_result_value(
        self,
        value: datetime | str | None,
        dialect: Dialect,  # noqa: ARG002  SQLAlchemy passes it by name
    ) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return from_utc_text(value) if isinstance(value, str) else value.astimezone(UTC)
