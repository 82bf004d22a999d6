"""The parts that a local resource and a national service write alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from jsonschema_rs import Validator, validator_for

from knowledge.hsds import terms
from knowledge.hsds.address import join_address, split_address
from knowledge.hsds.cost import cost_options
from knowledge.hsds.document import Object
from knowledge.hsds.eligibility import age_limits, describe_eligibility
from knowledge.hsds.ids import child_id, stable_id
from knowledge.hsds.numbers import is_point, read_number
from knowledge.hsds.schedule import schedules
from knowledge.models import (
    Capacity,
    Category,
    Condition,
    Contact,
    OpeningHours,
    Resource,
    Service,
    Town,
)

# Shown before the note, so that a reader who knows only the alert learns the state too.
STATUS_WORDS = {"open": "", "full": "満員", "suspended": "休止", "reservation": "要予約"}
CLOSED = "temporarily closed"


@dataclass(frozen=True, slots=True)
class Writer:
    """What every record is written with.  ``more``: a resource's id → what its kept record has."""

    town: Town
    categories: Mapping[str, Category]
    more: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NO_MORE: Mapping[str, str] = MappingProxyType({})


def without_empty(made: Object) -> Object:
    """Leave out what is not known: HSDS reads an empty text as a wrong id, date or URL."""
    return {key: value for key, value in made.items() if value not in ("", [], None)}


def accepted_status(capacity: Capacity) -> str:
    """Return the HSDS status: only a suspended resource is not active."""
    return CLOSED if capacity.status == "suspended" else "active"


def alert(capacity: Capacity) -> str:
    """Return the short-term notice: the state in a word, then its note."""
    return "：".join(part for part in (STATUS_WORDS[capacity.status], capacity.note) if part)


def eligibility_columns(for_whom: str, conditions: Sequence[Condition]) -> dict[str, Any]:
    """Return the eligibility columns of a service."""
    text = describe_eligibility(for_whom, conditions)
    return {"eligibility_description": text, **age_limits(conditions)}


def url_column(url: str) -> dict[str, str]:
    """Return the ``url`` column: as it is, percent-encoded, or none if it cannot be a URL."""
    if not url:
        return {}
    made = next((text for text in (url, encode_url(url)) if _is_url(text)), "")
    return {"url": made} if made else {}


def encode_url(url: str) -> str:
    """Return an address with Japanese letters in the form the URL standard allows."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _is_url(text: str) -> bool:
    return _format("uri").is_valid(text)


def email_column(email: str) -> dict[str, str]:
    """Return the ``email`` column, or none for a text that is no address."""
    return {"email": email} if email and _format("email").is_valid(email) else {}


@cache
def _format(name: str) -> Validator:
    return validator_for({"type": "string", "format": name}, validate_formats=True)


def common_parts(
    writer: Writer,
    owner: str,
    record: Resource | Service,
    opening: Sequence[OpeningHours],
    more: Mapping[str, str] = NO_MORE,
) -> dict[str, Any]:
    """Return phones, contact, place, schedules, costs and documents of a record."""
    contact = record.contact
    phone = {"id": child_id(owner, "phone"), "number": contact.phone, "type": "voice"}
    fax = {"id": child_id(owner, "fax"), "number": more.get("fax", ""), "type": "fax"}
    desk = {"id": child_id(owner, "contact"), "department": contact.window}
    return {
        "phones": [line for line in (phone, fax) if line["number"]],
        "contacts": [desk] if contact.window else [],
        "schedules": schedules(owner, opening, contact.hours),
        "service_at_locations": _place(writer.town, owner, contact, more),
        "cost_options": cost_options(owner, record.cost),
        "required_documents": [
            {"id": child_id(owner, "required_document", str(number)), "document": document}
            for number, document in enumerate(record.bring)
        ],
    }


def _place(town: Town, owner: str, contact: Contact, more: Mapping[str, str]) -> list[Object]:
    point, code = _point(more), more.get("postal_code", "")
    if not contact.address and not point:
        return []
    # One place for all services of one address, as HSDS wants it; of two that are said to
    # stand on different points, each has its own.
    apart = (*map(str, point.values()), code) if point or code else ()
    location = stable_id("location", town.code, contact.address, *apart)
    place: Object = {"id": location, "location_type": "physical", **point}
    if contact.address:
        place["addresses"] = [_address(location, contact.address, code, town)]
    return [{"id": child_id(owner, "service_at_location"), "location": place}]


def _address(location: str, text: str, code: str, town: Town) -> Object:
    columns = split_address(text, town)
    address: Object = {
        "id": child_id(location, "address"),
        **columns,
        **({"postal_code": code} if code else {}),
        "address_type": "physical",
    }
    if join_address(columns) != text:
        original = [("contact.address", text)]
        address["attributes"] = terms.field_attributes(address["id"], "address", original)
    return address


def _point(more: Mapping[str, str]) -> dict[str, float]:
    """Return latitude and longitude as numbers, or nothing unless both are some."""
    try:
        point = {name: read_number(more.get(name, "")) for name in ("latitude", "longitude")}
    except ValueError:
        return {}
    return point if is_point(point["latitude"], point["longitude"]) else {}
