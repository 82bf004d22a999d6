"""What came of the connections: resources never used or always full, and refusals with reasons.

A count here is of a resource, not of a person; only the crossing of category and reason has
its small counts withheld.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from service.cases.days import day_of
from service.cases.models import Case, Referral
from service.cases.words import REFUSED
from service.insights.period import Period
from service.insights.sheet import Cell, Table
from service.insights.suppress import protect
from service.records.kept import Kept

_TAKEN = ("accepted", "in_progress", "closed")
_MOST_FULL = 2


@dataclass(frozen=True, slots=True)
class Idle:
    """A resource that nobody was connected to, and how often it was on a card."""

    name: str
    href: str
    shown: int


@dataclass(frozen=True, slots=True)
class Full:
    """A resource that is full: by its record, or because it refused so and never took anybody."""

    name: str
    href: str
    refused_full: int
    connected: int
    by_record: bool


def never_used(cases: Iterable[Case], records: Iterable[Kept], period: Period) -> tuple[Idle, ...]:
    """Return the active records nobody was connected to, those shown most often first."""
    used = {r.target.record_id for r in _chosen_in(cases, period)}
    found = [
        Idle(record.name, _href(record.id), record.shown)
        for record in records
        if record.id not in used
    ]
    return tuple(sorted(found, key=lambda idle: (-idle.shown, idle.name)))


def always_full(cases: Iterable[Case], records: Sequence[Kept], period: Period) -> tuple[Full, ...]:
    """Return the records that say they are full, or refused twice for it and took nobody."""
    full: Counter[str] = Counter()
    connected: Counter[str] = Counter()
    for referral in (r for case in cases for r in case.referrals):
        steps = [step for step in referral.steps if period.has(day_of(step.at))]
        full[referral.target.record_id] += sum(step.reason == "full" for step in steps)
        connected[referral.target.record_id] += any(step.state in _TAKEN for step in steps)
    found = []
    for record in records:
        by_record = record.record.fields.get("status") == "full"
        refused, taken = full[record.id], connected[record.id]
        if by_record or (refused >= _MOST_FULL and not taken):
            found.append(Full(record.name, _href(record.id), refused, taken, by_record))
    return tuple(sorted(found, key=lambda one: (-one.refused_full, one.name)))


def refusals_table(cases: Iterable[Case], categories: Mapping[str, str], period: Period) -> Table:
    """Return the refusals (steps) of the period by category and reason, small counts withheld."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for referral, reason in refusals(cases, period):
        target = referral.target
        name = (
            target.category_label or categories.get(target.category, "") or "町の窓口が足したもの"
        )
        counts[name][reason] += 1
    names = sorted(counts, key=lambda name: (-counts[name].total(), name))
    shown = protect([[counts[name][reason] for reason in REFUSED] for name in names])
    rows: list[tuple[Cell, ...]] = [
        (name, *cells, total)
        for name, cells, total in zip(names, shown.cells, shown.row_totals, strict=True)
    ]
    rows.append(("合計", *(shown.column_totals or (0,) * len(REFUSED)), shown.total))
    return Table(
        "refusals",
        "断られたつなぎと、そのわけ",
        ("支援分野", *REFUSED.values(), "合計"),
        tuple(rows),
    )


def refusals(cases: Iterable[Case], period: Period) -> Iterator[tuple[Referral, str]]:
    """Give each refusal of the period with its reason; the same connection can refuse twice."""
    for case in cases:
        for referral in case.referrals:
            for step in referral.steps:
                if step.state == "refused" and step.reason and period.has(day_of(step.at)):
                    yield referral, step.reason


def idle_table(idle: Sequence[Idle]) -> Table:
    """Return the unused resources as a table."""
    rows = tuple((one.name, one.shown) for one in idle)
    return Table(
        "idle", "この期間に一度もつながなかった支援先", ("支援先", "これまでに示した回数"), rows
    )


def full_table(full: Sequence[Full]) -> Table:
    """Return the full resources as a table."""
    rows = tuple(
        (one.name, one.refused_full, one.connected, "満員" if one.by_record else "") for one in full
    )
    head = ("支援先", "満員で断られた回数", "受け入れられた数", "記録の状態")
    return Table("full", "いつも満員の支援先", head, rows)


def _chosen_in(cases: Iterable[Case], period: Period) -> Iterator[Referral]:
    for case in cases:
        for referral in case.referrals:
            if any(period.has(day_of(step.at)) for step in referral.steps):
                yield referral


def _href(record_id: str) -> str:
    return f"/records/{quote(record_id, safe='')}"
