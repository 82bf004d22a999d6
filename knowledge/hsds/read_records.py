"""One HSDS service → the draft of a local resource or of a national service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from knowledge.hsds.draft import Draft
from knowledge.hsds.findings import shown
from knowledge.hsds.formula import is_formula
from knowledge.hsds.node import Node
from knowledge.hsds.own import Attributes, Term, json_value, read_attributes
from knowledge.hsds.read_more import read_more
from knowledge.hsds.read_parts import (
    EDITED,
    read_assured,
    read_contact,
    read_cost,
    read_documents,
    read_eligibility,
    read_opening,
)
from knowledge.hsds.write import FOREIGN_PREFIX, NO_ORGANIZATION_ID, PROVIDES_HEADING
from knowledge.hsds.write_parts import CLOSED, STATUS_WORDS
from knowledge.models import Condition, Record, Resource, Service

R = TypeVar("R", bound=Record)
TermRules = Mapping[tuple[str, str], str]
_FORMULA = (
    "表計算ソフトが式として動かす文字で始まります。文字として取り込みますが、内容を確かめてください"
)


def read_draft(service: Node, rules: TermRules, source: str) -> Draft:
    """Return the draft of a record; what is missing or left over is noted in it.

    ``rules`` gives the category of a foreign (taxonomy, code); ``source`` is named as the
    source of what others wrote.
    """
    own = read_attributes(service.all("attributes"))
    model: type[Resource | Service]
    if own.first("service.id"):
        values, model = _service_values(service, own), Service
    else:
        values, model = _resource_values(service, own, rules, source), Resource
    more = read_more(service)
    _tell_formulas(service, {**values, **more})
    missing = tuple(
        name
        for name, field in model.model_fields.items()
        if field.is_required() and values.get(name) in ("", (), None)
    )
    for name in missing:
        service.tell(
            name, f"つなぎで必須の「{name}」がありません。書き足してください", f"missing {name}"
        )
    record = None if missing else _record(service, values, model)
    return Draft(
        hsds_id=str(service.value["id"]),
        name=str(values["name"]),
        record=record,
        values=values,
        missing=missing,
        terms=tuple(own.terms),
        left_over=_left_over(service),
        retired=service.value.get("status") == "defunct",
        original=service.value,
        place=service.place,
        ours=own.ours,
        more=more,
    )


def _resource_values(
    service: Node, own: Attributes, rules: TermRules, source: str
) -> dict[str, Any]:
    for_whom, conditions = read_eligibility(service, own, own.first("resource.for_whom"))
    district, areas = _areas(service, own)
    organization = service.part("organization")
    name = organization.text("name") if organization else ""
    if organization and organization.value["id"] == NO_ORGANIZATION_ID:
        name = ""
    ours = own.ours
    contact = read_contact(service, own)
    return {
        "id": own.first("resource.id") or f"{FOREIGN_PREFIX}{service.value['id']}",
        "name": service.text("name"),
        "kind": own.first("resource.kind") or _kind(own.terms),
        "categories": _categories(own, rules),
        "description": service.text("description"),
        "for_whom": for_whom,
        "organization": name,
        "district": district,
        "contact": contact,
        "opening": read_opening(service),
        "capacity": _capacity(service, own),
        "eligibility": (*conditions, *areas),
        "cost": read_cost(service),
        "first_step": service.text("application_process"),
        "bring": read_documents(service),
        "verified_on": read_assured(service),
        "verified_by": own.first("resource.verified_by"),
        "source": own.first("resource.source") or ("" if ours else source),
        "is_window": own.first("resource.is_window") == "1",
    }


def _kind(terms: list[Term]) -> str:
    return next((term.name for term in terms if term.name), "")


def _categories(own: Attributes, rules: TermRules) -> tuple[str, ...]:
    chosen = [rules[key] for t in own.terms if (key := (t.taxonomy, t.code)) in rules]
    return tuple(dict.fromkeys((*own.categories, *chosen)))


def _areas(service: Node, own: Attributes) -> tuple[str, tuple[Condition, ...]]:
    """Return the district, and the service areas of others as conditions in words."""
    names = [area.text("name") for area in service.all("service_areas")]
    district = names.pop(0) if names and own.ours else ""
    texts = [name for name in names if name]
    return district, tuple(Condition(kind="residence", text=f"対象の地域：{t}") for t in texts)


def _capacity(service: Node, own: Attributes) -> dict[str, Any]:
    given, alert = service.text("status"), service.text("alert")
    status = own.first("resource.status") or _status_in(alert)
    if (given == "active") == (status == "suspended"):
        if own.ours:
            service.tell("status", EDITED)
        status = "open" if given == "active" else "suspended"
    word = STATUS_WORDS.get(status, "")
    if word and (alert == word or alert.startswith(f"{word}：")):
        alert = alert.removeprefix(word).removeprefix("：")
    if given not in ("active", CLOSED):
        gone = {"inactive": "提供していません", "defunct": "廃止されました"}.get(given, given)
        alert = "／".join(filter(None, (gone, alert)))
    places = own.first("resource.places")
    return {
        "places": int(places) if places.isdecimal() else None,
        "status": status,
        "note": alert,
    }


def _status_in(alert: str) -> str:
    """Return the state that the alert begins with: our words for it outlive our attributes."""
    begin = alert.partition("：")[0]
    return next((code for code, word in STATUS_WORDS.items() if word and word == begin), "open")


def _service_values(service: Node, own: Attributes) -> dict[str, Any]:
    for_whom, conditions = read_eligibility(service, own, own.first("service.for_whom"))
    summary, _, provides = service.text("description").partition(PROVIDES_HEADING)
    service.take("status")
    service.take("alternate_name")
    if organization := service.part("organization"):
        organization.take("name")
    return {
        "id": own.first("service.id"),
        "category": own.categories[0] if own.categories else "",
        "name": service.text("name"),
        "aka": _aka(service, own),
        "level": own.first("service.level"),
        "summary": summary,
        "for_whom": for_whom,
        "provides": provides,
        "first_step": service.text("application_process"),
        "bring": read_documents(service),
        "cost": read_cost(service),
        "consent": own.first("service.consent"),
        "eligibility": conditions,
        "contact": read_contact(service, own),
        "legal_basis": _parts(service, own, "service.legal_basis"),
        "source": _parts(service, own, "service.source"),
        "verified_on": read_assured(service),
        "situations": tuple(own.fields["service.situation"]),
        "keywords": tuple(own.fields["service.keyword"]),
        "confused_with": _parts(service, own, "service.confused_with"),
    }


def _aka(service: Node, own: Attributes) -> tuple[str, ...]:
    names = own.fields["service.aka"]
    given = service.text("alternate_name")
    if given == "、".join(names):
        return tuple(names)
    service.tell("alternate_name", EDITED)
    return tuple(filter(None, given.split("、")))


def _parts(service: Node, own: Attributes, code: str) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for value in own.fields[code]:
        try:
            found.append(json_value(value))
        except ValueError as error:
            service.reading.findings.stop(service.place, f"attributes（{code}）", value, str(error))
    return tuple(found)


def _record(service: Node, values: Mapping[str, Any], model: type[R]) -> R | None:
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        for fault in error.errors():
            column = ".".join(str(part) for part in fault["loc"])
            remedy = f"「{column}」がつなぎの決まりに合いません。直してください（{fault['msg']}）"
            service.reading.findings.stop(service.place, column, fault["input"], remedy)
        return None


def _tell_formulas(service: Node, values: Mapping[str, Any]) -> None:
    """Point at texts that a spreadsheet would run; they stay text, and only CSV guards them."""
    for key, text in _texts("", values):
        if is_formula(text):
            service.reading.findings.tell(service.place, key, text, _FORMULA)


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Record):
        yield from _texts(key, dict(value))
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(f"{key}.{name}".lstrip("."), part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts(key, part)


def _left_over(service: Node) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for node, key in service.left_over(skip=frozenset({"organization"})):
        value = shown(node.value[key])
        path = f"{node.path}.{key}".removeprefix(f"{service.path}.")
        found.append((path, value))
        node.leave(key)
    return tuple(found)
