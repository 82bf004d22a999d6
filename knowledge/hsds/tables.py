"""Between the nested JSON form and the tables of the tabular form, led by the schemas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.hsds.document import HsdsDocument
from knowledge.hsds.findings import Place
from knowledge.hsds.schemas import Table, tables

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table and where it is written."""

    values: Values
    place: Place


def flatten(document: HsdsDocument) -> dict[str, list[Values]]:
    """Return the rows of every table that has any; an object nested twice is one row.

    Raises ValueError when two objects of one id differ.
    """
    found: dict[str, dict[str, Values]] = {name: {} for name in tables()}
    for service in document.services:
        _put(found, tables()["service"], service, {})
    for table, objects in (
        ("organization", document.organizations),
        ("taxonomy", document.taxonomies),
        ("taxonomy_term", document.taxonomy_terms),
    ):
        for item in objects:
            _put(found, tables()[table], item, {})
    return {name: list(rows.values()) for name, rows in found.items() if rows}


def _put(
    found: dict[str, dict[str, Values]], table: Table, value: Mapping[str, Any], link: Values
) -> None:
    row = {key: item for key, item in value.items() if key in table.fields} | link
    for key, target in table.parts.items():
        if key in value:
            _put(found, tables()[target], value[key], {})
            row[f"{target}_id"] = value[key]["id"]
    known = found[table.name].setdefault(value["id"], {})
    for key, item in row.items():
        if known.setdefault(key, item) != item:
            raise ValueError(f"{table.name} の id {value['id']} が2つの中身を持っています（{key}）")
    for key, target in table.lists.items():
        for item in value.get(key, ()):
            _put(found, tables()[target], item, _link(table.name, value["id"], target))


def _link(parent: str, parent_id: str, child: str) -> Values:
    if child == "attribute":
        return {"link_id": parent_id, "link_entity": parent}
    if child == "metadata":
        return {"resource_id": parent_id, "resource_type": parent}
    return {f"{parent}_id": parent_id}


@dataclass(slots=True)
class _Joining:
    """The rows by table and id, and the children of each object."""

    rows: Mapping[str, Mapping[str, Row]]
    children: Mapping[tuple[str, str, str], list[str]]
    made: dict[tuple[str, str], Values]
    places: dict[int, Place]


@dataclass(frozen=True, slots=True)
class Joined:
    """Nested services and organizations, and where each of their objects is written."""

    services: list[Values]
    organizations: list[Values]
    places: Mapping[int, Place]


def unflatten(rows: Mapping[str, Iterable[Row]]) -> Joined:
    """Return the nested form of checked rows; objects that several share are one object."""
    by_id = {name: {row.values["id"]: row for row in rows.get(name, ())} for name in tables()}
    joining = _Joining(by_id, _children(by_id), {}, {})
    return Joined(
        [_join(joining, tables()["service"], key) for key in by_id["service"]],
        [_join(joining, tables()["organization"], key) for key in by_id["organization"]],
        joining.places,
    )


def _children(by_id: Mapping[str, Mapping[str, Row]]) -> Mapping[tuple[str, str, str], list[str]]:
    """Return the ids of the children by (parent's table, parent's id, child's table)."""
    found: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for parent in tables().values():
        for child in set(parent.lists.values()):
            for key, row in by_id[child].items():
                owner = _owner(parent.name, child, row.values, by_id)
                if owner is not None:
                    found[parent.name, owner, child].append(key)
    return found


def _owner(
    parent: str, child: str, values: Values, by_id: Mapping[str, Mapping[str, Row]]
) -> str | None:
    kind = {"attribute": ("link_id", "link_entity"), "metadata": ("resource_id", "resource_type")}
    if child in kind:
        link, entity = kind[child]
        named = values.get(entity)
        # An entity that names no table says nothing; the id alone must tell.
        key = values.get(link) if named == parent or named not in by_id else None
    else:
        key = values.get(f"{parent}_id")
    return str(key) if key in by_id[parent] else None


def _join(joining: _Joining, table: Table, key: str) -> Values:
    done = joining.made.get((table.name, key))
    if done is not None:
        return done
    row = joining.rows[table.name][key]
    made = dict(row.values)
    joining.made[table.name, key] = made
    joining.places[id(made)] = row.place
    for name, target in table.parts.items():
        other = row.values.get(f"{target}_id")
        if other in joining.rows[target]:
            made[name] = _join(joining, tables()[target], str(other))
    for name, target in table.lists.items():
        ids = joining.children.get((table.name, key, target), ())
        if ids:
            made[name] = [_join(joining, tables()[target], other) for other in ids]
    return made
