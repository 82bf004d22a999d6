"""What exists: typed records for categories, services, local resources and towns.

Everything here is plain data.  A record is read from YAML or CSV by
:mod:`knowledge.load`, checked by pydantic, and never changed afterwards.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Level = Literal["first_line", "municipal", "local", "community", "prefectural", "national"]
ConditionKind = Literal["age", "household", "residence", "income", "certificate", "situation"]
ResourceStatus = Literal["open", "full", "suspended", "reservation"]
Layer = Literal["town", "prefecture"]


class Record(BaseModel):
    """Base of every record: frozen, and unknown fields are an error (they are usually typos)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(Record):
    """One of the 69 service categories (支援分野) that cases and outputs are coded in."""

    code: Text
    sector: Text
    label_ja: Text
    typical_window_ja: Text
    level: Level


class RedFlagCode(Record):
    """One urgent danger (緊急・通報) that must be shown above everything else."""

    code: Text
    label_ja: Text
    first_response_ja: Text


class FactDefinition(Record):
    """A fact that eligibility depends on, with the question that settles it."""

    code: Text
    label: Text
    kind: Literal["bool", "number"]
    question: Text


class Condition(Record):
    """One eligibility condition (対象要件).

    With ``fact`` it can be checked by machine: a bool fact against ``equals``, a
    number fact against ``min``/``max`` (inclusive).  Without ``fact`` it is plain
    text that the desk confirms with the window.  ``required`` conditions decide
    the verdict; the others are shown and never exclude anyone.
    """

    kind: ConditionKind
    text: Text
    fact: str | None = None
    equals: bool | None = None
    min: int | None = None
    max: int | None = None
    required: bool = False

    @model_validator(mode="after")
    def _has_a_test_exactly_when_it_names_a_fact(self) -> Condition:
        tested = self.equals is not None or self.min is not None or self.max is not None
        if tested != (self.fact is not None):
            raise ValueError("fact と equals／min／max は組で書いてください")
        return self


class Contact(Record):
    """Where to call or go.  ``hours`` is text for people; see ``OpeningHours`` for machines."""

    window: str = ""
    phone: str = ""
    hours: str = ""
    address: str = ""
    url: str = ""


class LegalBasis(Record):
    """A law and its article (根拠法令)."""

    law: Text
    article: str = ""


class Source(Record):
    """Where a fact was read: title of the page or law, and its address if public."""

    title: Text
    url: str = ""


class Confusion(Record):
    """A category this service is often confused with, and how to tell them apart."""

    category: Text
    difference: Text


class Service(Record):
    """A sector service (分野の支援・制度), true everywhere in Japan."""

    id: Text
    category: Text
    name: Text
    aka: tuple[str, ...] = ()
    level: Level
    summary: Text
    for_whom: Text
    provides: Text
    first_step: Text
    bring: tuple[str, ...] = ()
    cost: Text
    consent: Text
    eligibility: tuple[Condition, ...] = ()
    contact: Contact = Contact()
    legal_basis: tuple[LegalBasis, ...] = ()
    source: tuple[Source, ...] = Field(min_length=1)
    verified_on: date
    situations: tuple[Text, ...] = Field(min_length=8)
    keywords: tuple[Text, ...] = ()
    confused_with: tuple[Confusion, ...] = ()


class OpeningHours(Record):
    """One weekly opening period.  ``days`` uses 0=Monday … 6=Sunday; times are 'HH:MM'."""

    days: tuple[int, ...]
    opens: str
    closes: str


class Capacity(Record):
    """How many people a resource takes (定員) and whether it takes more now (受入状況)."""

    places: int | None = None
    status: ResourceStatus = "open"
    note: str = ""


class Refusal(Record):
    """The desk asked and it came to nothing (断られた): the day, and why in Japanese words."""

    on: date
    reason: Text


class Resource(Record):
    """A local resource (地域資源): a window, group, shop, salon or person of one town.

    ``layer`` says whose record it is: the town's own or its prefecture's.  ``refusals`` are
    the open reports of the desk, of any age; who reads them decides how far back counts.
    """

    id: Text
    name: Text
    kind: Text
    categories: tuple[Text, ...] = Field(min_length=1)
    description: Text
    for_whom: str = ""
    organization: str = ""
    district: str = ""
    contact: Contact
    opening: tuple[OpeningHours, ...] = ()
    capacity: Capacity = Capacity()
    eligibility: tuple[Condition, ...] = ()
    cost: str = ""
    first_step: str = ""
    bring: tuple[str, ...] = ()
    verified_on: date
    verified_by: str = ""
    source: str = ""
    is_window: bool = False
    layer: Layer = "town"
    refusals: tuple[Refusal, ...] = ()


class WelfareOffice(Record):
    """The welfare office (福祉事務所) that covers the town."""

    own: bool
    name: Text
    phone: str = ""


class Town(Record):
    """Town facts (町の事実) that change what a note is answered with."""

    code: Text
    name: Text
    prefecture: Text
    population: int = Field(ge=0)
    households: int = Field(ge=0)
    invented: bool = False
    welfare_office: WelfareOffice
    districts: tuple[str, ...] = ()
    windows: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class National(Record):
    """What holds everywhere in Japan: the catalogue that comes with the software."""

    categories: tuple[Category, ...]
    red_flags: tuple[RedFlagCode, ...]
    facts: tuple[FactDefinition, ...]
    services: tuple[Service, ...]
    fingerprint: Text


class Knowledge(Record):
    """Everything known about one town: the national catalogue and the town's own records."""

    categories: tuple[Category, ...]
    red_flags: tuple[RedFlagCode, ...]
    facts: tuple[FactDefinition, ...]
    services: tuple[Service, ...]
    town: Town
    resources: tuple[Resource, ...]
    fingerprint: Text
