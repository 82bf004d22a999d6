"""Bringing a town's folder into the store: one more list that is published again and again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine

from knowledge.files import read_rows
from knowledge.importing.apply import Decisions, apply
from knowledge.importing.drafts import Draft, Origin
from knowledge.importing.findings import Place
from knowledge.importing.plan import ImportPlan, plan_import
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.text import fold_name
from knowledge.load import RESOURCE_COLUMNS, folder_fingerprint, load_knowledge
from knowledge.models import Town
from service.records.carrying import Prepared, prepare_records, write_records
from service.records.codec import as_json
from service.records.importing import TownState, read_state
from service.records.registering import ensure_registered
from service.store import audit, profiles
from service.store.audit_words import Value
from service.store.engine import reading, writing

FORM = "folder"
_FILE = "resources.csv"
_LISTS = ("categories", "bring")
_NOTHING: Mapping[str, str] = MappingProxyType({})


def seed_from_folder(engine: Engine, folder: Path, actor: str, now: datetime) -> bool:
    """Bring town.yaml and resources.csv into the store; False when nothing changed since.

    What a keeper edited since the folder was last brought in stays, of the facts and of the
    records; records the folder no longer has retire.  Raises KnowledgeError for a folder with
    faults; nothing is written then.
    """
    mark = folder_fingerprint(folder)
    facts = load_knowledge(folder).town
    while True:
        with reading(engine) as conn:
            profile = profiles.find_profile(conn, facts.code)
        if profile and profile.folder_sha256 == mark:
            return False
        with writing(engine) as conn:
            ensure_registered(conn, facts, actor, now)
        state = read_state(engine, facts.code)
        plan = _plan(state, folder, now.astimezone().date())
        after = _sure(plan, state, apply(plan, Decisions(accept_vanished=True)))
        with reading(engine) as conn:
            prepared = prepare_records(conn, facts.code, plan, after, actor, now)
        with writing(engine) as conn:
            # Two programs may start together: the second looks again.
            if profiles.revision_of_town(conn, facts.code) == state.revision:
                _write(conn, facts, prepared, len(plan.rows), mark, actor, now)
                return True


def _plan(state: TownState, folder: Path, today: date) -> ImportPlan:
    rows = read_rows(folder / _FILE, [], RESOURCE_COLUMNS)
    drafts = [_draft(line, row) for line, row in rows]
    named = {draft.origin.key: draft for draft in drafts}
    # A record that took another in has its row as well.
    held = {
        source.origin.key
        for record in state.records
        for source in record.sources
        if source.origin.form == FORM
    }
    existing = [
        _opened(record, named) if record.id in held else _known(record, named, today)
        for record in state.records
    ]
    return plan_import(existing, drafts, _FILE, today)


def _draft(line: int, row: Mapping[str, str]) -> Draft:
    """Return a row as it is written: the folder is in our own notation, and has been checked."""
    fields = {name: row[name] for name in RESOURCE_COLUMNS if row.get(name)}
    for name in _LISTS:
        if name in fields:
            fields[name] = fields[name].replace("；", ";")
    origin = Origin(FORM, _FILE, row["id"], fold_name(row["name"]), fold_name(row["address"]))
    cells = tuple(row[name] for name in RESOURCE_COLUMNS)
    return Draft(Place(_FILE, row=line), origin, fields, RESOURCE_COLUMNS, cells)


def _known(record: KeptRecord, named: Mapping[str, Draft], today: date) -> KeptRecord:
    """Return the record, recognised by its id if it came into the store in another way."""
    draft = named.get(record.id)
    if draft is None:
        return _opened(record, named)
    # What the folder has no column for, it cannot empty.
    said = {name: text for name, text in record.fields.items() if name in RESOURCE_COLUMNS}
    stand_in = Imported(draft.origin, said, _NOTHING, _FILE, "", 0, today)
    return _opened(replace(record, sources=(*record.sources, stand_in)), named)


def _opened(record: KeptRecord, named: Mapping[str, Draft]) -> KeptRecord:
    """Return the record with its categories open to the folder where that changes them.

    An import takes confirmed ones for the desk's own, as lists only lead to proposals.  The
    folder states them: they are the desk's own where they are edited.
    """
    for source in record.sources:
        draft = named.get(source.origin.key) if source.origin.form == FORM else None
        if draft and draft.fields.get("categories") != source.fields.get("categories"):
            return replace(record, unconfirmed=record.unconfirmed | {"categories"})
    return record


def _sure(
    plan: ImportPlan, state: TownState, after: Sequence[KeptRecord]
) -> tuple[KeptRecord, ...]:
    """Return the outcome with the categories as sure as they were: the folder proposes nothing."""
    unsure = {record.id for record in state.records if "categories" in record.unconfirmed}
    return tuple(
        record
        if record is plan.existing.get(record.id) or record.id in unsure
        else replace(record, unconfirmed=record.unconfirmed - {"categories"})
        for record in after
    )


def _write(
    conn: Connection,
    facts: Town,
    prepared: Prepared,
    rows: int,
    mark: str,
    actor: str,
    now: datetime,
) -> None:
    written = write_records(conn, facts.code, prepared, actor, now)
    profile = profiles.find_profile(conn, facts.code)
    given = facts.model_dump(mode="json")
    merged = _facts_after(profile, given)
    detail: dict[str, Value] = {
        "count": written.added + written.changed,
        "rows": rows,
        "sha256": mark,
    }
    event = audit.Event(actor, "records.import", ("folder", mark), facts.code, detail=detail)
    audit.append(conn, event, now)
    profiles.move_on(
        conn,
        facts.code,
        actor,
        now,
        facts=as_json(merged),
        folder_sha256=mark,
        folder_facts=as_json(given),
    )


def _facts_after(profile: profiles.Profile | None, given: dict[str, Any]) -> dict[str, Any]:
    """Return the facts: a keeper's own edits stay, fact by fact; the folder's changes come in."""
    if profile is None or profile.facts is None:
        return given
    own = json.loads(profile.facts)
    was = json.loads(profile.folder_facts) if profile.folder_facts else given
    return {
        name: value if own.get(name) == was.get(name) else own.get(name, value)
        for name, value in given.items()
    }
