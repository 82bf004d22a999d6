"""The parts of an HSDS service that every record is read from alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from knowledge.hsds.address import join_address
from knowledge.hsds.cost import cost_in_words, cost_options
from knowledge.hsds.eligibility import age_conditions, age_limits, describe_eligibility
from knowledge.hsds.node import Node
from knowledge.hsds.numbers import plain_number
from knowledge.hsds.own import Attributes, read_attributes
from knowledge.hsds.schedule import in_words, weekly_period
from knowledge.hsds.write_parts import url_column
from knowledge.models import Condition, Contact, OpeningHours

EDITED = "つなぎが書き出したときの値と違います。ほかで書き換えられたとみて、この値を使いました"
_NO_VOICE = ("fax", "text", "textphone", "pager", "video")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def read_contact(service: Node, own: Attributes) -> Contact:
    """Return where to call or go."""
    return Contact(
        window=_window(service),
        phone=_phone(service, own),
        hours=_hours(service, own),
        address=_address(service),
        url=_url(service, own),
    )


def carriers(service: Node) -> Iterator[Node]:
    """Yield the objects that may have a phone or a contact, the nearest to the service first."""
    yield service
    places = service.all("service_at_locations")
    yield from places
    yield from (location for place in places if (location := place.part("location")))
    if organization := service.part("organization"):
        yield organization


def _phone(service: Node, own: Attributes) -> str:
    phones = [phone for carrier in carriers(service) for phone in carrier.all("phones")]
    contacts = [contact for carrier in carriers(service) for contact in carrier.all("contacts")]
    phones += [phone for contact in contacts for phone in contact.all("phones")]
    for phone in phones:
        if str(phone.value.get("type", "")).lower() not in _NO_VOICE:
            phone.take("type")
            number = phone.text("number")
            if not own.ours:
                number = number.strip(' "')
            extension = phone.take("extension")
            return (
                f"{number}（内線 {plain_number(extension)}）" if extension is not None else number
            )
    return ""


def _window(service: Node) -> str:
    """Return the section to ask for; the name of a person is left where it is."""
    for carrier in carriers(service):
        for contact in carrier.all("contacts"):
            for key in ("department", "title"):
                if contact.value.get(key):
                    return contact.text(key)
    return ""


def _schedules(service: Node) -> list[Node]:
    places = [service, *service.all("service_at_locations")]
    found = [schedule for place in places for schedule in place.all("schedules")]
    if found:
        return found
    # The hours of a building are those of the service only if nothing nearer is stated.
    locations = [place.part("location") for place in places[1:]]
    return [s for location in locations if location for s in location.all("schedules")]


def read_opening(service: Node) -> tuple[OpeningHours, ...]:
    """Return the weekly periods that the schedules state for certain."""
    read = [(schedule, weekly_period(schedule.value)) for schedule in _schedules(service)]
    for schedule, period in read:
        if period is not None:
            for key in ("freq", "interval", "wkst", "byday", "opens_at", "closes_at", "timezone"):
                schedule.take(key)
    return tuple(period for _, period in read if period is not None)


def _hours(service: Node, own: Attributes) -> str:
    """Return the hours for people: each description once; what has none is put in words."""
    lines: list[str] = []
    for schedule in _schedules(service):
        line = schedule.text("description")
        # Our own export writes the text once for all periods, or has none.
        if not line and (weekly_period(schedule.value) is None or not own.ours):
            line = in_words(schedule.value)
            schedule.take_all()
        notes = " ".join(filter(None, (schedule.text("attending_type"), schedule.text("notes"))))
        line = "／".join(part for part in (line, notes) if part)
        if line and line not in lines:
            lines.append(line)
    return "\n".join(lines)


def _address(service: Node) -> str:
    for place in service.all("service_at_locations"):
        location = place.part("location")
        if location is None:
            continue
        name = location.text("name")
        location.take("location_type")
        for address in location.all("addresses"):
            return _one_address(address, name)
        if name:
            return name
    return ""


def _one_address(address: Node, name: str) -> str:
    original = read_attributes(address.all("attributes")).first("contact.address")
    columns = {
        key: address.text(key)
        for key in (
            "address_1", "address_2", "city", "region", "state_province", "postal_code", "country",
        )
    }  # fmt: skip
    address.take("address_type")
    joined = join_address(columns)
    if original:
        # The columns may name more of the front (the prefecture) than the text did.
        if joined.endswith(original) or columns["address_1"] == original:
            return original
        address.tell("address_1", EDITED)
    return f"{joined}（{name}）" if name and joined else joined or name


def _url(service: Node, own: Attributes) -> str:
    given, original = service.text("url"), own.first("contact.url")
    if original and url_column(original).get("url", "") == given:
        given = original
    organization = service.part("organization")
    if not given and organization and not own.ours:
        given = organization.text("website")
    if _SCHEME.match(given) and not given.lower().startswith(("http://", "https://")):
        service.tell("url", "http か https の URL ではないので、取り込みません", "url scheme")
        return ""
    return given


def read_eligibility(
    service: Node, own: Attributes, for_whom: str
) -> tuple[str, tuple[Condition, ...]]:
    """Return whom a service is for and its conditions; ``for_whom`` is our own text, if any."""
    given = service.text("eligibility_description")
    minimum, maximum = service.take("minimum_age"), service.take("maximum_age")
    conditions = tuple(own.conditions)
    if given != describe_eligibility(for_whom, conditions):
        if for_whom or conditions:
            service.tell("eligibility_description", EDITED)
        for_whom = given
    written = age_limits(conditions)
    if (minimum, maximum) != (written.get("minimum_age"), written.get("maximum_age")):
        if conditions:
            service.tell("minimum_age", EDITED)
        rest = tuple(c for c in conditions if c.fact != "age")
        conditions = (*age_conditions(minimum, maximum), *rest)
    if minimum is not None and maximum is not None and minimum > maximum:
        service.tell("minimum_age", "最低年齢が最高年齢より上です。だれも当てはまりません")
    return for_whom, conditions


def read_cost(service: Node) -> str:
    """Return the cost as text; amounts of another system follow in words."""
    text = service.text("fees_description") or service.text("fees")
    options = service.all("cost_options")
    for option in options:
        option.take_all()
    # Our own amount only repeats our text.
    plain = [{k: v for k, v in o.value.items() if k != "service_id"} for o in options]
    if plain == cost_options(str(service.value["id"]), text):
        return text
    return "\n".join(filter(None, (text, *(cost_in_words(option.value) for option in options))))


def read_documents(service: Node) -> tuple[str, ...]:
    """Return what to bring."""
    return tuple(filter(None, (n.text("document") for n in service.all("required_documents"))))


def read_assured(service: Node) -> date | None:
    """Return the day a record was verified; a date that does not exist stops the import."""
    text = service.text("assured_date")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        service.stop("assured_date", "日付は 2026-04-01 の形で書いてください")
        return None
