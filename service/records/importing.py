"""Imports into the store: planned on what is kept, carried out in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.form import Form, read_form, save_form
from knowledge.importing.municipalities import NO_MUNICIPALITIES, Municipalities
from knowledge.importing.phones import area_codes_of
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from knowledge.importing.report import report_csv
from knowledge.importing.run import ImportContext, plan_file
from knowledge.models import Town
from service.errors import NotFound
from service.records.carrying import Written, check_ids, prepare_records, write_records
from service.records.codec import as_json, record_of_row
from service.records.errors import Changed
from service.records.national import category_codes, facts_by_code
from service.records.own_form import former_values, plan_by_own_ids
from service.records.read import is_storable
from service.records.write import check_town
from service.store import audit, mappings, profiles
from service.store.audit_words import Value
from service.store.engine import reading, writing
from service.store.imports import ImportRow, add_import, imports_of_town, report_of
from service.store.records import rows_of

# A longer report is left out: it would burden every backup.
MOST_REPORT_BYTES = 20_000_000
_PHONES_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the keeper says about a file; see :class:`knowledge.importing.run.ImportContext`.

    ``only`` is ``all``, ``prefecture`` or ``town``.  ``mappings`` are asked before the town's
    saved ones.
    """

    dataset: str = ""
    source: str = ""
    as_of: date | None = None
    only: str = "all"
    companions: tuple[tuple[str, bytes | Path], ...] = ()
    mappings: tuple[Form, ...] = ()
    municipalities: Municipalities = NO_MUNICIPALITIES


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, the town's revision it was made on, and the file's hash."""

    plan: ImportPlan
    revision: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What was done: the rows by fate, and how many records were written."""

    import_id: str
    counts: Mapping[str, int]
    added: int
    changed: int


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import as the list shows it."""

    id: str
    at: datetime
    by: str
    file: str
    sha256: str
    forms: tuple[str, ...]
    has_report: bool
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TownState:
    """What a plan is made on: the town's records, in order, and its revision."""

    records: tuple[KeptRecord, ...]
    revision: int
    facts: Town | None
    mappings: tuple[Form, ...]


def plan_import(
    engine: Engine,
    town_code: str,
    source: bytes | Path,
    name: str,
    options: ImportOptions,
    today: date,
) -> Planned:
    """Return the plan for a file; nothing is changed.

    Raises ImportRefused when the file cannot be read at all, NotFound for an unknown town.
    """
    state = read_state(engine, town_code)
    context = import_context(state, options, today)
    former = partial(former_values, engine, town_code)
    plan = plan_by_own_ids(plan_file(source, name, context), source, name, context, former)
    return Planned(plan, state.revision, hash_of(source))


def read_state(engine: Engine, town_code: str) -> TownState:
    """Return what an import of the town is planned on.  Raises NotFound."""
    with reading(engine) as conn:
        check_town(conn, town_code)
        profile = profiles.find_profile(conn, town_code)
        facts = profile.facts if profile else None
        return TownState(
            records=tuple(map(record_of_row, rows_of(conn, town_code))),
            revision=profile.revision if profile else 0,
            facts=Town.model_validate_json(facts) if facts else None,
            mappings=_mappings(conn, town_code),
        )


def import_context(state: TownState, options: ImportOptions, today: date) -> ImportContext:
    """Return what the import library is told besides the file."""
    phones = [r.fields["phone"] for r in state.records if r.fields.get("phone")]
    return ImportContext(
        today=today,
        existing=state.records,
        town=state.facts,
        area_codes=area_codes_of(phones[:_PHONES_LOOKED_AT]),
        as_of=options.as_of,
        source=options.source,
        dataset=options.dataset,
        only=options.only,
        mappings=(*options.mappings, *state.mappings),
        companions=options.companions,
        municipalities=options.municipalities,
        category_codes=category_codes(),
        facts=facts_by_code(),
    )


