"""One case: the masked note, what was decided, whom it is connected to and what comes next.

``router`` holds an address that any word fits (``/cases/{case_id}``): it is put into the app
after the pages with fixed addresses below ``/cases``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.keep import Version, apply, history_of, see_case
from service.cases.models import Case, Shown
from service.cases.referring import MOVES
from service.cases.sharing import Sharing, may_share
from service.cases.words import (
    AGE_GROUPS,
    CASE_STATES,
    CHANNELS,
    CLOSED,
    CONSENTS,
    FLAG_DECISIONS,
    PRINTS,
    REFERRAL_STATES,
    REFUSED,
    REJECTED,
    PrintKind,
)
from service.errors import BadInput, DeskError
from service.present import VERDICTS
from service.web.case_form import day_of_field
from service.web.case_look import (
    CONSENT_HELP,
    DONE,
    Chip,
    Folder,
    address_of,
    chips_of,
    folder_of,
    names_in,
    state_look,
    town_time,
)
from service.web.case_new_pages import districts_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import desk_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("cases.read"))]
# What one press can take back: neither the case itself nor what has gone out.
_NOT_UNDONE = ("", "opened", "same", "asked", "answered")


@dataclass(frozen=True, slots=True)
class Print:
    """A printout of the case, and what stands against it."""

    kind: PrintKind
    words: str
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that is known of a case.

    ``typed`` is what was sent by the form named ``typed_form`` and could not be done.
    """

    folder: Folder
    case: Case
    chips: tuple[Chip, ...]
    names: Mapping[str, str]
    versions: tuple[Version, ...]
    left: tuple[Shown, ...]
    prints: tuple[Print, ...]
    districts: tuple[str, ...]
    said: str = ""
    may_undo: bool = False
    error: str = ""
    typed_form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    moves = MOVES
    referral_states = REFERRAL_STATES
    refused = REFUSED
    rejected = REJECTED
    decisions = FLAG_DECISIONS
    consents = CONSENTS
    consent_help = CONSENT_HELP
    channels = CHANNELS
    age_groups = AGE_GROUPS
    closed = CLOSED
    case_states = CASE_STATES
    verdicts = VERDICTS
    state_look = staticmethod(state_look)
    town_time = staticmethod(town_time)

    @property
    def href(self) -> str:
        """Where the case's page is."""
        return address_of(self.case)

    @property
    def may_change(self) -> bool:
        """Whether the page has forms: a closed case is read, until it is taken up again."""
        return self.folder.may_change and self.case.state == "open"

    def value(self, form: str, name: str, default: object = "") -> str:
        """Return what a field shows: what was typed there, else what is kept."""
        kept = "" if default is None else str(default)
        return self.typed.get(name, kept) if form == self.typed_form else kept


@router.get("/cases/{case_id}")
def case_page(request: Request, viewer: Reader, case_id: str, done: str = "") -> Response:
    """Show the case."""
    return show_case(request, viewer, case_id, done=done)


def show_case(
    request: Request,
    viewer: Viewer,
    case_id: str,
    done: str = "",
    error: DeskError | None = None,
    typed_form: str = "",
    typed: FormData | None = None,
) -> Response:
    """Return the case's page as it is now, with ``error`` above it if something was not done."""
    folder, now = folder_of(request, viewer), world_of(request).now()
    case = see_case(folder.engine, folder.town.code, case_id, viewer.person_id, now)
    versions = history_of(folder.engine, folder.town.code, case_id)
    page = CasePage(
        folder=folder,
        case=case,
        chips=chips_of(case),
        names=names_in(folder.engine, case, (version.by for version in versions)),
        versions=versions,
        left=_left(case),
        prints=tuple(Print(kind, words, may_share(case, kind)) for kind, words in PRINTS.items()),
        districts=districts_of(desk_of(request)) if folder.may_change else (),
        said=DONE.get(done, ""),
        may_undo=folder.may_change and done in DONE and done not in _NOT_UNDONE,
        error=str(error) if error else "",
        typed_form=typed_form,
        typed={name: str(value) for name, value in (typed or FormData()).items()},
    )
    return html(request, "case.html", error.status if error else 200, page=page)


def do(
    request: Request,
    viewer: Viewer,
    case: Case,
    sent: FormData,
    step: Callable[[], Callable[[Case], Case]],
    done: str,
    form: str,
    action: str = "case.change",
) -> Response:
    """Do one step and go back to the case; if it cannot be, show the case with what was typed.

    ``step`` makes the step of the form: what it raises for a wrong field is shown as well.
    """
    world, code = world_of(request), case.town_code
    try:
        after = apply(
            world.store,
            code,
            case.id,
            step(),
            action,
            revision_in(sent),
            viewer.person_id,
            world.now(),
        )
    except DeskError as error:
        if error.status not in (409, 422):
            raise
        return show_case(request, viewer, case.id, error=error, typed_form=form, typed=sent)
    said = "same" if after.revision == revision_in(sent) else done
    return see_other(f"{address_of(case)}?done={said}")


def revision_in(sent: FormData) -> int:
    """Return the version that the form was made from; 0, which none is, for anything else."""
    text = str(sent.get("revision") or "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def next_day(sent: FormData, name: str, today: date, words: str) -> date | None:
    """Return a day that is still to come, None for an empty field.  Raises :class:`BadInput`."""
    day = a_day(sent, name, words)
    if day is not None and day < today:
        raise BadInput(f"{words}が、きょうより前です。きょうか、これからの日を入れてください。")
    return day


def a_day(sent: FormData, name: str, words: str) -> date | None:
    """Return the day of a field, None for an empty one.  Raises :class:`BadInput`."""
    try:
        return day_of_field(str(sent.get(name) or ""))
    except ValueError as error:
        raise BadInput(f"{words}は、2026-04-01 のような形で入れてください。") from error


def _left(case: Case) -> tuple[Shown, ...]:
    """Return the suggestions that were neither chosen nor rejected."""
    taken = {r.target.key for r in case.referrals} | {r.target.key for r in case.rejected}
    return tuple(shown for shown in case.shown if shown.target.key not in taken)
