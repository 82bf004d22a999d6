"""The plan in words for people, and as a CSV with every row's fate."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from knowledge.importing.findings import Finding
from knowledge.importing.plan import ImportPlan, PlannedRow

FATES = {
    "new": "新しく加わる",
    "changed": "内容が変わる",
    "same": "変わらない",
    "returned": "再び載った",
    "duplicate": "同じ行の繰り返し",
    "outside": "町の外",
    "error": "取り込めない",
    "retired": "載らなくなった（引退）",
}
COLUMNS = ("ファイル", "シート", "行", "結果", "記録の番号", "名前", "列", "値", "程度", "知らせ")
_LEVELS = {"error": "直す", "check": "確かめる", "note": "参考"}
_SHOWN = 20
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def report_text(plan: ImportPlan) -> str:
    """Return the plan for a screen: the counts, what to fix, what to look at."""
    lines = [f"{plan.file}: {'、'.join(plan.forms) or '知らない形の表'}"]
    counts = plan.counts
    lines += [f"  {label} {counts[fate]:,} 件" for fate, label in FATES.items() if counts.get(fate)]
    if plan.errors:
        lines.append(
            f"直すところ {len(plan.errors):,} 件（直すか、その行を除くまで何も取り込みません）"
        )
        lines += [f"・{finding}" for finding in plan.errors[:_SHOWN]]
        lines += _more(len(plan.errors))
    lines += _conflict_lines(plan)
    lines += [f"・{r.name}（{r.record_id}）が載らなくなった" + ("。手直しは残ります" if r.edited else "") for r in plan.retired[:_SHOWN]]  # fmt: skip
    lines += _more(len(plan.retired))
    lines += [f"・{m.place} {m.name} は {m.other_name}（{m.record_id}）と同じかもしれません（{'、'.join(m.reasons)}）" for m in plan.merges[:_SHOWN]]  # fmt: skip
    lines += _more(len(plan.merges))
    lines += _check_lines(plan)
    return "\n".join(lines)


def _more(count: int) -> list[str]:
    return [f"  （ほか {count - _SHOWN:,} 件）"] if count > _SHOWN else []


def _conflict_lines(plan: ImportPlan) -> list[str]:
    found = [(row, conflict) for row in plan.rows for conflict in row.conflicts]
    lines = [
        f"・{row.place} {row.draft.fields.get('name', '')} の {conflict.field}: "
        f"手直し「{conflict.local}」を残します（新しい値「{conflict.new_import}」）"
        for row, conflict in found[:_SHOWN]
    ]
    return lines + _more(len(found))


def _check_lines(plan: ImportPlan) -> list[str]:
    """Return the doubts, alike ones together: a column with one fault has it in every row."""
    checks = [f for f in _all_findings(plan) if f.level == "check"]
    alike = Counter((finding.column, finding.remedy) for finding in checks)
    first: dict[tuple[str, str], Finding] = {}
    for finding in checks:
        first.setdefault((finding.column, finding.remedy), finding)
    lines = [
        f"・{count:,} 件 {first[key]}" if count > 1 else f"・{first[key]}"
        for key, count in alike.most_common(_SHOWN)
    ]
    head = [f"確かめるところ {len(checks):,} 件"] if checks else []
    return head + lines + _more(len(alike))


def _all_findings(plan: ImportPlan) -> Iterator[Finding]:
    yield from plan.findings
    for row in plan.rows:
        yield from row.findings


def report_csv(plan: ImportPlan) -> str:
    """Return every row's fate with what was said about it, safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for finding in plan.findings:
        writer.writerow(_safe(_line(plan.file, "", "", "", "", "", finding)))
    for row in plan.rows:
        for line in _row_lines(row):
            writer.writerow(_safe(line))
    for gone in plan.retired:
        said = "手直しは残ります" if gone.edited else ""
        cells = (plan.file, "", "", FATES["retired"], gone.record_id, gone.name, "", "", "", said)
        writer.writerow(_safe(cells))
    return text.getvalue()


def _row_lines(row: PlannedRow) -> Iterator[tuple[str, ...]]:
    place = row.place
    name = row.draft.fields.get("name", "")
    head = (place.file, place.sheet, str(place.row), FATES[row.fate], row.record_id, name)
    said = [_line(*head, finding) for finding in row.findings]
    said += [
        (*head, c.field, c.local, "確かめる", f"手直しを残します。新しい値は「{c.new_import}」")
        for c in row.conflicts
    ]
    said += [(*head, c.field, c.after, "参考", f"前は「{c.before}」") for c in row.changes]
    if row.double_of is not None:
        said.append((*head, "", "", "参考", f"{row.double_of} と同じ行です"))
    yield from said or [(*head, "", "", "", "")]


def _line(
    file: str, sheet: str, row: str, fate: str, record_id: str, name: str, finding: Finding
) -> tuple[str, ...]:
    level = _LEVELS[finding.level]
    shown = (finding.column, finding.value, level, finding.remedy)
    return (file, sheet, row, fate, record_id, name, *shown)


def _safe(cells: tuple[str, ...]) -> list[str]:
    """Put an apostrophe before what a spreadsheet would run as a formula."""
    return [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]
