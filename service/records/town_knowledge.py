"""From the store to what a desk answers from: the town's facts, its layers, its revision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from knowledge.importing.records import resource_of
from knowledge.models import Knowledge, Layer, National, Refusal, Resource, Town
from service.errors import NotReady
from service.records.codec import record_of_row
from service.records.kept import REASONS
from service.records.layers import is_prefecture, prefecture_of
from service.records.registering import ensure_registered
from service.records.seeding import seed_from_folder
from service.store import audit, profiles, reports
from service.store.engine import reading, writing
from service.store.records import rows_of
from service.store.reports import ReportRow

__all__ = [
    "knowledge_revision", "read_knowledge", "save_town_facts", "seed_from_folder", "town_facts",
    "towns_with_records",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Used:
    """A record as the desk uses it, and the rows of published lists that it comes from."""

    resource: Resource
    rows: frozenset[tuple[str, str, str]]


def save_town_facts(engine: Engine, facts: Town, actor: str, now: datetime) -> None:
    """Keep the town's profile (its code is its key); the town is registered when it is new.

    Facts that are as they were change nothing.  Raises BadInput for an impossible code.
    """
    text = facts.model_dump_json()
    with writing(engine) as conn:
        profile = profiles.find_profile(conn, facts.code)
        if profile and profile.facts and Town.model_validate_json(profile.facts) == facts:
            return
        ensure_registered(conn, facts, actor, now)
        subject = ("town", facts.code)
        audit.append(conn, audit.Event(actor, "town.profile", subject, facts.code), now)
        profiles.move_on(conn, facts.code, actor, now, facts=text)


def town_facts(engine: Engine, code: str) -> Town | None:
    """Return the town's profile; None when nobody has given one."""
    with reading(engine) as conn:
        return _facts(conn, code)


def read_knowledge(engine: Engine, code: str, national: National) -> Knowledge:
    """Return everything the town's desk knows: national, its own records, its prefecture's.

    Only active records that are complete (a category and a day); the town's own first, each
    layer in its order.  Of a record that both have (the same id, or the same row of the same
    kind of list), the town's counts.  A window that names no such record is left out.  Raises :class:`NotReady` for a town without a profile.
    """
    with reading(engine) as conn:
        town = _facts(conn, code)
        if town is None:
            raise NotReady(
                f"団体コード「{code}」の町の設定（町の事実）がまだありません。"
                "`tsunagi town load フォルダ` か `tsunagi town profile` で登録してください。"
            )
        own = tuple(_used(conn, code, national))
        above = prefecture_of(conn, code)
        higher = tuple(_used(conn, above, national)) if above else ()
        moved = _moved(conn, code)
    resources = _layered(own, higher, national)
    town = town.model_copy(update={"windows": _windows(town, resources, moved, national)})
    return _knowledge(national, town, resources)


def knowledge_revision(engine: Engine, code: str) -> str:
    """Return what changes whenever ``read_knowledge`` would; "" for a town without a profile.

    The national catalogue is not in it: it changes with the software.
    """
    with reading(engine) as conn:
        profile = profiles.find_profile(conn, code)
        if profile is None or profile.facts is None:
            return ""
        above = prefecture_of(conn, code)
        higher = profiles.revision_of_town(conn, above) if above else 0
    return f"{profile.revision}.{higher}"


def towns_with_records(engine: Engine) -> tuple[str, ...]:
    """Return the codes of the towns a desk can be made for (they have a profile), in order."""
    with reading(engine) as conn:
        return profiles.towns_with_facts(conn)


def _facts(conn: Connection, code: str) -> Town | None:
    profile = profiles.find_profile(conn, code)
    return Town.model_validate_json(profile.facts) if profile and profile.facts else None


def _used(conn: Connection, code: str, national: National) -> Iterator[_Used]:
    """Give the records of one layer as the desk uses them, in order."""
    facts = {fact.code: fact for fact in national.facts}
    codes = {category.code for category in national.categories}
    layer: Layer = "prefecture" if is_prefecture(conn, code) else "town"
    opened = reports.open_reports(conn, code)
    for row in rows_of(conn, code, "active"):
        record = record_of_row(row)
        resource = resource_of(record, facts)
        # A category that a new catalogue no longer has must not stop the desk.
        if resource is not None and not codes.issuperset(resource.categories):
            resource = _known_only(resource, codes)
        if resource is None:
            continue
        refusals = _refusals(opened.get(row.id, ()))
        if refusals or layer != resource.layer:
            resource = resource.model_copy(update={"layer": layer, "refusals": refusals})
        rows = ((s.origin.form, s.origin.key, s.origin.name) for s in record.sources)
        yield _Used(resource, frozenset(row for row in rows if row[1]))


def _layered(
    own: Sequence[_Used], higher: Sequence[_Used], national: National
) -> tuple[Resource, ...]:
    # A service has the first right to its id; the desk could not tell the two apart.
    taken = {service.id for service in national.services}
    resources = [used.resource for used in own if used.resource.id not in taken]
    taken |= {resource.id for resource in resources}
    rows = {row for used in own for row in used.rows}
    resources += [
        used.resource
        for used in higher
        if used.resource.id not in taken and rows.isdisjoint(used.rows)
    ]
    return tuple(resources)


def _known_only(resource: Resource, codes: set[str]) -> Resource | None:
    kept = tuple(code for code in resource.categories if code in codes)
    return resource.model_copy(update={"categories": kept}) if kept else None


def _refusals(rows: Iterable[ReportRow]) -> tuple[Refusal, ...]:
    return tuple(Refusal(on=row.at.astimezone().date(), reason=REASONS[row.reason]) for row in rows)


def _moved(conn: Connection, code: str) -> dict[str, str]:
    """Return the records that others took in, each with the one that did."""
    return {row.id: row.merged_into for row in rows_of(conn, code, "closed") if row.merged_into}


def _windows(
    town: Town, resources: tuple[Resource, ...], moved: Mapping[str, str], national: National
) -> dict[str, str]:
    known = {resource.id for resource in resources}
    codes = {category.code for category in national.categories}
    found = {code: _last(record_id, moved) for code, record_id in town.windows.items()}
    return {
        code: record_id for code, record_id in found.items() if record_id in known and code in codes
    }


def _last(record_id: str, moved: Mapping[str, str]) -> str:
    seen = {record_id}
    while record_id in moved and moved[record_id] not in seen:
        record_id = moved[record_id]
        seen.add(record_id)
    return record_id


def _knowledge(national: National, town: Town, resources: tuple[Resource, ...]) -> Knowledge:
    parts: dict[str, Any] = {
        "categories": national.categories,
        "red_flags": national.red_flags,
        "facts": national.facts,
        "services": national.services,
        "town": town,
        "resources": resources,
    }
    digest = hashlib.sha256(national.fingerprint.encode())
    for record in (town, *resources):
        digest.update(record.model_dump_json().encode(errors="surrogatepass") + b"\n")
    return Knowledge(**parts, fingerprint=digest.hexdigest())
