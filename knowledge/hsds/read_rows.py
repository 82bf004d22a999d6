"""Reading the tabular form: rows are checked one by one, then joined and read as one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.hsds.draft import Imported
from knowledge.hsds.faults import check_object
from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.node import Reading
from knowledge.hsds.numbers import plain_number, read_number
from knowledge.hsds.read_drafts import imported, read_found
from knowledge.hsds.read_records import TermRules
from knowledge.hsds.references import check_references
from knowledge.hsds.schemas import Table, row_validator, tables
from knowledge.hsds.shapes import Found
from knowledge.hsds.tables import Row, unflatten
from knowledge.models import Category

Rows = dict[str, list[Row]]


def rows_of_document(document: Mapping[str, Any], name: str, findings: Findings) -> Rows:
    """Return the rows of a JSON document that holds the tables under their file names."""
    by_file = {table.file: table for table in tables().values()}
    rows: Rows = {}
    for file, items in document.items():
        table = by_file.get(file)
        if table is None or not isinstance(items, list):
            unknown = "知らない表なので、読みません"
            findings.tell(Place(name, None, file), "", "", unknown, level="note")
            continue
        rows[table.name] = []
        for number, item in enumerate(items):
            place = Place(name, None, f"{file}[{number}]")
            if isinstance(item, Mapping):
                rows[table.name].append(Row(_as_typed(table, item), place))
            else:
                findings.stop(place, "", item, "項目の組（{ }）で書いてください")
    return rows


def _as_typed(table: Table, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose numbers are text where the table wants text: in a CSV they are."""
    return {
        key: plain_number(value)
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and table.fields.get(key, {}).get("type") == "string"
        else value
        for key, value in item.items()
    }


def typed_row(
    table: Table, cells: Mapping[str, str], place: Place, findings: Findings
) -> dict[str, Any]:
    """Return the values of a CSV row; an empty cell is no value."""
    values: dict[str, Any] = {}
    for key, cell in cells.items():
        if not cell.strip():
            continue
        if table.fields.get(key, {}).get("type") != "number":
            values[key] = cell
            continue
        try:
            values[key] = read_number(cell)
        except ValueError:
            findings.stop(place, key, cell, "数で書いてください")
    return values


def read_rows(
    rows: Rows,
    name: str,
    findings: Findings,
    categories: Iterable[Category],
    rules: TermRules,
) -> Imported:
    """Return the drafts of all services of the tables, or none and every problem."""
    for table, found in rows.items():
        for row in found:
            _check(table, row, findings)
        rows[table] = _once(table, found, findings)
    if not rows.get("service"):
        findings.stop(Place(name, None, "services.csv"), "", "", "service が1件もありません")
    if not findings.problems:
        check_references(rows, findings)
    if findings.problems:
        return imported([], None, findings)
    joined = unflatten(rows)
    found_all = Found(
        [(f"services[{n}]", value) for n, value in enumerate(joined.services)],
        [(f"organizations[{n}]", value) for n, value in enumerate(joined.organizations)],
    )
    reading = Reading(
        findings,
        lambda value, table, path: joined.places.get(id(value), Place(name, None, path)),
    )
    return read_found(found_all, name, reading, categories, rules)


def _check(table: str, row: Row, findings: Findings) -> None:
    check_object(row_validator(table), row.values, lambda inner: row.place, findings)


def _once(table: str, rows: list[Row], findings: Findings) -> list[Row]:
    """Return the rows with each id once; two different rows of one id stop the import."""
    first: dict[str, Row] = {}
    for row in rows:
        key = str(row.values.get("id", ""))
        other = first.setdefault(key, row)
        if other is row or not key:
            continue
        where = f"{other.place.row}行目" if other.place.row else other.place.path
        if other.values == row.values:
            remedy = f"{where}とまったく同じ行なので、1回だけ取り込みます"
            findings.tell(row.place, "id", key, remedy, f"twice {table}", "note")
        else:
            remedy = f"{where}と同じ id です。id を分けるか、1行にまとめてください"
            findings.stop(row.place, "id", key, remedy)
    return list(first.values())
