"""Finding the services and organizations in the shapes that HSDS documents come in.

The published examples show five: one service, a page of services (``contents``), an
organization with its services, a service at a location with its service, and the
tables of the tabular form under their file names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.hsds.findings import Findings, Place, shown

# The schemas nest 7 deep; more is a mistake or an attack on the parser.
MAX_DEPTH = 64
# Members of the other published examples that no service has.
_NOT_A_SERVICE = frozenset(
    (
        "location_type",
        "legal_status",
        "organization_identifiers",
        "website",
        "uri",
        "version",
        "taxonomy",
        "openapi_url",
    )
)
_SURROGATES = range(0xD800, 0xE000)


@dataclass(slots=True)
class Found:
    """Objects by table, each with its path in the document."""

    services: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    organizations: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


class _Unreadable(Exception):
    """A value that no JSON file of HSDS has: carries its path and what to do."""


def clean(document: object, file: str, findings: Findings) -> Any:
    """Return a copy without nulls (they mean "none"), or None after noting what is unusable."""
    nulls: list[str] = []
    try:
        copied = _clean(document, "", 0, nulls)
    except _Unreadable as error:
        path, value, remedy = error.args
        findings.stop(Place(file, None, path), "", value, remedy)
        return None
    if nulls:
        remedy = f"null は「なし」と読みました（{len(nulls)} か所）"
        findings.tell(Place(file, None, nulls[0]), "", "null", remedy, level="note")
    return copied


def _clean(value: Any, path: str, depth: int, nulls: list[str]) -> Any:
    if depth > MAX_DEPTH:
        remedy = f"入れ子が {MAX_DEPTH} 段より深く、HSDS の形ではありません"
        raise _Unreadable(path[:80], "", remedy)
    if isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        for key, item in value.items():
            name = f"{path}.{key}".lstrip(".")
            if item is None:
                nulls.append(name)
            else:
                kept[str(key)] = _clean(item, name, depth + 1, nulls)
        return kept
    if isinstance(value, list | tuple):
        return [
            _clean(item, f"{path}[{number}]", depth + 1, nulls) for number, item in enumerate(value)
        ]
    if isinstance(value, str) and any(c == "\0" or ord(c) in _SURROGATES for c in value):
        readable = value.encode("utf-8", "replace").decode()
        raise _Unreadable(path, readable, "文字として使えない符号があります。消してください")
    if isinstance(value, float) and not math.isfinite(value):
        raise _Unreadable(path, value, "数ではありません。ふつうの数で書いてください")
    return value


def gather(document: Any) -> Found:
    """Return every service and organization of a document, whatever its shape."""
    found = Found()
    for path, item in _items(document):
        _sort(path, item, found)
    if isinstance(document, Mapping):
        for number, item in enumerate(_objects(document.get("organizations"))):
            found.organizations.append((f"organizations[{number}]", item))
    return found


def _items(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(document, list):
        for number, item in enumerate(document):
            if isinstance(item, Mapping):
                yield f"[{number}]", item
    elif isinstance(document, Mapping):
        listed = next((key for key in ("contents", "content") if key in document), None)
        if listed is not None:
            for number, item in enumerate(_objects(document[listed])):
                yield f"{listed}[{number}]", item
        elif document and "organizations" not in document:
            yield "", document


def _sort(path: str, item: Mapping[str, Any], found: Found) -> None:
    """Put an item under what it is: each kind has members that the others do not."""
    service = item.get("service")
    if isinstance(service, Mapping):
        place = {key: value for key, value in item.items() if key != "service"}
        places = [*_objects(service.get("service_at_locations")), place]
        whole = {**service, "service_at_locations": places}
        found.services.append((_named(f"{path}.service", service), whole))
    elif isinstance(item.get("services"), list):
        organization = {key: value for key, value in item.items() if key != "services"}
        found.organizations.append((path, organization))
        for number, part in enumerate(_objects(item["services"])):
            whole = {"organization": organization, **part}
            found.services.append((_named(f"{path}.services[{number}]", part), whole))
    elif "status" in item or not _NOT_A_SERVICE & item.keys():
        found.services.append((_named(path, item), item))


def link_organizations(found: Found, file: str, findings: Findings) -> None:
    """Give a service that only names its organization the organization itself."""
    known = {str(value.get("id")): value for _, value in found.organizations}
    for number, (path, service) in enumerate(found.services):
        key = service.get("organization_id")
        if key is None or "organization" in service:
            continue
        if str(key) in known:
            found.services[number] = (path, {**service, "organization": known[str(key)]})
        else:
            remedy = (
                "この id の運営組織（organization）が文書の中にありません。運営組織は空になります"
            )
            findings.tell(
                Place(file, None, path), "organization_id", key, remedy, "no organization"
            )


def _named(path: str, item: Mapping[str, Any]) -> str:
    """Return the path of a service with its name: numbers alone help nobody find it."""
    name = item.get("name")
    return path.lstrip(".") + (f"（{shown(name)}）" if isinstance(name, str) and name else "")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
