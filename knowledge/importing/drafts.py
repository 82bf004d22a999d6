"""Turning rows into draft records: values as the desk needs them, beside the words as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from knowledge.importing.addresses import Home
from knowledge.importing.categories import CategoryProposal
from knowledge.importing.findings import Finding, Place
from knowledge.importing.municipalities import NO_MUNICIPALITIES, Municipalities
from knowledge.models import FactDefinition

# What a card is poor without; each is told, none keeps a row out.
WANTED = ("categories", "phone", "verified_on")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from, in terms that stay when the data set is published again."""

    form: str
    dataset: str
    key: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One row as a record-to-be.

    ``fields`` are in the notation of a town's resources.csv (plus a few a resource has
    no place for: fax, email, latitude …); ``cells`` are the row as published, under
    ``header``.  ``outside`` means the row is of another municipality.
    """

    place: Place
    origin: Origin
    fields: Mapping[str, str]
    header: tuple[str, ...]
    cells: tuple[str, ...]
    proposals: tuple[CategoryProposal, ...] = ()
    findings: tuple[Finding, ...] = ()
    outside: bool = False

    @property
    def original(self) -> dict[str, str]:
        """The filled cells of the row by their header, untouched."""
        return {
            header: cell
            for header, cell in zip(self.header, self.cells, strict=False)
            if cell and not cell.isspace()
        }

    @property
    def missing(self) -> tuple[str, ...]:
        """What a card is poor without and this row does not have."""
        return tuple(name for name in WANTED if not self.fields.get(name))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps this row out."""
        return tuple(finding for finding in self.findings if finding.level == "error")


@dataclass(frozen=True, slots=True)
class DraftContext:
    """What is known besides the row: the town, its area codes, the data's own date."""

    home: Home = Home()  # noqa: RUF009 - frozen
    area_codes: tuple[str, ...] = ()
    municipalities: Municipalities = NO_MUNICIPALITIES
    as_of: date | None = None
    source: str = ""
    today: date | None = None
    only: str = "all"
    category_codes: frozenset[str] = frozenset()
    facts: Mapping[str, FactDefinition] = field(default_factory=dict)
