"""What a kept record has beside a resource, and HSDS has a column for: :data:`MORE`."""

from __future__ import annotations

from knowledge.hsds.address import UNKNOWN, is_japan
from knowledge.hsds.node import Node
from knowledge.hsds.numbers import is_point, plain_number
from knowledge.hsds.read_parts import carriers

# The fields of a kept record; a resource has no place for them.
MORE = ("email", "fax", "latitude", "longitude", "postal_code")


def read_more(service: Node) -> dict[str, str]:
    """Return the values of ``MORE`` that the service states."""
    found = {"email": _email(service), "fax": _fax(service), **_point_and_code(service)}
    return {name: value for name, value in found.items() if value}


def _email(service: Node) -> str:
    """Return the service's address, or its organization's; never a person's (contact.email)."""
    own = service.text("email")
    organization = service.part("organization")
    return own or (organization.text("email") if organization else "")


def _fax(service: Node) -> str:
    for carrier in carriers(service):
        for phone in carrier.all("phones"):
            if str(phone.value.get("type", "")).lower() == "fax":
                phone.take("type")
                return phone.text("number").strip(' "')
    return ""


def _point_and_code(service: Node) -> dict[str, str]:
    """Return the point and the postal code of the first place, the one whose address is read."""
    for place in service.all("service_at_locations"):
        location = place.part("location")
        if location is None:
            continue
        found = _point(location)
        for address in location.all("addresses")[:1]:
            code = address.text("postal_code")
            # Elsewhere it is part of the address line.
            if is_japan(address.value) and code != UNKNOWN:
                found["postal_code"] = code
        return found
    return {}


def _point(location: Node) -> dict[str, str]:
    north, east = location.value.get("latitude"), location.value.get("longitude")
    if north is None or east is None or not is_point(north, east):
        return {}
    names = ("latitude", "longitude")
    return {name: plain_number(location.take(name)) for name in names}
