"""What an import gives: drafts for the keeper to complete, and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.check import KnowledgeError, Problem
from knowledge.hsds.findings import Notice, Place
from knowledge.hsds.own import Term
from knowledge.models import Resource, Service, Town


@dataclass(frozen=True, slots=True)
class Draft:
    """One HSDS service as a record of ours.

    ``record`` is there when nothing required is missing.  ``values`` holds what was read
    in the shape of the record, so that a keeper adds what ``missing`` names and no more.
    ``terms`` are the source's own classification, ``left_over`` what we have no place for;
    ``original`` is the service as it came, so that nothing is lost for good.  ``more`` is
    what a kept record has beside a resource (``MORE``), in its notation.  ``ours`` is False
    for what another system wrote, or took our attributes from.
    """

    hsds_id: str
    name: str
    record: Resource | Service | None
    values: Mapping[str, Any]
    missing: tuple[str, ...]
    terms: tuple[Term, ...]
    left_over: tuple[tuple[str, str], ...]
    retired: bool
    original: Mapping[str, Any]
    place: Place
    ours: bool
    more: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Imported:
    """The whole of one import: with any problem there are no drafts at all."""

    drafts: tuple[Draft, ...]
    town: Town | None
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The complete local resources, in the order of the document."""
        records = (draft.record for draft in self.drafts)
        return tuple(record for record in records if isinstance(record, Resource))

    @property
    def services(self) -> tuple[Service, ...]:
        """The complete national services, in the order of the document."""
        records = (draft.record for draft in self.drafts)
        return tuple(record for record in records if isinstance(record, Service))

    def or_raise(self) -> Imported:
        """Return this, or raise KnowledgeError with every problem."""
        if self.problems:
            raise KnowledgeError(self.problems)
        return self