def carry_out(
    engine: Engine,
    town_code: str,
    planned: Planned,
    decisions: Decisions,
    actor: str,
    now: datetime,
) -> ImportResult:
    """Write what was planned, all of it or nothing.

    Killed at any moment, the store is as it was or as it was to be.  Raises :class:`Changed`
    when anything of the town changed since the plan was made, ImportRefused for rows with
    errors that are not left out, NotFound for an unknown town.
    """
    plan = planned.plan
    after = apply(plan, decisions)
    check_ids(plan, after)
    report = _report(plan)
    row = _import_row(town_code, planned, actor, now, report is not None)
    with reading(engine) as conn:
        _check_unchanged(conn, town_code, planned)
        prepared = prepare_records(conn, town_code, plan, after, actor, now)
    with writing(engine) as conn:
        _check_unchanged(conn, town_code, planned)
        written = write_records(conn, town_code, prepared, actor, now)
        add_import(conn, row, report)
        _tell(conn, town_code, planned, row.id, written, actor, now)
    return ImportResult(row.id, plan.counts, written.added, written.changed)


def _check_unchanged(conn: Connection, town_code: str, planned: Planned) -> None:
    check_town(conn, town_code)
    if profiles.revision_of_town(conn, town_code) != planned.revision:
        raise Changed("この町の支援先データを、")


def save_mapping(engine: Engine, town_code: str, form: Form, actor: str, now: datetime) -> None:
    """Keep a mapping for the town; one with the same id is replaced.  Raises NotFound."""
    text = save_form(form).decode()
    with writing(engine) as conn:
        check_town(conn, town_code)
        mappings.put_mapping(conn, town_code, form.id, text, actor, now)
        audit.append(conn, audit.Event(actor, "mapping.save", None, town_code), now)


def mappings_of(engine: Engine, town_code: str) -> tuple[Form, ...]:
    """Return the town's saved mappings, by id."""
    with reading(engine) as conn:
        return _mappings(conn, town_code)


def imports_of(engine: Engine, town_code: str) -> tuple[PastImport, ...]:
    """Return the town's imports, newest first."""
    with reading(engine) as conn:
        rows = imports_of_town(conn, town_code)
    return tuple(
        PastImport(
            row.id,
            row.at,
            row.by,
            row.file,
            row.sha256,
            tuple(json.loads(row.forms)),
            row.has_report,
            json.loads(row.counts),
        )
        for row in rows
    )


def import_report(engine: Engine, town_code: str, import_id: str) -> str:
    """Return the report (CSV) of an import.  Raises NotFound when there is none (any more)."""
    with reading(engine) as conn:
        report = report_of(conn, town_code, import_id) if is_storable(import_id) else None
    if report is None:
        raise NotFound(
            "この取り込みの報告はありません（3年を過ぎたか、大きすぎたため残していません）。"
        )
    return report


def hash_of(source: bytes | Path) -> str:
    """Return the file's SHA-256."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mappings(conn: Connection, town_code: str) -> tuple[Form, ...]:
    saved = mappings.mappings_of_town(conn, town_code)
    return tuple(read_form(text.encode(), form_id) for form_id, text in saved.items())


def _report(plan: ImportPlan) -> str | None:
    text = report_csv(plan).replace("\x00", "")
    size = len(text.encode(errors="replace"))
    return text.encode(errors="replace").decode() if size < MOST_REPORT_BYTES else None


def _import_row(
    town_code: str, planned: Planned, actor: str, now: datetime, has_report: bool
) -> ImportRow:
    plan = planned.plan
    file = plan.file.replace("\\", "/").rpartition("/")[2].replace("\x00", "")
    return ImportRow(
        id=str(uuid4()),
        town_code=town_code,
        at=now,
        by=actor,
        file=file.encode(errors="replace").decode(),
        sha256=planned.sha256,
        forms=as_json(list(plan.forms)),
        counts=as_json(plan.counts),
        has_report=has_report,
    )


def _tell(
    conn: Connection,
    town_code: str,
    planned: Planned,
    import_id: str,
    written: Written,
    actor: str,
    now: datetime,
) -> None:
    detail: dict[str, Value] = {
        "count": written.added + written.changed,
        "rows": len(planned.plan.rows),
        "sha256": planned.sha256,
    }
    event = audit.Event(actor, "records.import", ("import", import_id), town_code, detail=detail)
    audit.append(conn, event, now)
    if written.added or written.changed:
        profiles.move_on(conn, town_code, actor, now)
