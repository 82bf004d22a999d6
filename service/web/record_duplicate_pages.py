"""Records that may be one: side by side, with the reasons; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError
from service.records.keep import merge_records
from service.records.kept import Kept
from service.records.listing import Pair, duplicates, keep_apart
from service.web.record_look import Row, address_of, row_of
from service.web.record_story import in_words
from service.web.record_town import Shelf, an_id, shelf_of
from service.web.record_words import DONE, FIELDS
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

router = APIRouter(include_in_schema=False, prefix="/records/duplicates")
Reader = Annotated[Viewer, Depends(needs("records.read"))]
Changer = Annotated[Viewer, Depends(needs("records.change"))]
# One page of decisions; the next ones move up as these are made.
_MOST_PAIRS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both records; ``differs`` where a choice means losing something."""

    label: str
    first: str
    second: str
    differs: bool


@dataclass(frozen=True, slots=True)
class PairShown:
    """Two records side by side."""

    number: int
    first: Row
    second: Row
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class DuplicatesPage:
    """The pairs that wait for a decision, the likeliest first."""

    shelf: Shelf
    pairs: tuple[PairShown, ...]
    total: int
    said: str = ""
    error: str = ""


@router.get("")
def duplicates_page(request: Request, viewer: Reader, done: str = "") -> Response:
    """Show the pairs."""
    return _page(request, viewer, said=DONE.get(done, ""))


@router.post("/merge")
def merge_answer(
    request: Request,
    viewer: Changer,
    keep_id: Annotated[str, Form()] = "",
    first_id: Annotated[str, Form()] = "",
    second_id: Annotated[str, Form()] = "",
    first_revision: Annotated[int, Form()] = 0,
    second_revision: Annotated[int, Form()] = 0,
) -> Response:
    """Let one record of the pair take the other in."""
    world, shelf = world_of(request), shelf_of(request, viewer)
    revisions = {first_id: first_revision, second_id: second_revision}
    try:
        if keep_id not in revisions or len(revisions) != 2:
            raise BadInput("どちらの記録を残すかを選んでから、もう一度押してください。")
        (other_id,) = revisions.keys() - {keep_id}
        merge_records(
            shelf.engine,
            shelf.town.code,
            an_id(keep_id),
            an_id(other_id),
            revisions[keep_id],
            viewer.person_id,
            world.now(),
            other_revision=revisions[other_id],
        )
    except DeskError as error:
        return _page(request, viewer, error=error)
    return see_other(f"{address_of(keep_id)}?done=merged")


@router.post("/apart")
def apart_answer(
    request: Request,
    viewer: Changer,
    first_id: Annotated[str, Form()] = "",
    second_id: Annotated[str, Form()] = "",
) -> Response:
    """Remember that the two are two."""
    shelf = shelf_of(request, viewer)
    keep_apart(
        shelf.engine,
        shelf.town.code,
        an_id(first_id),
        an_id(second_id),
        viewer.person_id,
        world_of(request).now(),
    )
    return see_other("/records/duplicates?done=apart")


def _page(
    request: Request, viewer: Viewer, said: str = "", error: DeskError | None = None
) -> Response:
    shelf, today = shelf_of(request, viewer), world_of(request).today()
    pairs = duplicates(shelf.engine, shelf.town.code)
    page = DuplicatesPage(
        shelf=shelf,
        pairs=tuple(
            PairShown(
                number,
                row_of(pair.first, today),
                row_of(pair.second, today),
                pair.reasons,
                _lines(pair),
            )
            for number, pair in enumerate(pairs[:_MOST_PAIRS], start=1)
        ),
        total=len(pairs),
        said=said,
        error=str(error) if error else "",
    )
    return html(request, "records_duplicates.html", error.status if error else 200, page=page)


def _lines(pair: Pair) -> tuple[Line, ...]:
    return tuple(
        Line(words.label, *both, differs=both[0] != both[1])
        for name, words in FIELDS.items()
        if any(both := (_text(pair.first, name), _text(pair.second, name)))
    )


def _text(kept: Kept, name: str) -> str:
    value = kept.record.fields.get(name, "")
    return in_words(name, value) if value else ""
