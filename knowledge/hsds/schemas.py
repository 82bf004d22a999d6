"""The published HSDS 3.0 schemas: which tables there are and what may stand in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012, Registry, Validator, validator_for

SCHEMA_DIR = Path(__file__).parent / "schema"
VERSION = "3.0"
# The names the schemas call each other by have no host; any will do that nobody looks up.
_BASE = "hsds:///"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of HSDS: its own columns, and the tables whose objects it holds in JSON."""

    name: str
    file: str
    order: int
    description: str
    fields: Mapping[str, Mapping[str, Any]]
    lists: Mapping[str, str]
    parts: Mapping[str, str]
    required: tuple[str, ...]
    tabular_required: tuple[str, ...]


@cache
def tables() -> Mapping[str, Table]:
    """Return every table of HSDS by name, in the order of the published data package."""
    found = [_table(schema) for schema in _schemas().values()]
    return {table.name: table for table in sorted(found, key=lambda table: table.order)}


@cache
def references() -> Mapping[str, Mapping[str, str]]:
    """Return, for each table, the columns that name a row of another table, and which one."""
    known = tables()
    odd = {"parent_organization_id": "organization", "parent_id": "taxonomy_term"}
    return {
        table.name: {
            column: odd.get(column) or column.removesuffix("_id")
            for column in table.fields
            if column in odd or column.removesuffix("_id") in known.keys() - {column}
        }
        for table in known.values()
    }


@cache
def object_validator(table: str) -> Validator:
    """Return the check of one object with everything nested in it."""
    return _validator({"$ref": f"{_BASE}{table}.json"})


@cache
def row_validator(table: str) -> Validator:
    """Return the check of one row of the tabular form: the table's own columns only."""
    shape = tables()[table]
    return _validator(
        {
            "type": "object",
            "properties": dict(shape.fields),
            "required": [*shape.required, *shape.tabular_required],
        }
    )


def _validator(schema: dict[str, Any]) -> Validator:
    return validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema},
        # Without it "format" is only a remark, and any text would pass for an id or a URL.
        validate_formats=True,
        registry=_registry(),
        base_uri=_BASE,
        offline=True,
    )


@cache
def _registry() -> Registry:
    named = [(f"{_BASE}{name}.json", schema) for name, schema in _schemas().items()]
    return Registry(named, draft=Draft202012)


@cache
def _schemas() -> Mapping[str, dict[str, Any]]:
    paths = sorted(SCHEMA_DIR.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def _table(schema: Mapping[str, Any]) -> Table:
    properties: Mapping[str, Mapping[str, Any]] = schema["properties"]
    lists = {n: _stem(p["items"]["$ref"]) for n, p in properties.items() if "items" in p}
    parts = {n: _stem(p["$ref"]) for n, p in properties.items() if "$ref" in p}
    return Table(
        name=schema["name"],
        file=schema["path"],
        order=schema["datapackage_metadata"]["order"],
        description=schema.get("description", ""),
        fields={n: p for n, p in properties.items() if n not in lists and n not in parts},
        lists=lists,
        parts=parts,
        required=tuple(schema.get("required", ())),
        tabular_required=tuple(schema.get("tabular_required", ())),
    )


def _stem(reference: str) -> str:
    return reference.removesuffix(".json")
