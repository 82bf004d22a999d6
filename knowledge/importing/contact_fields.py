"""Where a record is and how it is reached, from the cells of its row."""

from __future__ import annotations

import re

from knowledge.importing.addresses import AddressReading, elsewhere, read_address, split_place
from knowledge.importing.amounts import read_point
from knowledge.importing.codes import read_code
from knowledge.importing.drafts import DraftContext
from knowledge.importing.links import read_links
from knowledge.importing.phones import PhoneReading, read_phones
from knowledge.importing.rows import Cells
from knowledge.importing.text import fold, is_blank, tidy
from knowledge.importing.told import Told

Fields = dict[str, str]
_POSTAL = re.compile(r"〒?\s*(\d{3})-?(\d{4})")
_NOT_PHONES = re.compile(r"https?://\S+|[\w.+\-]+@[\w.\-]+|〒\s*\d{3}-?\d{4}[^\n]*")
_MOST_WINDOW_CHARS = 60
_SECTIONS = ("課", "係", "室", "班")


def address_fields(
    cells: Cells, context: DraftContext, told: Told
) -> tuple[Fields, AddressReading]:
    """Return the address with its certain parts, the municipality's code and the point."""
    one = cells.one
    if "prefecture_city" in one:
        prefecture, city = split_place(one["prefecture_city"])
    else:
        prefecture, city = tidy(cells.get("prefecture")), tidy(cells.get("city"))
    reading = read_address(
        cells.get("address") or ("place" in one and _address_in_place(cells, context)) or "",
        prefecture,
        city if city != prefecture else "",
        cells.get("building"),
        context.home,
        context.municipalities.names,
    )
    if reading.doubts:
        told.add("address", cells.get("address"), reading.doubts)
    postal = _POSTAL.fullmatch(fold(one["postal_code"]).strip()) if "postal_code" in one else None
    fields = {
        "address": reading.text,
        "postal_code": f"{postal[1]}-{postal[2]}" if postal else reading.postal_code,
        "prefecture": reading.prefecture,
        "city": reading.city,
        "municipality_code": _code(cells.get("code"), reading, context, told),
    }
    if "latitude" in one or "longitude" in one:
        point = read_point(cells.get("latitude"), cells.get("longitude"))
        if point.doubts:
            said = f"{cells.get('latitude')}, {cells.get('longitude')}"
            told.add("latitude", said, point.doubts)
        fields["latitude"], fields["longitude"] = point.latitude, point.longitude
    return fields, reading


def _address_in_place(cells: Cells, context: DraftContext) -> str:
    """Return the cell for a place (場所/担当課) when it is surely an address."""
    place = cells.get("place")
    if not place or not re.search(r"\d", fold(place)):
        return ""
    named = read_address(place, home=context.home, known=context.municipalities.names).city
    return place if named else ""


def _code(cell: str, address: AddressReading, context: DraftContext, told: Told) -> str:
    """Return the municipality's code: the row's own, or the listed one of its address."""
    listed = context.municipalities.code(address.prefecture, address.city)
    if not cell:
        return listed
    reading = read_code(cell, address.prefecture)
    if reading.kind == "municipality":
        return reading.code
    # A prefecture's code says nothing wrong when the address has been found in the list.
    if not (listed and reading.kind == "prefecture"):
        told.add("code", cell, reading.doubts, "note")
    return listed


def contact_fields(
    cells: Cells, context: DraftContext, address: AddressReading, told: Told
) -> Fields:
    """Return phone, fax, mail, web address and the window's name."""
    # The town's area code is not for an office in the next town.
    codes = () if elsewhere(address, context.home) else context.area_codes
    fields = _phones(cells, codes, told)
    one = cells.one
    for role in ("url", "email"):
        if role not in one:
            continue
        links = read_links(one[role])
        if links.doubts:
            told.add(role, one[role], links.doubts)
        fields["url"] = fields.get("url") or links.url
        fields["email"] = fields.get("email") or links.email
    if "window" in one or "place" in one:
        window = tidy(cells.get("window")).replace("\n", " ")
        place = tidy(cells.get("place"))
        if not window and place.endswith(_SECTIONS):
            window = place.replace("\n", " ")
        if not is_blank(window):
            fields["window"] = window
    if "contact" in one:
        _contact(one["contact"], codes, fields, told)
    return fields


def _phones(cells: Cells, codes: tuple[str, ...], told: Told) -> Fields:
    fields: Fields = {"phone": ""}
    one = cells.one
    if not ("phone" in one or "phone_more" in one or "fax" in one):
        return fields
    reading = _read(cells, "phone", codes, told)
    numbers = [reading.text()] if reading.phones else []
    if "phone_more" in one:
        numbers.append(_read(cells, "phone_more", codes, told).text())
    numbers = [text for text in numbers if text]
    extension = fold(one["extension"]).strip() if "extension" in one else ""
    if numbers and extension and not is_blank(extension) and "内線" not in numbers[0]:
        numbers[0] += f" 内線{extension.removeprefix('内線')}"
    fields["phone"] = "、".join(numbers)
    if "fax" in one:
        fax = read_phones(one["fax"], codes, "fax")
        if fax.doubts:
            told.add("fax", one["fax"], fax.doubts, "note")
        fields["fax"] = fax.text("fax")
    if "fax" in [phone.use for phone in reading.phones]:
        fields["fax"] = fields.get("fax") or reading.text("fax")
    return fields


def _read(cells: Cells, role: str, codes: tuple[str, ...], told: Told) -> PhoneReading:
    cell = cells.get(role)
    if not cell:
        return PhoneReading()
    reading = read_phones(cell.strip(), codes)
    if reading.doubts:
        told.add(role, cell, reading.doubts)
    return reading


def _contact(cell: str, codes: tuple[str, ...], fields: Fields, told: Told) -> None:
    """Fill what is still empty from a cell that holds name and number together."""
    links = read_links(cell) if "@" in cell or "http" in cell else None
    if links:
        fields["url"] = fields.get("url") or links.url
        fields["email"] = fields.get("email") or links.email
    # An address line beside the number would be read as numbers.
    bare = _NOT_PHONES.sub(" ", fold(cell))
    first = bare.strip().partition("\n")[0].strip(" :、")
    if first and len(first) <= _MOST_WINDOW_CHARS and not re.search(r"\d{2,}", first):
        fields.setdefault("window", first)
    if not re.search(r"\d{3,}", bare):
        return
    reading = read_phones(bare, codes)
    told.add("contact", cell, reading.doubts)
    fields["phone"] = fields.get("phone") or reading.text()
    fields["fax"] = fields.get("fax") or reading.text("fax")
    labels = [phone.label for phone in reading.phones if phone.label]
    if labels:
        fields.setdefault("window", labels[0])
