"""What a preview shows of a plan, and what the keeper's answers on it mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from knowledge.importing.apply import Decisions
from knowledge.importing.findings import Finding, Place
from knowledge.importing.form import Form
from knowledge.importing.plan import ImportPlan, PlannedRow, Retirement
from knowledge.importing.report import FATES
from knowledge.importing.roles import ROLES
from service.uploads import Upload

# Of each kind the page shows so many; the CSV has all.
SHOWN = 100
ONLY = {"all": "すべての行", "town": "この町の行だけ", "prefecture": "この都道府県の行だけ"}
_FIRST_ROWS = 10
_NO_CATEGORY = "（分野が決まらない）"


@dataclass(frozen=True, slots=True)
class ConflictSeen:
    """A value that both the desk and the file changed; ``name`` is the form's field."""

    name: str
    record: str
    label: str
    mine: str
    new: str
    take_new: bool


@dataclass(frozen=True, slots=True)
class Other:
    """A record that a new row may be the same as."""

    value: str
    name: str
    reasons: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MergeSeen:
    """A new row and the records it may double."""

    name: str
    row: str
    place: str
    others: tuple[Other, ...]
    left_out: bool


@dataclass(frozen=True, slots=True)
class CategorySeen:
    """Rows of one kind, and the categories proposed for them."""

    kind: str
    categories: str
    reasons: str
    sure: bool
    count: int


@dataclass(frozen=True, slots=True)
class Alike:
    """A finding, and how many alike it stands for."""

    finding: Finding
    count: int


@dataclass(frozen=True, slots=True)
class Faults:
    """What stops the import.  ``blocked``: what leaving out ``bad_rows`` rows does not help."""

    blocked: tuple[Finding, ...]
    rows: tuple[Finding, ...]
    count: int
    bad_rows: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """The categories of the rows that are taken, and how many lack one, or a date."""

    categories: tuple[CategorySeen, ...]
    no_category: int
    no_date: int


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A plan before it is carried out; ``basis`` is what it was made on."""

    upload: Upload
    basis: str
    forms: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    faults: Faults
    needs_mapping: bool
    vanishing: tuple[Finding, ...]
    retired: tuple[Retirement, ...]
    retired_count: int
    conflicts: tuple[ConflictSeen, ...]
    conflict_count: int
    merges: tuple[MergeSeen, ...]
    merge_count: int
    proposed: Proposed
    checks: tuple[Alike, ...]
    first_rows: tuple[PlannedRow, ...]
    fates: Mapping[str, str]
    only: Mapping[str, str]
    mappings: tuple[Form, ...]
    leave_out: bool
    accept_vanished: bool
    error: str = ""

    @property
    def can_confirm(self) -> bool:
        """Whether there is a row to carry out at all, once the questions are answered."""
        return not self.faults.blocked and any(label != FATES["error"] for label, _ in self.counts)


def preview_page(
    upload: Upload,
    plan: ImportPlan,
    basis: str,
    labels: Mapping[str, str],
    saved: Iterable[Form] = (),
    decided: Decisions | None = None,
    error: str = "",
) -> PreviewPage:
    """Return the page of a plan; ``labels`` names the categories, ``decided`` is kept on it.

    Those of the ``saved`` mappings that the file was read by can be opened from it.
    """
    decided = decided or Decisions()
    counts = plan.counts
    conflicts = _conflicts(plan, decided)
    merges = _merges(plan, decided)
    kept = [row for row in plan.rows if row.fate in ("new", "changed", "returned", "same")]
    return PreviewPage(
        upload=upload,
        basis=basis,
        forms=plan.forms,
        counts=tuple((label, counts[fate]) for fate, label in FATES.items() if counts.get(fate)),
        faults=_faults(plan),
        needs_mapping=bool(plan.proposals),
        vanishing=plan.vanishing,
        retired=plan.retired[:SHOWN],
        retired_count=len(plan.retired),
        conflicts=conflicts[:SHOWN],
        conflict_count=len(conflicts),
        merges=merges[:SHOWN],
        merge_count=len(merges),
        proposed=_proposed(kept, labels),
        checks=_checks(plan),
        first_rows=tuple(kept[:_FIRST_ROWS]),
        fates=FATES,
        only=ONLY,
        mappings=tuple(form for form in saved if form.title in plan.forms),
        leave_out=any(row.place in decided.leave_out for row in plan.rows if row.fate == "error"),
        accept_vanished=decided.accept_vanished,
        error=error,
    )


def read_decisions(plan: ImportPlan, form: FormData) -> Decisions:
    """Return what the keeper's answers say about this plan; answers about anything else are void."""
    leave = {row.place for row in plan.rows if row.fate == "error" and _on(form, "leave_out")}
    merge: dict[Place, str] = {}
    for proposal in plan.merges:
        answer = str(form.get(merge_name(proposal.place), ""))
        if answer == "leave":
            leave.add(proposal.place)
        elif answer == f"to:{proposal.record_id}":
            merge[proposal.place] = proposal.record_id
    every = form.get("take_all") == "new"
    take = {
        (row.record_id, conflict.field)
        for row in plan.rows
        for conflict in row.conflicts
        if every or form.get(conflict_name(row.record_id, conflict.field)) == "new"
    }
    return Decisions(frozenset(leave), merge, frozenset(take), _on(form, "accept_vanished"))


