"""The columns of our own template: already in our notation, so a fault in them is an error."""

from __future__ import annotations

from datetime import date

from knowledge.importing.amounts import read_places
from knowledge.importing.drafts import DraftContext
from knowledge.importing.rows import Cells
from knowledge.importing.text import fold, tidy
from knowledge.importing.told import Told
from knowledge.parse import parse_conditions, parse_opening

OWN_ROLES = ("categories", "opening", "status", "status_note", "eligibility", "is_window", "verified_on", "verified_by")  # fmt: skip
OWN = frozenset(OWN_ROLES)
_STATUSES = {
    "open": "open", "受入中": "open", "full": "full", "満員": "full", "suspended": "suspended",
    "休止": "suspended", "reservation": "reservation", "要予約": "reservation", "予約制": "reservation",
}  # fmt: skip


def own_fields(cells: Cells, context: DraftContext, told: Told) -> dict[str, str]:
    """Return the fields of our own columns, noting an error for each value that is not one."""
    if OWN.isdisjoint(cells.one):
        return {}
    fields = {role: tidy(cells.get(role)) for role in OWN_ROLES if cells.get(role)}
    if "categories" in fields:
        fields["categories"] = _categories(fields["categories"], context, told)
    if "opening" in fields:
        try:
            parse_opening(fields["opening"])
        except ValueError as error:
            told.error("opening", fields["opening"], str(error))
    if "eligibility" in fields and context.facts:
        try:
            parse_conditions(fields["eligibility"], dict(context.facts))
        except ValueError as error:
            told.error("eligibility", fields["eligibility"], str(error))
    if "status" in fields:
        status = _STATUSES.get(fields["status"])
        if status is None:
            told.error(
                "status",
                fields["status"],
                "open, full, suspended, reservation のどれかで書いてください",
            )
        fields["status"] = status or ""
    if read_places(cells.get("places")).doubts:
        told.error("places", cells.get("places"), "定員は数だけで書いてください（例: 20）")
    if "verified_on" in fields:
        fields["verified_on"] = day = _day(fields["verified_on"], told)
        if context.today and day > context.today.isoformat():
            told.error("verified_on", day, "先の日付です。今日か、それより前の日にしてください")
    if "is_window" in fields:
        fields["is_window"] = (
            "1" if fold(fields["is_window"]) in ("1", "○", "〇", "true", "TRUE") else "0"
        )
    return fields


def _categories(cell: str, context: DraftContext, told: Told) -> str:
    codes = [part.strip() for part in fold(cell).replace("、", ";").split(";") if part.strip()]
    for code in codes:
        if context.category_codes and code not in context.category_codes:
            said = "categories.csv にない支援分野コードです。つづりを確かめてください"
            told.error("categories", code, said)
    return ";".join(dict.fromkeys(codes))


def _day(cell: str, told: Told) -> str:
    try:
        return date.fromisoformat(fold(cell).replace("/", "-")).isoformat()
    except ValueError:
        from knowledge.importing.dates import read_date

        reading = read_date(cell)
        if reading.precision != "day":
            told.error("verified_on", cell, "日付は 2026-04-01 の形で書いてください")
        return reading.iso if reading.precision == "day" else ""
