"""From an HSDS file to the plan of an import: the same preview, report and undo as any list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from knowledge.check import Problem
from knowledge.hsds.draft import Draft, Imported
from knowledge.hsds.findings import Notice
from knowledge.hsds.meeting import meet
from knowledge.hsds.read import read_hsds
from knowledge.hsds.rows import RowContext, row_of
from knowledge.hsds.schemas import VERSION
from knowledge.importing.findings import Finding, Level, Place
from knowledge.importing.plan import ImportPlan, plan_import
from knowledge.importing.run import ImportContext, named_dataset

FORM_TITLE = f"HSDS {VERSION}"
_NONE_OF_A_TOWN = "全国の制度 {count} 件は、つなぎがはじめから持っているので取り込みません。町の支援先だけを取り込みます"
_TOWN_FACTS = "町の事実（人口・窓口の表など）は取り込みません。町の設定で直してください"
_GONE = "廃止（defunct）とあるので取り込みません。前に取り込んだ記録は引退します"
_EMPTY = "町の支援先が1件もありません。正しいファイルか確かめてください"


def hsds_plan(source: bytes | Path, name: str, context: ImportContext) -> ImportPlan:
    """Return the plan for a JSON file, a zip or a folder of HSDS; nothing is changed.

    What stops the file as a whole stands in the plan as errors, with the JSON path or the
    table and its row; then there are no rows.  A service is known again by its id.
    """
    imported = read_hsds(source, name)
    findings = [*_problems(imported, name), *_notices(imported, name)]
    local = list(_local(imported, name, findings))
    if not imported.problems and not local:
        findings.append(Finding(Place(name), "", "", _EMPTY, "error"))
    dataset = context.dataset or _dataset(imported, name)
    rows = RowContext(name, dataset, context, imported.town)
    drafts = [row_of(draft, number, rows) for number, draft in local]
    town_code = context.town.code if context.town else ""
    meeting = meet(drafts, context.existing, town_code, context.facts, context.today)
    return plan_import(
        meeting.existing,
        meeting.drafts,
        name,
        context.today,
        (FORM_TITLE,),
        tuple(findings),
    )


def _local(imported: Imported, name: str, findings: list[Finding]) -> Iterator[tuple[int, Draft]]:
    """Yield the services that are records of a town, with their number in the document."""
    national = 0
    for number, draft in enumerate(imported.drafts, start=1):
        if "categories" not in draft.values:
            national += 1
        elif draft.retired:
            findings.append(Finding(Place(name), draft.place.path, draft.name, _GONE, "check"))
        else:
            yield number, draft
    if national:
        said = _NONE_OF_A_TOWN.format(count=national)
        findings.append(Finding(Place(name), "", "", said, "note"))
    if imported.town is not None:
        findings.append(Finding(Place(name), "", imported.town.name, _TOWN_FACTS, "note"))


def _dataset(imported: Imported, name: str) -> str:
    """Return what the list is called from one edition to the next."""
    if imported.town is not None:
        return f"hsds {imported.town.code}"
    named = named_dataset(name)
    if named:
        return named
    organizations = {str(d.values.get("organization", "")) for d in imported.drafts}
    return organizations.pop() if len(organizations) == 1 else ""


def _problems(imported: Imported, name: str) -> Iterator[Finding]:
    for problem in imported.problems:
        yield _finding(problem, name, "error")


def _notices(imported: Imported, name: str) -> Iterator[Finding]:
    # What a record lacks is said at its row, and in our words.
    kept: Iterable[Notice] = (n for n in imported.notices if not n.kind.startswith("missing "))
    for notice in kept:
        yield _finding(notice, name, notice.level)


def _finding(problem: Problem, name: str, level: Level) -> Finding:
    sheet = problem.file if problem.file != Path(name).name else ""
    place = Place(name, sheet, problem.row or 0)
    return Finding(place, problem.column, problem.value, problem.remedy, level)
