"""Categories that imports proposed, confirmed for many records at once: one look per kind.

That a record's category is right does not say that the record is: the day it was last verified
stays as it is.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from service.errors import BadInput
from service.records.codec import categories_of, record_of_row
from service.records.national import category_codes
from service.records.read import is_storable
from service.records.write import former, successor
from service.store import audit, profiles
from service.store.engine import reading, writing
from service.store.record_history import add_versions
from service.store.record_lists import Wanted, list_rows
from service.store.records import RecordRow, replace_rows, rows_by_id

_FIELD = "categories"
_MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Proposed:
    """One record whose category waits, as it was seen."""

    id: str
    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class KindProposal:
    """Active records of one kind (種別; "" where none is said) that were proposed the same."""

    kind: str
    categories: tuple[str, ...]
    records: tuple[Proposed, ...]

    @property
    def examples(self) -> tuple[Proposed, ...]:
        """The first few of them by name."""
        return self.records[:_MOST_EXAMPLES]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the keeper decided of one record; ``categories`` None: the proposed ones are right."""

    id: str
    revision: int
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many were confirmed; ``left``: changed by somebody meanwhile, left as they are."""

    confirmed: int
    left: int


def proposals_by_kind(engine: Engine, town_code: str) -> tuple[KindProposal, ...]:
    """Return what waits for a keeper's word, the largest group first."""
    found: dict[tuple[str, tuple[str, ...]], list[Proposed]] = defaultdict(list)
    wanted = Wanted(town_code, state="active")
    with reading(engine) as conn:
        for row in list_rows(conn, wanted, "unconfirmed"):
            if _waits(row):
                key = (row.kind, _codes(row))
                found[key].append(Proposed(row.id, row.name, row.revision))
    groups = (KindProposal(*key, tuple(records)) for key, records in found.items())
    return tuple(sorted(groups, key=lambda g: (-len(g.records), g.kind, g.categories)))


def confirm_categories(
    engine: Engine, town_code: str, chosen: Iterable[Chosen], actor: str, now: datetime
) -> Confirmed:
    """Confirm the proposed categories, or set those chosen instead, in one transaction.

    A record that is no longer as it was seen is left as it is.  Nothing to confirm: nothing is
    written.  Raises :class:`BadInput` for a category there is none of; nothing is written then.
    """
    wanted = {one.id: one for one in chosen}
    _check(wanted)
    with writing(engine) as conn:
        rows = rows_by_id(conn, town_code, [i for i in wanted if is_storable(i)])
        same = [row for row in rows.values() if _as_seen(row, wanted[row.id])]
        if same:
            new = [_confirmed(row, wanted[row.id], actor, now) for row in same]
            add_versions(conn, map(former, same))
            replace_rows(conn, new)
            detail: dict[str, int | str] = {"count": len(same), "field": _FIELD}
            event = audit.Event(actor, "record.change", None, town_code, detail=detail)
            audit.append(conn, event, now)
            profiles.move_on(conn, town_code, actor, now)
    return Confirmed(len(same), len(wanted) - len(same))


def _check(wanted: Mapping[str, Chosen]) -> None:
    asked = {one.categories for one in wanted.values() if one.categories is not None}
    if not all(asked):
        raise BadInput("支援分野を選んでください。")
    unknown = sorted({code for codes in asked for code in codes} - category_codes())
    if unknown:
        said = "、".join(unknown)
        raise BadInput(f"支援分野にないコードです: {said}。一覧から選んでください。")


def _as_seen(row: RecordRow, seen: Chosen) -> bool:
    return row.revision == seen.revision and row.state == "active" and _waits(row)


def _waits(row: RecordRow) -> bool:
    # Without a category there is nothing to call right: the record is in the list of those.
    return _FIELD in row.unconfirmed.split(";") and bool(_codes(row))


def _codes(row: RecordRow) -> tuple[str, ...]:
    return categories_of({_FIELD: row.categories})


def _confirmed(row: RecordRow, seen: Chosen, actor: str, now: datetime) -> RecordRow:
    record = record_of_row(row)
    fields = dict(record.fields)
    if seen.categories is not None:
        fields[_FIELD] = ";".join(dict.fromkeys(seen.categories))
    after = replace(record, fields=fields, unconfirmed=record.unconfirmed - {_FIELD})
    merged = tuple(json.loads(row.merged))
    return successor(row, after, "record.change", actor, now, merged, row.merged_into)
