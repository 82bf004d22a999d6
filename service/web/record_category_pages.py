"""Categories that imports proposed: one decision per kind and proposal, for all its records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote_plus

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.errors import BadInput, DeskError
from service.records.proposals import (
    Chosen,
    KindProposal,
    Proposed,
    confirm_categories,
    proposals_by_kind,
)
from service.web.record_look import CategoryTick, address_of, by_sector, catalogue, ticks_of
from service.web.record_town import Shelf, shelf_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.world import world_of

PATH = "/records/categories"
router = APIRouter(include_in_schema=False, prefix=PATH)
Changer = Annotated[Viewer, Depends(needs("records.change"))]
# One page of decisions; the next ones move up as these are made.
_MOST_GROUPS = 50
# The page sends back which records it showed: well below the largest request.
_MOST_SENT_CHARS = 2_000_000
_MOST_FIELDS = 3 * _MOST_GROUPS + 10
_UNREADABLE = "送られた内容が読めません。画面を開き直してから、もう一度選んでください。"


@dataclass(frozen=True, slots=True)
class Example:
    """A record of the group to look at."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class GroupShown:
    """One line: a kind, what was proposed for it, and the records as they were ``seen`` (JSON).

    ``answer`` and ``other`` are what was chosen on the page that is shown again.
    """

    number: int
    kind: str
    categories: tuple[str, ...]
    count: int
    examples: tuple[Example, ...]
    seen: str
    answer: str = "later"
    other: str = ""


@dataclass(frozen=True, slots=True)
class CategoriesPage:
    """What waits for the keeper's word; ``waiting`` counts all records, shown or not."""

    shelf: Shelf
    groups: tuple[GroupShown, ...]
    waiting: int
    shown: int
    sectors: tuple[tuple[str, tuple[CategoryTick, ...]], ...]
    said: str = ""
    error: str = ""


async def _form(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=_MOST_FIELDS)


Sent = Annotated[FormData, Depends(_form)]


@router.get("")
def categories_page(
    request: Request, viewer: Changer, confirmed: int = -1, left: int = 0
) -> Response:
    """Show the groups, the largest first."""
    return _page(request, viewer, said=_said(confirmed, left))


@router.post("")
def confirm_answer(request: Request, viewer: Changer, form: Sent) -> Response:
    """Confirm what was called right, and set what was chosen instead."""
    world, shelf = world_of(request), shelf_of(request, viewer)
    try:
        chosen = tuple(_chosen(form))
        if not chosen:
            raise BadInput("「正しい」か「別の分野にする」を選んでから、もう一度押してください。")
        done = confirm_categories(
            shelf.engine, shelf.town.code, chosen, viewer.person_id, world.now()
        )
    except DeskError as error:
        return _page(request, viewer, form=form, error=error)
    return see_other(f"{PATH}?confirmed={done.confirmed}&left={done.left}")


def _chosen(form: FormData) -> Iterator[Chosen]:
    """Give what was decided of each record.  Raises :class:`BadInput`."""
    for number in range(1, _MOST_GROUPS + 1):
        answer = form.get(f"answer-{number}")
        if answer not in ("right", "other"):
            continue
        categories: tuple[str, ...] | None = None
        if answer == "other":
            code = str(form.get(f"other-{number}") or "")
            if not code:
                raise BadInput(f"{number}行目: 別の分野を選んでから、もう一度押してください。")
            categories = (code,)
        for record_id, revision in _seen(str(form.get(f"seen-{number}") or "")):
            yield Chosen(record_id, revision, categories)


def _seen(text: str) -> Iterator[tuple[str, int]]:
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(_UNREADABLE) from error
    if not isinstance(pairs, list):
        raise BadInput(_UNREADABLE)
    for pair in pairs:
        match pair:
            case [str(record_id), int(revision)]:
                yield record_id, revision
            case _:
                raise BadInput(_UNREADABLE)


def _said(confirmed: int, left: int) -> str:
    if confirmed < 0:
        return ""
    said = f"{confirmed:,}件の支援分野を確かめました。1分ほどで窓口の画面に出ます。"
    if confirmed == 0:
        said = "確かめた記録はありません。"
    if left > 0:
        said += (
            f"{left:,}件は、この画面を開いたあとにほかの人が変えたか確かめたので、そのままです。"
        )
    return said


def _page(
    request: Request,
    viewer: Viewer,
    said: str = "",
    form: FormData | None = None,
    error: DeskError | None = None,
) -> Response:
    shelf = shelf_of(request, viewer)
    found = proposals_by_kind(shelf.engine, shelf.town.code)
    groups = tuple(_shown(_that_fit(found), form or FormData()))
    page = CategoriesPage(
        shelf=shelf,
        groups=groups,
        waiting=sum(len(group.records) for group in found),
        shown=sum(group.count for group in groups),
        sectors=by_sector(ticks_of(None)),
        said=said,
        error=str(error) if error else "",
    )
    return html(request, "records_categories.html", error.status if error else 200, page=page)


def _that_fit(groups: tuple[KindProposal, ...]) -> Iterator[KindProposal]:
    """Give the first groups, the last one cut, as far as one request can send them back."""
    room = _MOST_SENT_CHARS
    for group in groups[:_MOST_GROUPS]:
        fitting: list[Proposed] = []
        for record in group.records:
            room -= len(quote_plus(_sent((record,))))
            if room < 0:
                break
            fitting.append(record)
        if fitting:
            yield KindProposal(group.kind, group.categories, tuple(fitting))


def _shown(groups: Iterator[KindProposal], form: FormData) -> Iterator[GroupShown]:
    labels = {category.code: category.label_ja for category in catalogue()}
    chosen = {
        str(form.get(f"seen-{n}")): (
            str(form.get(f"answer-{n}") or "later"),
            str(form.get(f"other-{n}") or ""),
        )
        for n in range(1, _MOST_GROUPS + 1)
    }
    for number, group in enumerate(groups, start=1):
        seen = _sent(group.records)
        answer, other = chosen.get(seen, ("later", ""))
        yield GroupShown(
            number=number,
            kind=group.kind,
            categories=tuple(labels.get(code, code) for code in group.categories),
            count=len(group.records),
            examples=tuple(Example(e.name or e.id, address_of(e.id)) for e in group.examples),
            seen=seen,
            answer=answer,
            other=other,
        )


def _sent(records: tuple[Proposed, ...]) -> str:
    pairs = [[record.id, record.revision] for record in records]
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
