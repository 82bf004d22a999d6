"""HSDS out of the store and into it: what other software gives and takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from knowledge.hsds.bridge import hsds_plan
from knowledge.hsds.datapackage import zip_datapackage
from knowledge.hsds.document import json_bytes
from knowledge.hsds.looks import looks_like_hsds
from knowledge.hsds.read_more import MORE
from knowledge.hsds.write import to_hsds
from knowledge.models import National, Resource, Town
from service.records.importing import (
    ImportOptions,
    Planned,
    hash_of,
    import_context,
    plan_import,
    read_state,
)
from service.records.layers import is_prefecture
from service.records.town_knowledge import read_knowledge
from service.store.engine import reading

Form = Literal["json", "package"]
_PLAIN = ImportOptions()


@dataclass(frozen=True, slots=True)
class Exportable:
    """What of a town goes out: its own active, complete records.

    ``more``: a record's id → what it has beside the resource (mail, fax, map point).
    ``left_out``: how many active records lack a category or a day, and stay here.
    """

    town: Town
    resources: tuple[Resource, ...]
    more: Mapping[str, Mapping[str, str]]
    left_out: int


def exportable(engine: Engine, town_code: str, national: National) -> Exportable:
    """Return what an export of the town holds; the prefecture's records are the prefecture's.

    Raises NotFound for an unknown town, NotReady for one without a profile.
    """
    state = read_state(engine, town_code)
    knowledge = read_knowledge(engine, town_code, national)
    with reading(engine) as conn:
        layer = "prefecture" if is_prefecture(conn, town_code) else "town"
    own = tuple(resource for resource in knowledge.resources if resource.layer == layer)
    active = {record.id: record.fields for record in state.records if record.state == "active"}
    more = {
        resource.id: {name: fields[name] for name in MORE if fields.get(name)}
        for resource in own
        if (fields := active.get(resource.id))
    }
    left_out = len(active.keys() - {resource.id for resource in own})
    return Exportable(knowledge.town, own, more, left_out)


def export_hsds(
    engine: Engine, town_code: str, national: National, form: Form, include_services: bool
) -> bytes:
    """Return the town as HSDS: a JSON file, or the tabular data package as a zip file.

    The same records give the same bytes.  Raises what :func:`exportable` does.
    """
    return as_hsds(exportable(engine, town_code, national), national, form, include_services)


def as_hsds(found: Exportable, national: National, form: Form, include_services: bool) -> bytes:
    """Return what was found in the form asked for; see :func:`export_hsds`."""
    services = national.services if include_services else ()
    document = to_hsds(found.town, found.resources, services, national.categories, found.more)
    return json_bytes(document.as_page()) if form == "json" else zip_datapackage(document)


def plan_hsds(
    engine: Engine,
    town_code: str,
    source: bytes | Path,
    name: str,
    today: date,
    options: ImportOptions = _PLAIN,
) -> Planned:
    """Return the plan for an HSDS file, to be carried out like any other; nothing is changed.

    What is wrong with the file stands in the plan.  Raises NotFound for an unknown town.
    """
    state = read_state(engine, town_code)
    plan = hsds_plan(source, name, import_context(state, options, today))
    digest = "" if isinstance(source, Path) and source.is_dir() else hash_of(source)
    return Planned(plan, state.revision, digest)


def plan_any(
    engine: Engine,
    town_code: str,
    source: bytes | Path,
    name: str,
    options: ImportOptions,
    today: date,
) -> Planned:
    """Return the plan for a file that may be HSDS or a list of any other form.

    Raises ImportRefused when it cannot be read at all, NotFound for an unknown town.
    """
    if looks_like_hsds(source, name):
        return plan_hsds(engine, town_code, source, name, today, options)
    return plan_import(engine, town_code, source, name, options, today)