def merge_name(place: Place) -> str:
    """Return the form's field for the row at ``place``."""
    return f"merge:{place.row}:{place.sheet}"


def conflict_name(record_id: str, field: str) -> str:
    """Return the form's field for one value in conflict."""
    return f"take:{field}:{record_id}"


def field_label(field: str) -> str:
    """Return a record's field in words: without the notation that a mapping page explains."""
    return ROLES.get(field, field).partition("（")[0]


def _on(form: FormData, name: str) -> bool:
    return form.get(name) == "1"


def _faults(plan: ImportPlan) -> Faults:
    bad = [row for row in plan.rows if row.fate == "error"]
    errors = [f for row in bad for f in row.findings if f.level == "error"]
    blocked = tuple(f for f in plan.findings if f.level == "error")
    return Faults(blocked, tuple(errors[:SHOWN]), len(errors), len(bad))


def _proposed(rows: Sequence[PlannedRow], labels: Mapping[str, str]) -> Proposed:
    return Proposed(
        categories=_categories(rows, labels),
        no_category=sum(not row.draft.fields.get("categories") for row in rows),
        no_date=sum(not row.draft.fields.get("verified_on") for row in rows),
    )


def _conflicts(plan: ImportPlan, decided: Decisions) -> tuple[ConflictSeen, ...]:
    return tuple(
        ConflictSeen(
            name=conflict_name(row.record_id, conflict.field),
            record=plan.existing[row.record_id].fields.get("name", row.record_id),
            label=field_label(conflict.field),
            mine=conflict.local,
            new=conflict.new_import,
            take_new=(row.record_id, conflict.field) in decided.take_new,
        )
        for row in plan.rows
        for conflict in row.conflicts
    )


def _merges(plan: ImportPlan, decided: Decisions) -> tuple[MergeSeen, ...]:
    by_row: dict[Place, list[Other]] = {}
    names = {proposal.place: proposal.name for proposal in plan.merges}
    for proposal in plan.merges:
        where = f"（{proposal.other_place.row}行目）" if proposal.other_place else ""
        other = Other(
            value=f"to:{proposal.record_id}",
            name=proposal.other_name + where,
            reasons="、".join(proposal.reasons),
            chosen=decided.merge.get(proposal.place) == proposal.record_id,
        )
        by_row.setdefault(proposal.place, []).append(other)
    return tuple(
        MergeSeen(
            merge_name(place), names[place], str(place), tuple(others), place in decided.leave_out
        )
        for place, others in by_row.items()
    )


def _categories(rows: Iterable[PlannedRow], labels: Mapping[str, str]) -> tuple[CategorySeen, ...]:
    """Return what the file's kinds were taken for, the most frequent first."""
    groups: Counter[tuple[str, str, str, bool]] = Counter()
    for row in rows:
        proposals = row.draft.proposals
        codes = row.draft.fields.get("categories", "").split(";")
        named = "、".join(labels.get(code, code) for code in codes if code) or _NO_CATEGORY
        reasons = "、".join(dict.fromkeys(p.reason for p in proposals))
        sure = bool(codes[0]) and all(p.sure for p in proposals)
        groups[(row.draft.fields.get("kind", ""), named, reasons, sure)] += 1
    return tuple(CategorySeen(*group, count) for group, count in groups.most_common(SHOWN))


def _checks(plan: ImportPlan) -> tuple[Alike, ...]:
    """Return the doubts, alike ones together: a column with one fault has it in every row."""
    first: dict[tuple[str, str], Finding] = {}
    alike: Counter[tuple[str, str]] = Counter()
    findings = (*plan.findings, *(f for row in plan.rows for f in row.findings))
    for finding in findings:
        if finding.level == "check" or (finding.level == "note" and not finding.place.row):
            key = (finding.column, finding.remedy)
            first.setdefault(key, finding)
            alike[key] += 1
    return tuple(Alike(first[key], count) for key, count in alike.most_common(SHOWN))
