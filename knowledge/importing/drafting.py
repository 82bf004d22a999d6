"""The way from a sheet's rows to drafts, a row at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from knowledge.importing.addresses import AddressReading
from knowledge.importing.categories import CategoryProposal, propose_categories, rules_of_form
from knowledge.importing.contact_fields import address_fields, contact_fields
from knowledge.importing.content_fields import content_fields, time_fields
from knowledge.importing.dates import read_date
from knowledge.importing.drafts import Draft, DraftContext, Origin
from knowledge.importing.findings import Finding, Place
from knowledge.importing.own_fields import OWN, own_fields
from knowledge.importing.recognise import Layout
from knowledge.importing.rows import Cells, RowReader, formula_findings, is_no_record, row_reader
from knowledge.importing.tables import Sheet
from knowledge.importing.text import fold, fold_name, tidy
from knowledge.importing.told import Told

_ONLY_A_ROLE = re.compile(
    r"(?:保健師|栄養士|管理栄養士|助産師|看護師|相談員|支援員|民生委員|児童委員|主任児童委員|職員|担当者?|各|など|等|[・、/\s])+"
)
_PAUSED = re.compile(
    r"(?:現在|ただいま)?(?:休止中|休業中|休館中|休園中|休所中|閉鎖中|活動休止|休止しています)|(?:新規)?受付(?:は|を)?(?:停止|終了|行っていない|行っていません)"
)
_PAUSED_NOT = re.compile(r"場合|ことがあ|可能性|時は|ときは")


def to_drafts(
    sheet: Sheet,
    layout: Layout,
    context: DraftContext,
    dataset: str,
    strict_width: bool,
    more: Mapping[str, Sequence[str]],
) -> Iterator[Draft]:
    """Yield a draft for every record of the sheet; blank rows, foot notes and so on are passed over.

    ``more`` are further lines for a row, by its joining number.  With ``strict_width``
    (CSV) a row of another number of cells than the header is told, and is an error
    when it is longer, or the last one (a file that was cut off).
    """
    reader = row_reader(layout, sheet.name)
    first_row = layout.first_data_row
    short: Draft | None = None
    for number, row in sheet.rows():
        if number < first_row:
            continue
        if short is not None:
            yield short
            short = None
        cells = reader.cells(row)
        if is_no_record(cells, row, reader):
            continue
        told = Told(Place(sheet.file, sheet.name, number), reader.headers)
        draft = _draft(cells, row, reader, layout, context, dataset, told, more)
        if not strict_width or len(row) == len(layout.header):
            yield draft
        elif len(row) > len(layout.header):
            yield _faulty(draft, _width(draft, layout, "error"))
        else:
            short = _faulty(draft, _width(draft, layout, "check"))
    if short is not None:
        said = "最後の行の列が足りません。ファイルが途中で切れていないか確かめてください"
        yield _faulty(short, Finding(short.place, "", "", said, "error"))


def _faulty(draft: Draft, finding: Finding) -> Draft:
    return replace(draft, findings=(*draft.findings, finding))


def _width(draft: Draft, layout: Layout, level: str) -> Finding:
    said = (
        f"列の数（{len(draft.cells)}）が見出し（{len(layout.header)}）と合いません。"
        "余分な「,」や引用符を確かめてください"
    )
    return Finding(draft.place, "", "", said, "error" if level == "error" else "check")


def _draft(
    cells: Cells,
    row: Sequence[str],
    reader: RowReader,
    layout: Layout,
    context: DraftContext,
    dataset: str,
    told: Told,
    more: Mapping[str, Sequence[str]],
) -> Draft:
    told.findings += formula_findings(told.place, reader.header, row)
    name = tidy(cells.get("name")).replace("\n", " ")
    if not name:
        told.error("name", "", "名前がありません。書き足すか、この行を除いてください")
    elif _ONLY_A_ROLE.fullmatch(name):
        said = "名前が職名だけです。どこの窓口か分かる名前にしてください"
        told.add("name", cells.get("name"), (said,))
    located, address = address_fields(cells, context, told)
    fields = {"name": name, **located, **contact_fields(cells, context, address, told)}
    fields |= content_fields(cells, reader, told)
    fields |= time_fields(cells, layout, told)
    if not OWN.isdisjoint(reader.roles):
        fields |= own_fields(cells, context, told)
    if more:
        _joined(cells, fields, more)
    fields |= _provenance(cells, context, fields, told)
    _state(cells, context, fields, told)
    proposals = () if fields.get("categories") else _proposals(fields, cells, row, reader, layout)
    if proposals:
        fields["categories"] = ";".join([p.category for p in proposals])
    return Draft(
        place=told.place,
        origin=_origin(cells, layout, dataset, name, fields),
        fields={field: value for field, value in fields.items() if value},
        header=reader.header,
        cells=tuple(row),
        proposals=proposals,
        findings=tuple(told.findings),
        outside=_is_outside(context, address),
    )


def _joined(cells: Cells, fields: dict[str, str], more: Mapping[str, Sequence[str]]) -> None:
    """Add the further venues and days that a second table has for this row."""
    for key in (cells.get("join"), cells.get("serial")):
        lines = more.get(fold(key).strip()) if key else None
        if lines:
            fields["description"] += "。" + "。".join(f"ほかの会場・曜日: {line}" for line in lines)
            return


def _provenance(
    cells: Cells, context: DraftContext, fields: Mapping[str, str], told: Told
) -> dict[str, str]:
    """Return where the row was read and as of when; never a verification nobody made."""
    own = cells.get("source")
    source = _source(own, cells.get("license"), cells.get("source_url")) if own else context.source
    if fields.get("verified_on"):
        return {"source": source}
    stated = cells.get("as_of")
    day, doubts = _as_of(stated, context.as_of)
    if doubts:
        told.add("as_of", stated, doubts, "note")
    if context.today and day > context.today.isoformat():
        # Else nobody would ever be asked to make sure again.
        told.add("as_of", day, ("先の日付なので、今日の時点としました。確かめてください",))
        day = context.today.isoformat()
    return {"source": source, "verified_on": day}


@lru_cache(maxsize=1_024)
def _source(*cells: str) -> str:
    return "、".join(tidy(cell) for cell in cells if cell)


@lru_cache(maxsize=1_024)
def _as_of(stated: str, otherwise: date | None) -> tuple[str, tuple[str, ...]]:
    """Return the first day the row can be as of, and the doubts about it."""
    reading = read_date(stated)
    day = reading.earliest or otherwise
    return day.isoformat() if day else "", reading.doubts


def _state(cells: Cells, context: DraftContext, fields: dict[str, str], told: Told) -> None:
    """Mark what has ended or is paused; the keeper is told."""
    ends = fields.get("ends_on", "")
    if ends and context.today and ends < context.today.isoformat()[: len(ends)]:
        fields["status"], fields["status_note"] = "suspended", f"受付は {ends} で終わり"
        told.add("ends_on", cells.get("ends_on"), ("受付が終わっているので「休止」にしました",))
    for text in (fields["name"], *cells.texts("note"), *cells.texts("hours_note")):
        if "休" not in text and "受付" not in text:
            continue
        paused = _PAUSED.search(text)
        if paused and not _PAUSED_NOT.search(text) and not fields.get("status"):
            fields["status"], fields["status_note"] = (
                "suspended",
                tidy(text).replace("\n", " ")[:80],
            )
            told.add(
                "note", text, ("休止中と書かれているので「休止」にしました。確かめてください",)
            )


def _proposals(
    fields: Mapping[str, str], cells: Cells, row: Sequence[str], reader: RowReader, layout: Layout
) -> tuple[CategoryProposal, ...]:
    found: tuple[CategoryProposal, ...] = ()
    if layout.form.categories:
        named = dict(zip(reader.header, row, strict=False))
        found = rules_of_form(layout.form.categories, named)
    if not found:
        texts = (fields["description"], fields["for_whom"], cells.get("place"))
        found = propose_categories(fields["kind"], fields["name"], *texts)
    if "flag" in cells.many:
        flagged = [label for label, text in cells.many["flag"] if text.strip() == "1"]
        if any("フードパントリー" in label for label in flagged):
            found += (CategoryProposal("poverty.food", "フードパントリーの印がある", sure=True),)
    if len(found) < 2:
        return found
    return tuple({proposal.category: proposal for proposal in found}.values())


def _origin(
    cells: Cells, layout: Layout, dataset: str, name: str, fields: Mapping[str, str]
) -> Origin:
    roles = layout.form.key
    parts = [_key_part(role, cells.one[role]) if role in cells.one else "" for role in roles]
    key = "|".join(parts) if any(parts) else ""
    return Origin(layout.form.id, dataset, key, fold_name(name), fold_name(fields["address"]))


def _key_part(role: str, cell: str) -> str:
    text = fold_name(cell)
    # 事業所番号 has ten digits; spreadsheets lose the first zero of Hokkaido to Tochigi.
    return text.zfill(10) if role == "number" and text.isdecimal() and len(text) == 9 else text


def _is_outside(context: DraftContext, address: AddressReading) -> bool:
    """True when the keeper wants one town's (or prefecture's) rows and this is surely not one."""
    home = context.home
    if context.only == "all" or not home.city:
        return False
    if address.prefecture and address.prefecture != home.prefecture:
        return True
    if context.only == "prefecture" or not address.city:
        return False
    return home.city not in (address.city, address.city.rpartition("郡")[2])
