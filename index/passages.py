"""Cutting records into passages: the short texts that are embedded and searched.

A service gives one passage per typical situation (in the words of a desk) besides its
name, description and keywords; a resource gives one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from knowledge.models import Knowledge, Resource, Service

PassageKind = Literal["situation", "description", "resource"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One searchable text of a record; ``categories`` are the record's codes."""

    record_id: str
    kind: PassageKind
    categories: tuple[str, ...]
    text: str


def make_passages(knowledge: Knowledge) -> tuple[Passage, ...]:
    """Return the passages of every service and resource, in the order of the records."""
    labels = {category.code: category.label_ja for category in knowledge.categories}
    passages: list[Passage] = []
    for service in knowledge.services:
        passages += _service_passages(service, labels[service.category])
    for resource in knowledge.resources:
        passages.append(_resource_passage(resource))
    return tuple(passages)


def _service_passages(service: Service, label: str) -> list[Passage]:
    names = "、".join((label, service.name, *service.aka))
    descriptions = (
        f"{names}。{service.summary}",
        f"{label}。{service.for_whom} {service.provides}",
        f"{label}。{'、'.join(service.keywords)}",
    )
    categories = (service.category,)
    return [Passage(service.id, "situation", categories, text) for text in service.situations] + [
        Passage(service.id, "description", categories, text) for text in descriptions
    ]


def _resource_passage(resource: Resource) -> Passage:
    parts = (resource.kind, resource.name, resource.description, resource.for_whom)
    text = "。".join(part.rstrip("。") for part in parts if part)
    return Passage(resource.id, "resource", resource.categories, text)
