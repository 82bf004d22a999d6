"""The plan of an import: every row's fate, before anything is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from knowledge.importing.drafts import Draft, Origin
from knowledge.importing.duplicates import MergeProposal, candidate, propose_merges
from knowledge.importing.findings import Finding, Place
from knowledge.importing.mapping import Proposal
from knowledge.importing.matching import Known, find_doubles, match_drafts, new_id, whole
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.three_way import Conflict, FieldChange, hold_against

# returned: vanished before, and published again.  duplicate: the very same row again.
# outside: a row of another town, where only one town's were wanted.
Fate = Literal["new", "changed", "same", "returned", "duplicate", "outside", "error"]
_MANY_VANISHED = 5


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What becomes of one row."""

    draft: Draft
    fate: Fate
    record_id: str = ""
    changes: tuple[FieldChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()
    double_of: Place | None = None
    last: Imported | None = None

    @property
    def place(self) -> Place:
        """The row's place in the file."""
        return self.draft.place


@dataclass(frozen=True, slots=True)
class Retirement:
    """A record whose row is in no edition any more; it stays in the history with its edits."""

    record_id: str
    name: str
    edited: bool
    gone: tuple[Origin, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class SheetProposal:
    """A mapping proposed for sheets of one unknown form."""

    sheets: tuple[str, ...]
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything an import would do; :func:`knowledge.importing.apply.apply` does it."""

    file: str
    forms: tuple[str, ...]
    rows: tuple[PlannedRow, ...]
    retired: tuple[Retirement, ...]
    merges: tuple[MergeProposal, ...]
    findings: tuple[Finding, ...]
    proposals: tuple[SheetProposal, ...]
    # Stops the plan until the keeper says that so many records are really gone.
    vanishing: tuple[Finding, ...]
    existing: Mapping[str, KeptRecord]
    today: date
    datasets: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each fate, and how many records would be retired."""
        counts: Counter[str] = Counter(row.fate for row in self.rows)
        return {**counts, "retired": len(self.retired)}

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the plan from being carried out, file first, then rows."""
        own = [finding for finding in self.findings if finding.level == "error"]
        rows = [f for row in self.rows for f in row.findings if f.level == "error"]
        return (*self.vanishing, *own, *rows)


def plan_import(
    existing: Sequence[KeptRecord],
    drafts: Sequence[Draft],
    file: str,
    today: date,
    forms: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
    proposals: tuple[SheetProposal, ...] = (),
) -> ImportPlan:
    """Hold the drafts against what is there and say what would become of every row.

    Only records of the same data set can be retired.  A row with an error still counts
    as present, so that leaving it out retires nothing.
    """
    inside = [draft for draft in drafts if not draft.outside]
    doubles = find_doubles(inside)
    single = [draft for i, draft in enumerate(inside) if i not in doubles]
    known = match_drafts(existing, single)
    planned = _plan_rows(single, known, {record.id for record in existing})
    planned += [_doubled(inside[i], inside[earlier]) for i, earlier in doubles.items()]
    planned += [PlannedRow(draft, "outside") for draft in drafts if draft.outside]
    planned.sort(key=_in_file)
    datasets = frozenset((draft.origin.form, draft.origin.dataset) for draft in drafts)
    retired = _retirements(existing, known, datasets)
    return ImportPlan(
        file=file,
        forms=forms,
        rows=tuple(planned),
        retired=retired,
        merges=_merges(existing, planned, {r.record_id for r in retired}),
        findings=(*findings, *_older(file, known, single)),
        proposals=proposals,
        vanishing=_vanishing(file, existing, retired, datasets),
        existing={record.id: record for record in existing},
        today=today,
        datasets=datasets,
    )


def _in_file(row: PlannedRow) -> tuple[str, int]:
    place = row.draft.place
    return place.sheet, place.row


def _doubled(draft: Draft, earlier: Draft) -> PlannedRow:
    """Return the fate of a row that says the very same as an earlier one."""
    fate: Fate = "error" if draft.errors else "duplicate"
    return PlannedRow(draft, fate, findings=draft.findings, double_of=earlier.place)


def _plan_rows(
    drafts: Sequence[Draft], known: Sequence[Known | None], taken: set[str]
) -> list[PlannedRow]:
    first: dict[Hashable, PlannedRow] = {}
    planned: list[PlannedRow] = []
    for draft, match in zip(drafts, known, strict=True):
        identity = whole(draft.origin)
        earlier = first.get(identity)
        row = _planned(draft, match, earlier, taken)
        if row.record_id:
            taken.add(row.record_id)
        if earlier is None:
            first[identity] = row
        planned.append(row)
    return planned


def _planned(
    draft: Draft, match: Known | None, earlier: PlannedRow | None, taken: set[str]
) -> PlannedRow:
    if draft.findings and draft.errors:
        record_id = match.record.id if match else ""
        return PlannedRow(draft, "error", record_id, findings=draft.findings)
    if match is not None:
        return _planned_known(draft, match)
    findings = draft.findings
    if earlier is not None:
        said = f"番号・名前・住所が {earlier.place} と同じです。2件として扱います。確かめてください"
        findings = (*findings, Finding(draft.place, "", draft.fields.get("name", ""), said))
    record_id = new_id(draft, taken)
    if record_id in taken:
        said = "この id はほかの行か記録で使われています。別の id にしてください"
        fault = Finding(draft.place, "id", record_id, said, "error")
        return PlannedRow(draft, "error", findings=(*findings, fault))
    return PlannedRow(draft, "new", record_id, findings=findings)


def _planned_known(draft: Draft, match: Known) -> PlannedRow:
    record = match.record
    outcome = hold_against(record, match.source, draft)
    fate: Fate = "changed" if outcome.changes or outcome.conflicts else "same"
    if record.state == "vanished":
        fate = "returned"
    return PlannedRow(
        draft=draft,
        fate=fate,
        record_id=record.id,
        changes=outcome.changes,
        conflicts=outcome.conflicts,
        findings=draft.findings,
        last=match.source,
    )


def _retirements(
    existing: Sequence[KeptRecord],
    known: Sequence[Known | None],
    datasets: frozenset[tuple[str, str]],
) -> tuple[Retirement, ...]:
    seen = {(match.record.id, match.source.origin) for match in known if match}
    retired: list[Retirement] = []
    for record in existing:
        gone = [
            source
            for source in record.sources
            # A list without a name of its own may be any list: nothing of it is retired.
            if not source.gone
            and source.origin.dataset
            and (source.origin.form, source.origin.dataset) in datasets
            and (record.id, source.origin) not in seen
        ]
        if record.state != "active" or not gone:
            continue
        edited = any(record.fields.get(n, "") != v for n, v in gone[0].fields.items())
        elsewhere = len(gone) < sum(not source.gone for source in record.sources)
        origins = tuple(source.origin for source in gone)
        name = record.fields.get("name", "")
        retired.append(Retirement(record.id, name, edited, origins, elsewhere))
    return tuple(retired)


def _vanishing(
    file: str,
    existing: Sequence[KeptRecord],
    retired: Sequence[Retirement],
    datasets: frozenset[tuple[str, str]],
) -> tuple[Finding, ...]:
    """Return an error when more than half of a data set would vanish: often the wrong file."""
    of_set = sum(
        record.state == "active"
        and any((s.origin.form, s.origin.dataset) in datasets for s in record.sources)
        for record in existing
    )
    if len(retired) <= _MANY_VANISHED or len(retired) * 2 <= of_set:
        return ()
    said = (
        f"前回あった {of_set} 件のうち {len(retired)} 件がこのファイルにありません。"
        "別のファイルか、途中で切れたファイルではありませんか。正しければ「なくなった記録を引退させる」を選んでください"
    )
    return (Finding(Place(file), "", "", said, "error"),)


def _older(
    file: str, known: Sequence[Known | None], drafts: Sequence[Draft]
) -> tuple[Finding, ...]:
    """Return a doubt when the file is of an earlier date than the one imported last."""
    now = max((draft.fields.get("verified_on", "") for draft in drafts), default="")
    last = max((m.source.fields.get("verified_on", "") for m in known if m), default="")
    if not now or now >= last:
        return ()
    said = f"前回取り込んだもの（{last}）より古い一覧（{now}）です。新しい値が古い値に戻ります"
    return (Finding(Place(file), "", "", said, "check"),)


def _merges(
    existing: Sequence[KeptRecord], planned: Sequence[PlannedRow], retired: set[str]
) -> tuple[MergeProposal, ...]:
    new = [
        candidate(row.record_id, row.place, row.draft.fields, row.draft.origin)
        for row in planned
        if row.fate == "new"
    ]
    if not new:
        return ()
    updated = {row.record_id for row in planned if row.record_id and row.fate != "new"}
    known = [
        candidate(record.id, None, record.fields)
        for record in existing
        if record.state == "active" or record.id in retired or record.id in updated
    ]
    return propose_merges(new, known)
