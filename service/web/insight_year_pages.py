"""The year's report: one press, read on the page, with remarks, as a page, HTML or Word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.insights.figures import shipped_figures
from service.insights.gather import gather, labels_of
from service.insights.needs import needs_tables, unmet_needs
from service.insights.sheet import WITHHELD_NOTE
from service.insights.year import YearData, YearReport, year_report
from service.insights.year_docx import year_docx
from service.web.insight_look import Board, board_of, districts_here, problem_labels
from service.web.insight_period import Asked, Chosen, choose_period
from service.web.render import html
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("insights.read"))]
MAX_REMARKS = 20_000
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class YearPage:
    """The report, and the form for its remarks.  ``is_file``: a page that stands alone."""

    board: Board
    chosen: Chosen
    report: YearReport
    error: str = ""
    max_remarks: int = MAX_REMARKS
    withheld = WITHHELD_NOTE


Remarks = Annotated[str, Form()]
Year = Annotated[str, Form()]


@router.get("/insights/year")
def year_page(request: Request, viewer: Reader, year: str = "") -> Response:
    """Show the report of a 年度."""
    return html(request, "insights_year.html", page=_page(request, viewer, year, ""))


@router.post("/insights/year/docx")
def year_word(request: Request, viewer: Reader, year: Year = "", remarks: Remarks = "") -> Response:
    """Return the report with the remarks as a Word file; nothing is stored."""
    return _file(request, viewer, year, remarks, "docx", _WORD, lambda p: year_docx(p.report))


@router.post("/insights/year/html")
def year_html(request: Request, viewer: Reader, year: Year = "", remarks: Remarks = "") -> Response:
    """Return the report with the remarks as a page that stands alone; nothing is stored."""

    def made(page: YearPage) -> bytes:
        template = world_of(request).templates.get_template("insights_year_file.html")
        return template.render(page=page).encode()

    return _file(request, viewer, year, remarks, "html", "text/html; charset=utf-8", made)


def _file(
    request: Request,
    viewer: Viewer,
    year: str,
    remarks: str,
    ending: str,
    media_type: str,
    made: Callable[[YearPage], bytes],
) -> Response:
    page = _page(request, viewer, year, remarks)
    if page.error or page.chosen.error:
        return html(request, "insights_year.html", 422, page=page)
    name = quote(
        f"{page.board.town.name}_年度の報告_{page.chosen.period.start.year}.{ending}", safe=""
    )
    headers = {
        "Content-Disposition": (
            f'attachment; filename="tsunagi-{page.board.town.code}-{page.chosen.period.start.year}.{ending}"; '
            f"filename*=UTF-8''{name}"
        )
    }
    return Response(made(page), headers=headers, media_type=media_type)


def _page(request: Request, viewer: Viewer, year: str, typed: str) -> YearPage:
    board, today = board_of(request, viewer, "year"), world_of(request).today()
    chosen = choose_period(Asked(year=year.strip()[:10]), today, board.may_see_cases)
    found = gather(board.engine, board.town.code, chosen.period)
    labels = labels_of(found.cases, problem_labels())
    unmet = unmet_needs(found.cases, found.gaps, labels, chosen.period)
    desk = world_of(request).desks.loaded(board.town.code)
    data = YearData(
        town_name=board.town.name,
        invented=desk is not None and desk.knowledge.town.invented,
        cases=found.cases,
        reads=found.reads,
        needs=needs_tables(unmet, chosen.period, districts_here(request)),
        figures=shipped_figures(),
    )
    remarks = _tidy(typed)
    error = ""
    if len(remarks) > MAX_REMARKS:
        error = f"「書き足すこと」が長すぎます（{len(remarks):,}文字）。{MAX_REMARKS:,}文字以内にしてください。"
    return YearPage(board, chosen, year_report(data, chosen.period, today, remarks), error)


def _tidy(text: str) -> str:
    """Return the text with one kind of line end, without what XML (and so Word) cannot hold."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or (c >= " " and not _is_odd(c)))


def _is_odd(char: str) -> bool:
    return "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" or char in "\ufffe\uffff"
