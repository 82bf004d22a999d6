"""What all tables stand in, and how a column is held to some values."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the SQL that holds ``column`` to ``values``."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
