"""What the town learns: needs nobody could meet, and how the desk works.  Counts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from service.accounts.viewer import Viewer
from service.cases.listing import Filters, list_cases
from service.cases.models import Case
from service.insights import desk
from service.insights.connections import (
    Full,
    Idle,
    always_full,
    full_table,
    idle_table,
    never_used,
    refusals_table,
)
from service.insights.desk import Acceptance, UndecidedFlag, Waiting, wait_words
from service.insights.gather import active_records, cases_until, gather, labels_of
from service.insights.needs import NeedsTables, needs_tables, totals_table, unmet_needs
from service.insights.rising import Rising, rising_problems
from service.insights.sheet import WITHHELD_NOTE, Table, percent
from service.web.insight_charts import chart_of
from service.web.insight_look import (
    Board,
    Panel,
    board_of,
    category_labels,
    csv_file,
    districts_here,
    problem_labels,
)
from service.web.insight_period import AskedFor, Chosen, choose_period
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("insights.read"))]
_MOST_LISTED = 30


@dataclass(frozen=True, slots=True)
class NeedsPage:
    """The coordinator's page."""

    board: Board
    chosen: Chosen
    needs: NeedsTables
    panels: tuple[Panel, ...]
    rising: Rising
    idle: tuple[Idle, ...]
    idle_more: int
    full: tuple[Full, ...]
    withheld = WITHHELD_NOTE


@dataclass(frozen=True, slots=True)
class DeskFiguresPage:
    """The section chief's page."""

    board: Board
    chosen: Chosen
    opened: int
    waiting: Waiting
    acceptance: Acceptance
    silent: int
    panels: tuple[Panel, ...]
    undecided: tuple[UndecidedFlag, ...]
    overdue: tuple[Case, ...]
    withheld = WITHHELD_NOTE
    percent = staticmethod(percent)
    wait_words = staticmethod(wait_words)


@router.get("/insights")
def insights_page(_: Reader) -> Response:
    """Send to the first page of figures."""
    return see_other("/insights/needs")


@router.get("/insights/needs")
def needs_page(request: Request, viewer: Reader, asked: AskedFor) -> Response:
    """Show what nobody could meet, and what came of the connections."""
    return html(request, "insights_needs.html", page=_needs(request, viewer, asked))


@router.get("/insights/needs.csv")
def needs_file(request: Request, viewer: Reader, asked: AskedFor, table: str = "") -> Response:
    """Return one of the page's tables as a file."""
    page = _needs(request, viewer, asked)
    tables = (*(panel.table for panel in page.panels), page.rising.table)
    return csv_file(tables, table, page.board.town, page.chosen.period.words)


@router.get("/insights/desk")
def desk_page(request: Request, viewer: Reader, asked: AskedFor) -> Response:
    """Show how much comes, how fast it moves and how the list was used."""
    return html(request, "insights_desk.html", page=_desk(request, viewer, asked))


@router.get("/insights/desk.csv")
def desk_file(request: Request, viewer: Reader, asked: AskedFor, table: str = "") -> Response:
    """Return one of the page's tables as a file."""
    page = _desk(request, viewer, asked)
    return csv_file(
        (p.table for p in page.panels), table, page.board.town, page.chosen.period.words
    )


def _needs(request: Request, viewer: Viewer, asked: AskedFor) -> NeedsPage:
    board, today = board_of(request, viewer, "needs"), world_of(request).today()
    chosen = choose_period(asked, today, board.may_see_cases)
    found = gather(board.engine, board.town.code, chosen.period)
    labels = labels_of(found.cases, problem_labels())
    unmet = unmet_needs(found.cases, found.gaps, labels, chosen.period)
    tables = needs_tables(unmet, chosen.period, districts_here(request))
    records = active_records(board.engine, board.town.code, today)
    idle = never_used(found.cases, records, chosen.period)
    full = always_full(found.cases, records, chosen.period)
    every = [
        *((totals_table(tables), *tables.tables) if tables.tables else ()),
        refusals_table(found.cases, category_labels(request), chosen.period),
        idle_table(idle),
        full_table(full),
    ]
    return NeedsPage(
        board=board,
        chosen=chosen,
        needs=tables,
        panels=tuple(
            Panel(table, _csv("needs", table, chosen), chart_of(table)) for table in every
        ),
        rising=rising_problems(cases_until(board.engine, board.town.code, today), today),
        idle=idle[:_MOST_LISTED],
        idle_more=max(0, len(idle) - _MOST_LISTED),
        full=full,
    )


def _desk(request: Request, viewer: Viewer, asked: AskedFor) -> DeskFiguresPage:
    board, today = board_of(request, viewer, "desk"), world_of(request).today()
    chosen = choose_period(asked, today, board.may_see_cases)
    found = gather(board.engine, board.town.code, chosen.period)
    opened = desk.opened_in(found.cases, chosen.period)
    tables = (
        desk.volumes_table(found.cases, found.reads, chosen.period),
        desk.channels_table(opened),
        desk.flags_table(opened),
        desk.sectors_table(opened),
        desk.states_table(opened),
        desk.team_table(opened, chosen.period),
    )
    return DeskFiguresPage(
        board=board,
        chosen=chosen,
        opened=len(opened),
        waiting=desk.waiting(opened),
        acceptance=desk.acceptance(opened),
        silent=desk.silence(opened),
        panels=tuple(Panel(t, _csv("desk", t, chosen), chart_of(t)) for t in tables),
        undecided=desk.undecided_flags(_listed(board, Filters(state="", flag=True), today), today),
        overdue=_listed(board, Filters(due="overdue"), today),
    )


def _listed(board: Board, filters: Filters, today: date) -> tuple[Case, ...]:
    """Return today's cases behind a figure, for those who may open them."""
    if not board.may_see_cases:
        return ()
    return list_cases(board.engine, board.town.code, filters, today, 0, _MOST_LISTED).rows


def _csv(page: str, table: Table, chosen: Chosen) -> str:
    return f"/insights/{page}.csv?table={table.key}&{chosen.query}"
