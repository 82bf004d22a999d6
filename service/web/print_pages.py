"""Papers from a case: look over, change the words, print, or take as PDF or Word.

The changed words come back with each press and are kept nowhere; the audit learns which kind
of paper was made of which case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData, QueryParams

from service.accounts.viewer import Viewer
from service.cases.keep import get_case, note_print
from service.cases.models import Case
from service.cases.words import PRINTS, PrintKind
from service.errors import BadInput, NotFound
from service.printouts.make import (
    NotShareable,
    file_name,
    make_printout,
    referral_to,
    with_edits,
    with_furigana,
)
from service.printouts.models import Printout, Withheld
from service.printouts.pdf import as_pdf, foot_line, head_line
from service.printouts.ruby import pieces_of, without_readings
from service.printouts.slip import could_be_withheld
from service.printouts.word_file import as_docx
from service.web.case_form import form_sent
from service.web.case_look import address_of
from service.web.render import html
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Viewer, Depends(needs("cases.read"))]
Sent = Annotated[FormData, Depends(form_sent)]
# Before the name of a section in the form.
_BODY = "body_"
_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Options:
    """For whom a つなぎ票 is, and what the slip shows in spite of the danger."""

    referral: str = ""
    included: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintPage:
    """A paper to look over.

    ``original`` has every section, with the typed words; ``printout`` what will be printed, None
    when it may not be.  ``as_paper``: it is shown in the form of the paper, ready to print.
    """

    case: Case
    kind: PrintKind
    options: Options
    original: Printout | None = None
    printout: Printout | None = None
    typed: Mapping[str, str] | None = None
    could_be_withheld: tuple[Withheld, ...] = ()
    as_paper: bool = False
    refused: str = ""
    error: str = ""
    plain = staticmethod(without_readings)
    pieces = staticmethod(pieces_of)
    head_line = staticmethod(head_line)
    foot_line = staticmethod(foot_line)

    @property
    def title(self) -> str:
        """What the desk calls the paper."""
        return PRINTS[self.kind]

    @property
    def href(self) -> str:
        """Where the paper's page is."""
        return f"{address_of(self.case)}/print/{self.kind}"

    @property
    def case_href(self) -> str:
        """Where the case's page is."""
        return address_of(self.case)

    def words_of(self, key: str, body: str) -> str:
        """Return what the section's field holds: as it was typed, else as it was made."""
        return (self.typed or {}).get(key, body)

    def rows_of(self, body: str) -> int:
        """Return how many lines the section's field shows at once."""
        return min(18, max(2, sum(1 + len(line) // 60 for line in body.split("\n"))))


@router.get("/cases/{case_id}/print/{kind}")
def look_over(request: Request, _viewer: Reader, case_id: str, kind: str) -> Response:
    """Show the paper's words, to be changed; say why when it may not be made.  Raises NotFound."""
    made = _made(request, _viewer, case_id, kind, request.query_params)
    return html(request, "print.html", 409 if made.refused else 200, page=made)


@router.post("/cases/{case_id}/print/{kind}")
def on_paper(request: Request, viewer: Reader, form: Sent, case_id: str, kind: str) -> Response:
    """Show the paper with the changed words, ready to print; or add readings to them."""
    page = _edited(request, viewer, form, case_id, kind)
    if form.get("do") == "furigana" and page.printout and page.original:
        # Nothing is handed out yet: the words go back into their fields.
        read = with_furigana(page.printout, desk_of(request).knowledge)
        typed = {**(page.typed or {}), **{s.key: s.body for s in read.sections}}
        page = _filled(page, read, typed, as_paper=False)
    elif page.printout:
        _note(request, viewer, page, "html")
    return html(request, "print.html", _status(page), page=page)


@router.post("/cases/{case_id}/print/{kind}/pdf")
def pdf(request: Request, viewer: Reader, form: Sent, case_id: str, kind: str) -> Response:
    """Give the paper as PDF."""
    return _file(request, viewer, form, case_id, kind, "pdf")


@router.post("/cases/{case_id}/print/{kind}/docx")
def docx(request: Request, viewer: Reader, form: Sent, case_id: str, kind: str) -> Response:
    """Give the paper as a Word file."""
    return _file(request, viewer, form, case_id, kind, "docx")


def _file(
    request: Request, viewer: Viewer, form: FormData, case_id: str, kind: str, ending: str
) -> Response:
    page = _edited(request, viewer, form, case_id, kind)
    if page.printout is None:
        return html(request, "print.html", _status(page), page=page)
    content = as_pdf(page.printout) if ending == "pdf" else as_docx(page.printout)
    _note(request, viewer, page, ending)
    name = file_name(page.printout, page.case.label, ending)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_TYPES[ending], headers=headers)


def _edited(request: Request, viewer: Viewer, form: FormData, case_id: str, kind: str) -> PrintPage:
    """Return the page with what was typed; an error keeps it in the fields."""
    page = _made(request, viewer, case_id, kind, form)
    if page.original is None:
        return page
    typed = {
        name.removeprefix(_BODY): str(text) for name, text in form.items() if name.startswith(_BODY)
    }
    try:
        printout = with_edits(page.original, typed)
    except BadInput as error:
        return _filled(page, None, typed, as_paper=False, error=str(error))
    return _filled(page, printout, typed, as_paper=True)


def _filled(
    page: PrintPage,
    printout: Printout | None,
    typed: Mapping[str, str],
    as_paper: bool,
    error: str = "",
) -> PrintPage:
    return PrintPage(
        case=page.case,
        kind=page.kind,
        options=page.options,
        original=page.original,
        printout=printout,
        typed=typed,
        could_be_withheld=page.could_be_withheld,
        as_paper=as_paper,
        error=error,
    )


def _made(
    request: Request, viewer: Viewer, case_id: str, kind: str, asked: FormData | QueryParams
) -> PrintPage:
    """Return the paper as it is at first.  Raises NotFound for the case or the kind."""
    world, town = world_of(request), town_of(request)
    wanted = _kind(kind)
    case = get_case(world.store, town.code, case_id)
    include = tuple(str(one) for one in asked.getlist("include"))
    options = Options(str(asked.get("referral") or ""), include)
    # The one person of the single mode has no name: it is written by hand.
    name = viewer.display_name if world.has_accounts else ""
    try:
        printout = make_printout(
            case,
            wanted,
            desk_of(request).knowledge,
            world.today(),
            name,
            options.referral,
            options.included,
        )
    except NotShareable as error:
        return PrintPage(case, wanted, options, refused=str(error))
    if wanted == "referral":
        options = Options(referral_to(case, options.referral).id)
    withheld = could_be_withheld(case) if wanted == "slip" else ()
    return PrintPage(case, wanted, options, printout, printout, could_be_withheld=withheld)


def _kind(kind: str) -> PrintKind:
    for known in PRINTS:
        if kind == known:
            return known
    raise NotFound("その印刷物はありません。相談の画面から選んでください。")


def _status(page: PrintPage) -> int:
    if page.refused:
        return NotShareable.status
    return BadInput.status if page.error else 200


def _note(request: Request, viewer: Viewer, page: PrintPage, how: str) -> None:
    """Record that the paper was made.  A paper that cannot be recorded is not given."""
    world = world_of(request)
    case = page.case
    note_print(world.store, case.town_code, case.id, page.kind, how, viewer.person_id, world.now())
