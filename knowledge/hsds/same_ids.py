"""One id, one thing: nested documents repeat objects, and the copies must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.schemas import tables
from knowledge.hsds.shapes import Found

_DIFFERENT = "同じ id の {other} と中身が違います。id を分けるか、どちらかを直してください"
_TWICE = "同じ service が2回あるので、1回だけ取り込みます"


def check_same_ids(found: Found, file: str, findings: Findings) -> None:
    """Note copies that disagree, and keep a service that is there twice only once."""
    first: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
    once: list[tuple[str, Mapping[str, Any]]] = []
    seen: dict[str, Mapping[str, Any]] = {}
    for path, service in found.services:
        key = str(service.get("id"))
        if key in seen and seen[key] == service:
            findings.tell(Place(file, None, path), "id", key, _TWICE, "twice", "note")
            continue
        if key in seen:
            remedy = "同じ id の service がほかにもあります。1つにまとめるか、id を分けてください"
            findings.stop(Place(file, None, path), "id", key, remedy)
            continue
        seen[key] = service
        once.append((path, service))
    found.services[:] = once
    visited: set[int] = set()
    tops = [("service", *item) for item in found.services]
    tops += [("organization", *item) for item in found.organizations]
    for table, path, value in tops:
        for kind, where, item in _objects(table, path, value, visited):
            _compare(kind, where, item, first, file, findings)


def _objects(
    table: str, path: str, value: Mapping[str, Any], visited: set[int]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    if id(value) in visited:
        return
    visited.add(id(value))
    yield table, path, value
    shape = tables()[table]
    for key, child in shape.parts.items():
        if isinstance(part := value.get(key), Mapping):
            yield from _objects(child, f"{path}.{key}".lstrip("."), part, visited)
    for key, child in shape.lists.items():
        items = value.get(key)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, Mapping):
                where = f"{path}.{key}[{number}]".lstrip(".")
                yield from _objects(child, where, item, visited)


def _compare(
    table: str,
    path: str,
    value: Mapping[str, Any],
    first: dict[tuple[str, str], tuple[str, Mapping[str, Any]]],
    file: str,
    findings: Findings,
) -> None:
    # An object without an id is told of by the schema.
    other_path, other = first.setdefault((table, str(value.get("id"))), (path, value))
    if other is value or "id" not in value:
        return
    # Links differ from copy to copy: the same phone may stand under a service and a contact.
    for key in tables()[table].fields.keys() & value.keys() & other.keys():
        if value[key] != other[key] and not key.endswith("_id"):
            remedy = _DIFFERENT.format(other=other_path or "ほかの箇所")
            findings.stop(Place(file, None, path), key, value[key], remedy)
