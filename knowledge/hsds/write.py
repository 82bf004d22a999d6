"""Writing the town and its records as HSDS: :func:`to_hsds`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from knowledge.hsds import terms
from knowledge.hsds.document import HsdsDocument, Object
from knowledge.hsds.eligibility import condition_values
from knowledge.hsds.ids import child_id, stable_id
from knowledge.hsds.write_parts import (
    NO_MORE,
    Writer,
    accepted_status,
    alert,
    common_parts,
    eligibility_columns,
    email_column,
    url_column,
    without_empty,
)
from knowledge.models import Category, Resource, Service, Town

# HSDS wants every service to have an organization; these two stand for "not written".
NO_ORGANIZATION = "（運営組織の記載なし）"
# Known again by its id: a keeper may write the same words.
NO_ORGANIZATION_ID = stable_id("no organization")
NATIONAL_ORGANIZATION = "つなぎ 全国の制度の目録"
# What comes from another system is kept under this and the id of its service.
FOREIGN_PREFIX = "hsds."
# Between the two parts of a national service's description.
PROVIDES_HEADING = "\n\n【受けられること】\n"


def to_hsds(
    town: Town,
    resources: Iterable[Resource],
    services: Iterable[Service] = (),
    categories: Iterable[Category] = (),
    more: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> HsdsDocument:
    """Return the town, its resources and the national services as one HSDS data set.

    ``more`` gives, by a resource's id, what its kept record has beside it (``MORE``).  Raises ValueError when two records have the same id: both would become one service.
    """
    writer = Writer(town, {category.code: category for category in categories}, more)
    written = [_from_resource(writer, resource) for resource in resources]
    written += [_from_service(writer, service) for service in services]
    seen: set[str] = set()
    for service in written:
        if service["id"] in seen:
            raise ValueError(f"「{service['name']}」と同じ id の記録がもう1つあります")
        seen.add(service["id"])
    return HsdsDocument(
        services=tuple(written),
        organizations=(town_organization(town),),
        taxonomies=tuple(terms.taxonomies()),
        taxonomy_terms=tuple(terms.terms(writer.categories.values())),
    )


def town_organization(town: Town) -> Object:
    """Return the town itself as an organization; its facts are attributes."""
    made = organization(town.code, town.name)
    owner = made["id"]
    office = town.welfare_office
    facts = [
        ("town.prefecture", town.prefecture),
        ("town.population", str(town.population)),
        ("town.households", str(town.households)),
        ("town.invented", "1" if town.invented else ""),
        ("town.welfare_office", terms.as_json(office.model_dump())),
        *(("town.district", district) for district in town.districts),
        *(
            ("town.window", terms.as_json({"category": code, "resource": resource}))
            for code, resource in town.windows.items()
        ),
        *(("town.note", note) for note in town.notes),
    ]
    identifier = {
        "id": child_id(owner, "identifier"),
        "identifier_type": "全国地方公共団体コード",
        "identifier": town.code,
    }
    return made | {
        "organization_identifiers": [identifier],
        "attributes": terms.field_attributes(owner, "organization", facts),
    }


def organization(town: str, name: str) -> Object:
    """Return the organization of this name; in another town it is another organization."""
    # HSDS requires a description; we know no more than the name.
    return {
        "id": stable_id("organization", town, name),
        "name": name,
        "description": name,
    }


def _run_by(town: Town, name: str) -> Object:
    if name:
        return organization(town.code, name)
    return organization("", NO_ORGANIZATION) | {"id": NO_ORGANIZATION_ID}


def resource_uuid(town: Town, resource_id: str) -> str:
    """Return the HSDS id of a resource.

    Other software may drop our attributes; by this id a record that comes back is known.
    What came from another system as HSDS keeps the id it has there.
    """
    return uuid_in(town.code, resource_id)


def uuid_in(town_code: str, resource_id: str) -> str:
    """Return :func:`resource_uuid` where only the town's code is known."""
    return foreign_uuid(resource_id) or stable_id("resource", town_code, resource_id)


def foreign_uuid(resource_id: str) -> str:
    """Return the HSDS id of a record that came from another system; empty for our own."""
    given = resource_id.removeprefix(FOREIGN_PREFIX)
    if given == resource_id:
        return ""
    try:
        return given if str(UUID(given)) == given.lower() else ""
    except ValueError:
        return ""


def _from_resource(writer: Writer, resource: Resource) -> Object:
    town = writer.town
    owner = resource_uuid(town, resource.id)
    more = writer.more.get(resource.id, NO_MORE)
    fields = [
        ("resource.id", resource.id),
        ("resource.kind", resource.kind),
        ("resource.for_whom", resource.for_whom if resource.eligibility else ""),
        ("resource.places", _number(resource.capacity.places)),
        ("resource.status", resource.capacity.status),
        ("resource.verified_by", resource.verified_by),
        ("resource.source", resource.source),
        ("resource.is_window", "1" if resource.is_window else ""),
    ]
    area = {"id": child_id(owner, "service_area"), "name": resource.district}
    return without_empty(
        {
            "id": owner,
            "name": resource.name,
            "description": resource.description,
            "status": accepted_status(resource.capacity),
            "application_process": resource.first_step,
            "fees_description": resource.cost,
            **eligibility_columns(resource.for_whom, resource.eligibility),
            "assured_date": resource.verified_on.isoformat(),
            "alert": alert(resource.capacity),
            **url_column(resource.contact.url),
            **email_column(more.get("email", "")),
            **common_parts(writer, owner, resource, resource.opening, more),
            "service_areas": [area] if resource.district else [],
            "organization": _run_by(town, resource.organization),
            "attributes": _attributes(writer, owner, resource.categories, resource, fields),
        }
    )


def _from_service(writer: Writer, service: Service) -> Object:
    owner = stable_id("service", service.id)
    return without_empty(
        {
            "id": owner,
            "name": service.name,
            "alternate_name": "、".join(service.aka),
            "description": service.summary + PROVIDES_HEADING + service.provides,
            "status": "active",
            "application_process": service.first_step,
            "fees_description": service.cost,
            **eligibility_columns(service.for_whom, service.eligibility),
            "assured_date": service.verified_on.isoformat(),
            **url_column(service.contact.url),
            **common_parts(writer, owner, service, ()),
            "organization": organization("", NATIONAL_ORGANIZATION),
            "attributes": _attributes(
                writer, owner, (service.category,), service, _service_fields(service)
            ),
        }
    )


def _service_fields(service: Service) -> list[tuple[str, str]]:
    def each(code: str, records: Iterable[Any]) -> list[tuple[str, str]]:
        return [(code, terms.as_json(record.model_dump())) for record in records]

    return [
        ("service.id", service.id),
        ("service.level", service.level),
        ("service.for_whom", service.for_whom if service.eligibility else ""),
        ("service.consent", service.consent),
        *(("service.aka", name) for name in service.aka),
        *each("service.legal_basis", service.legal_basis),
        *each("service.source", service.source),
        *(("service.situation", text) for text in service.situations),
        *(("service.keyword", word) for word in service.keywords),
        *each("service.confused_with", service.confused_with),
    ]


def _attributes(
    writer: Writer,
    owner: str,
    codes: Sequence[str],
    record: Resource | Service,
    fields: Sequence[tuple[str, str]],
) -> list[Object]:
    url = record.contact.url
    kept = [("contact.url", url)] if url and url_column(url).get("url") != url else []
    return [
        *terms.category_attributes(owner, "service", codes, writer.categories),
        *terms.condition_attributes(owner, "service", condition_values(record.eligibility)),
        *terms.field_attributes(owner, "service", [*fields, *kept]),
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
