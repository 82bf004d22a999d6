"""From a file to a plan in one call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from knowledge.importing.addresses import Home
from knowledge.importing.collector import collector_paused
from knowledge.importing.dates import DATE_IN_NAME, YEAR_IN_NAME, date_in_name
from knowledge.importing.drafting import to_drafts
from knowledge.importing.drafts import Draft, DraftContext
from knowledge.importing.findings import Finding, Place, refuse
from knowledge.importing.form import Form, load_forms
from knowledge.importing.joining import joined_lines, unjoined
from knowledge.importing.limits import LIMITS, Limits
from knowledge.importing.mapping import propose_mapping
from knowledge.importing.municipalities import NO_MUNICIPALITIES, Municipalities
from knowledge.importing.plan import ImportPlan, SheetProposal, plan_import
from knowledge.importing.recognise import Layout, first_rows, recognise
from knowledge.importing.records import KeptRecord
from knowledge.importing.tables import Row, Sheet, Table, read_table
from knowledge.models import FactDefinition, Town

_EXAMPLES = re.compile(r"入力例|記入例|記載例|^例$|サンプル|入力方法|入力規則|凡例|説明|選択肢|マスタ|目次|表紙")  # fmt: skip
_SAYS_NOTHING = re.compile(
    r"(?:data|list|sheet|download|export|file|xlsx|csv|opendata|book|一覧|データ|新規)?[\s_\-()（）\d]{0,8}",
    re.IGNORECASE,
)
_ENDINGS = re.compile(r"\.(?:gz|csv|tsv|txt|xlsx|xlsm|json)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImportContext:
    """What an import knows besides the file.

    ``existing`` are all records kept.  ``area_codes`` are the town's own (0183); a page
    may propose :func:`~knowledge.importing.phones.area_codes_of` its records.  ``only``
    is 「town」 or 「prefecture」 to leave the rest of a nation-wide list out.  ``dataset``
    names the list from one edition to the next (else the file's name without its date).
    ``companions`` are further files that belong to it (追加情報).
    """

    today: date
    existing: Sequence[KeptRecord] = ()
    town: Town | None = None
    area_codes: tuple[str, ...] = ()
    as_of: date | None = None
    source: str = ""
    dataset: str = ""
    only: str = "all"
    mappings: tuple[Form, ...] = ()
    companions: tuple[tuple[str, bytes | Path], ...] = ()
    municipalities: Municipalities = NO_MUNICIPALITIES
    category_codes: frozenset[str] = frozenset()
    facts: Mapping[str, FactDefinition] = field(default_factory=dict)
    limits: Limits = LIMITS


@dataclass(frozen=True, slots=True)
class _Known:
    """A sheet and the layout it was recognised by."""

    sheet: Sheet
    layout: Layout


@dataclass(slots=True)
class _Reading:
    """What is gathered while the sheets of a file are looked at."""

    known: list[_Known] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    proposals: list[SheetProposal] = field(default_factory=list)
    joins: bool = False


def plan_file(source: bytes | Path, name: str, context: ImportContext) -> ImportPlan:
    """Return the plan for a file: nothing is changed, every row has its fate.

    Raises :class:`ImportRefused` when the file cannot be read at all.  A file whose
    columns nobody has described yet gives a plan without rows, with an error and a
    proposed mapping.
    """
    with collector_paused():
        return _plan_file(source, name, context)


def _plan_file(source: bytes | Path, name: str, context: ImportContext) -> ImportPlan:
    if context.only != "all" and context.town is None:
        raise refuse(Place(name), "どの町の行を取り込むのかが決まっていません。町を選んでください")
    table = read_table(source, name, context.limits)
    forms = (*context.mappings, *load_forms())
    reading = _Reading(findings=list(table.findings))
    for sheet in table.sheets:
        _look_at(sheet, forms, reading)
    more, companions = _further_lines(reading, forms, context)
    drafts = list(_drafts(table, reading, more, context))
    reading.findings += unjoined(more, drafts, companions)
    reading.findings += _faults(table, reading, drafts)
    titles = dict.fromkeys(known.layout.form.title for known in reading.known)
    return plan_import(
        context.existing,
        drafts,
        name,
        context.today,
        tuple(titles),
        tuple(reading.findings),
        tuple(reading.proposals),
    )


def _look_at(sheet: Sheet, forms: Sequence[Form], reading: _Reading) -> None:
    place = Place(sheet.file, sheet.name)
    if sheet.name and _EXAMPLES.search(sheet.name):
        said = "記入例や説明のシートなので読みません"
        reading.findings.append(Finding(place, "", "", said, "note"))
        return
    rows = first_rows(sheet)
    if not any(cell.strip() for _, cells in rows for cell in cells):
        return
    layout = recognise(rows, forms)
    if layout is None:
        _propose(sheet, rows, reading)
        said = "知らない形の表です。列の対応を確かめて保存すると、次からは自動で読めます"
        reading.findings.append(Finding(place, "", "", said, "check"))
        return
    if not any(column.role == "name" for column in layout.columns) and not layout.form.join:
        said = "名称の列が決まっていません。列の対応で、名前の入った列を「名称」にしてください"
        reading.findings.append(Finding(place, "", "", said, "error"))
        return
    reading.known.append(_Known(sheet, layout))
    for header in layout.unknown:
        said = "この列は使いません（元の値は記録に残ります）"
        reading.findings.append(Finding(place, header, "", said, "note"))


def _propose(sheet: Sheet, rows: Sequence[Row], reading: _Reading) -> None:
    """Propose a mapping; sheets of the same columns share one."""
    proposal = propose_mapping(rows, dataset_name(sheet.file), sheet.name)
    for number, earlier in enumerate(reading.proposals):
        if earlier.proposal.form == proposal.form:
            reading.proposals[number] = replace(earlier, sheets=(*earlier.sheets, sheet.name))
            return
    reading.proposals.append(SheetProposal((sheet.name,), proposal))


def _further_lines(
    reading: _Reading, forms: Sequence[Form], context: ImportContext
) -> tuple[dict[str, list[str]], dict[str, Place]]:
    """Return the lines of second tables (追加情報) by joining number, and where each stands."""
    joins = [known for known in reading.known if known.layout.form.join]
    reading.joins = bool(joins)
    reading.known = [known for known in reading.known if not known.layout.form.join]
    for name, source in context.companions:
        for sheet in read_table(source, name, context.limits).sheets:
            layout = recognise(first_rows(sheet), forms)
            if layout is not None and layout.form.join:
                joins.append(_Known(sheet, layout))
                continue
            said = "いっしょに読む表（追加情報）ではありません。別に取り込んでください"
            reading.findings.append(Finding(Place(name, sheet.name), "", "", said, "error"))
    return joined_lines((known.sheet, known.layout) for known in joins)


def _drafts(
    table: Table, reading: _Reading, more: Mapping[str, Sequence[str]], context: ImportContext
) -> Iterable[Draft]:
    draft_context = _draft_context(table.file, context)
    for known in reading.known:
        form = known.layout.form
        source = context.source or form.source or dataset_name(table.file)
        yield from to_drafts(
            known.sheet,
            known.layout,
            replace(draft_context, source=source),
            context.dataset or named_dataset(table.file),
            strict_width=table.kind == "csv",
            more=more,
        )


def _draft_context(file: str, context: ImportContext) -> DraftContext:
    town = context.town
    home = Home(town.prefecture, town.name) if town else Home()
    return DraftContext(
        home=home,
        area_codes=context.area_codes,
        municipalities=context.municipalities,
        as_of=context.as_of or date_in_name(file),
        today=context.today,
        only=context.only,
        category_codes=context.category_codes,
        facts=context.facts,
    )


def _faults(table: Table, reading: _Reading, drafts: Sequence[Draft]) -> list[Finding]:
    """Return what is wrong with the file as a whole."""
    place = Place(table.file)
    if reading.joins and not reading.known:
        said = "追加情報の表です。元の一覧を選び、この表はいっしょに読む表として選んでください"
        return [Finding(place, "", "", said, "error")]
    if any(finding.level == "error" for finding in reading.findings):
        return []
    if not reading.known and not reading.proposals:
        said = "行がありません。データの入ったシートがあるか確かめてください"
        return [Finding(place, "", "", said, "error")]
    if not reading.known:
        said = "列の意味が分からないので取り込めません。列の対応を決めてください"
        return [Finding(place, "", "", said, "error")]
    if not drafts:
        said = "見出しだけで、記録の行がありません"
        return [Finding(place, "", "", said, "error")]
    found: list[Finding] = []
    if not any(draft.fields.get("verified_on") for draft in drafts):
        said = "いつの時点のデータか分かりません。時点（年月日）を入れてください。入れるまで確認日は空になります"
        found.append(Finding(place, "", "", said, "check"))
    if not drafts[0].origin.dataset:
        said = (
            "ファイル名だけでは何の一覧か分からないので、載らなくなった記録を引退させません。"
            "一覧の名前を入れてください"
        )
        found.append(Finding(place, "", "", said, "check"))
    return found


def named_dataset(name: str) -> str:
    """Return the list's name, or nothing when the file has a name that any list may have."""
    bare = dataset_name(name)
    return "" if _SAYS_NOTHING.fullmatch(bare) else bare


def dataset_name(name: str) -> str:
    """Return the name a list keeps from one edition to the next: without date and ending."""
    stem = name.replace("\\", "/").rpartition("/")[2]
    while _ENDINGS.search(stem):
        stem = _ENDINGS.sub("", stem)
    bare = YEAR_IN_NAME.sub("", DATE_IN_NAME.sub("", stem)).strip("_-. （）()")
    return bare or stem
