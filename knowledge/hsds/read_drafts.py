"""Drafts from objects that are checked already, whichever form they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from knowledge.hsds.draft import Draft, Imported
from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.node import Node, Reading
from knowledge.hsds.own import read_attributes
from knowledge.hsds.read_records import TermRules, read_draft
from knowledge.hsds.read_town import read_town
from knowledge.hsds.shapes import Found
from knowledge.models import Category, Town


def read_found(
    found: Found,
    name: str,
    reading: Reading,
    categories: Iterable[Category],
    rules: TermRules,
) -> Imported:
    """Return the drafts of checked objects."""
    findings = reading.findings
    services = [Node(value, "service", path, reading) for path, value in found.services]
    organizations = [Node(v, "organization", path, reading) for path, v in found.organizations]
    town = read_town(organizations)
    drafts = [read_draft(node, rules, name) for node in services]
    known = {category.code for category in categories}
    for node, draft in zip(services, drafts, strict=True):
        codes = draft.values.get("categories") or (draft.values.get("category"),)
        for code in codes:
            if known and code and code not in known:
                remedy = "categories.csv にない支援分野コードです。つづりを確かめてください"
                findings.stop(node.place, "attributes", code, remedy)
    _leave_organizations(services, organizations)
    _tell_left_over(reading, name)
    return imported(drafts, town, findings)


def _leave_organizations(services: list[Node], organizations: list[Node]) -> None:
    """Count once per organization what of it has no place here."""
    seen: set[str] = set()
    carried = [node.part("organization") for node in services]
    for node in [*organizations, *(node for node in carried if node)]:
        key = str(node.value.get("id"))
        if key not in seen:
            seen.add(key)
            read_attributes(node.all("attributes"))
            # Our own export has nothing better to write there.
            if node.value.get("description") == node.value.get("name"):
                node.take("description")
            for part, column in node.left_over():
                part.leave(column)


def _tell_left_over(reading: Reading, name: str) -> None:
    """Tell, one line per table, what had no place here; each draft keeps its original."""
    for table, columns in reading.left_over.items():
        listed = "、".join(f"{column}（{len(ids)}件）" for column, ids in columns.items())
        remedy = f"つなぎに入れる所がないので取り込みません：{listed}"
        reading.findings.tell(Place(name, None, table), "", "", remedy, level="note")


def imported(drafts: Sequence[Draft], town: Town | None, findings: Findings) -> Imported:
    """Return the whole, or with any problem nothing but the messages."""
    problems = tuple(findings.problems)
    if problems:
        drafts, town = [], None
    return Imported(tuple(drafts), town, problems, findings.notices())
