"""Links between the rows of the tabular form: every id that is named must be there."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.hsds import terms
from knowledge.hsds.findings import Findings
from knowledge.hsds.schemas import references, tables
from knowledge.hsds.tables import Row

# They decide which services there are, who runs them and where: no import without them.
_CORE = {
    "service": ("organization_id",),
    "service_at_location": ("service_id", "location_id"),
}
# Losing one of these would lose a phone number, hours or an address that we do import.
_WANTED = ("phone", "contact", "schedule", "address", "service_area", "required_document",
           "cost_option")  # fmt: skip
_OURS = (terms.CATEGORY, terms.ELIGIBILITY, terms.FIELD)
_MISSING = "この id の行が {file} にありません。行を足すか、id を直してください"
_UNLINKED = "この id の行が {file} にないので、このつながりは読みません"


def check_references(rows: Mapping[str, list[Row]], findings: Findings) -> None:
    """Note every id that names no row; what would be lost by it stops the import."""
    ids = {name: {row.values["id"] for row in rows.get(name, ())} for name in tables()}
    taxonomy = {row.values["id"]: _taxonomy(row) for row in rows.get("taxonomy_term", ())}
    for table, found in rows.items():
        for row in found:
            if table == "attribute":
                _check_attribute(row, ids, taxonomy, findings)
            elif table == "metadata":
                _check_metadata(row, ids, findings)
            else:
                _check_row(table, row, ids, findings)


def _taxonomy(row: Row) -> str:
    return str(row.values.get("taxonomy", ""))


def _check_row(table: str, row: Row, ids: Mapping[str, set[str]], findings: Findings) -> None:
    linked = False
    for column, target in references()[table].items():
        value = row.values.get(column)
        if value is None:
            continue
        if value in ids[target]:
            linked = True
        elif column in _CORE.get(table, ()):
            remedy = _MISSING.format(file=tables()[target].file)
            findings.stop(row.place, column, value, remedy)
        else:
            remedy = _UNLINKED.format(file=tables()[target].file)
            findings.tell(row.place, column, value, remedy, f"link {table}.{column}")
    if table in _WANTED and not linked:
        remedy = "どの記録のものか分かりません。service_id などの id を書いてください"
        findings.stop(row.place, "id", row.values["id"], remedy)


def _check_attribute(
    row: Row, ids: Mapping[str, set[str]], taxonomy: Mapping[str, str], findings: Findings
) -> None:
    link, term = row.values.get("link_id"), row.values.get("taxonomy_term_id")
    entity = str(row.values.get("link_entity", ""))
    known = ids[entity] if entity in ids else set().union(*ids.values())
    if link not in known:
        # Our own attributes carry the record itself.
        if taxonomy.get(str(term)) in _OURS:
            remedy = _MISSING.format(
                file=tables()[entity].file if entity in ids else "どのファイル"
            )
            findings.stop(row.place, "link_id", link, remedy)
        else:
            remedy = "この id の行がどの表にもないので、この属性は読みません"
            findings.tell(row.place, "link_id", link, remedy, "link attribute")
    if term not in ids["taxonomy_term"]:
        remedy = "この id の分類が taxonomy_terms.csv にないので、この属性は読みません"
        findings.tell(row.place, "taxonomy_term_id", term, remedy, "term attribute")


def _check_metadata(row: Row, ids: Mapping[str, set[str]], findings: Findings) -> None:
    link = row.values.get("resource_id")
    if not any(link in known for known in ids.values()):
        remedy = "この id の行がどの表にもないので、この変更の記録は読みません"
        findings.tell(row.place, "resource_id", link, remedy, "link metadata", "note")
