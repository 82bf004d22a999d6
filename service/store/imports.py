"""The imports of a town, each with its report as long as it is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from service.store.record_tables import imports


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import; ``forms`` and ``counts`` are JSON."""

    id: str
    town_code: str
    at: datetime
    by: str
    file: str
    sha256: str
    forms: str
    counts: str
    has_report: bool


def add_import(conn: Connection, row: ImportRow, report: str | None) -> None:
    """Remember an import."""
    values = asdict(row)
    values.pop("has_report")
    conn.execute(insert(imports).values(**values, report=report))


def imports_of_town(conn: Connection, town_code: str) -> tuple[ImportRow, ...]:
    """Return a town's imports, newest first; the reports stay where they are."""
    columns = [column for column in imports.c if column.name != "report"]
    query = select(*columns, imports.c.report.is_not(None).label("has_report"))
    query = query.where(imports.c.town_code == town_code)
    rows = [ImportRow(**row._mapping) for row in conn.execute(query)]
    return tuple(sorted(rows, key=lambda row: (row.at, row.id), reverse=True))


def report_of(conn: Connection, town_code: str, import_id: str) -> str | None:
    """Return the report of a town's import; None when there is none (any more)."""
    query = select(imports.c.report)
    query = query.where(imports.c.town_code == town_code, imports.c.id == import_id)
    return conn.execute(query).scalar_one_or_none()
