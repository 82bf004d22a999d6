"""What the pages of figures share: whose they are, and a table with its chart and its file."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy import Engine

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.errors import NotFound, NotReady
from service.insights.gather import note_seen
from service.insights.sheet import Table, table_csv
from service.store.errors import StoreProblem
from service.store.towns import Town
from service.triage.problems import problem_rules
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

# Excel reads a CSV as Shift_JIS unless this stands in front.
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of figures: with a chart it lies folded behind it."""

    table: Table
    csv_href: str
    chart: Markup | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Whose figures they are, and whether the viewer may open the cases behind them."""

    engine: Engine
    town: Town
    may_see_cases: bool


def board_of(request: Request, viewer: Viewer, page: str) -> Board:
    """Return the figures' place and record that they were looked at."""
    world, town = world_of(request), town_of(request)
    # Counts are no secret: they are not held back for their record.
    with suppress(StoreProblem):
        note_seen(world.store, town.code, page, viewer.person_id, world.now())
    return Board(world.store, town, allowed(viewer, "cases.read", town))


def districts_here(request: Request) -> tuple[str, ...]:
    """Return the town's districts; none for a town without its facts."""
    try:
        return tuple(desk_of(request).knowledge.town.districts)
    except NotReady:
        return ()


def category_labels(request: Request) -> dict[str, str]:
    """Return the words for the categories; none for a town without its facts."""
    try:
        return {c.code: c.label_ja for c in desk_of(request).knowledge.categories}
    except NotReady:
        return {}


def problem_labels() -> dict[str, str]:
    """Return the words for the codes of troubles that the desk reads today."""
    return {rule.code: rule.label for rule in problem_rules()}


def csv_file(tables: Iterable[Table], key: str, town: Town, period_words: str) -> Response:
    """Return the table named ``key`` as a file.  Raises NotFound."""
    table = next((one for one in tables if one.key == key), None)
    if table is None:
        raise NotFound("その表はありません。画面の「CSV」から選び直してください。")
    name = quote(f"{town.name}_{table.title}_{period_words}.csv", safe="")
    # The plain name for what cannot read the other (RFC 6266).
    headers = {
        "Content-Disposition": (
            f"attachment; filename=\"{table.key}-{town.code}.csv\"; filename*=UTF-8''{name}"
        )
    }
    body = (_BOM + table_csv(table)).encode()
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")
