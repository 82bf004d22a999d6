"""From an answered note to a case: what would be kept is shown, put right, and only then stored.

The note comes in the form's body alone, from the desk to this page and from here to ``POST
/cases``.  It is read again each time, so nothing that a browser says about suggestions counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from service.accounts.viewer import Viewer
from service.cases.keep import open_case
from service.cases.models import NewCase, Target
from service.cases.similar import keep_vector
from service.cases.words import AGE_GROUPS, CHANNELS, CONSENTS, FLAG_DECISIONS, REJECTED
from service.errors import BadInput
from service.intake import FlagChoice, IntakeForm, age_group_of, cleaner, key_of, new_case_of
from service.logs import error_fields, log
from service.store.errors import StoreProblem
from service.triage.models import Suggestion, Triage
from service.triage.triage import Desk, triage
from service.web.case_form import NewForm, day_of_field, faults_of, form_sent, read_form
from service.web.case_look import CONSENT_HELP
from service.web.case_mask import KINDS, NOTE, Masking, Ticks, gazetteer_for, mask_all, ticks_of
from service.web.render import html, see_other
from service.web.rights_dependency import needs
from service.web.town_of import desk_of, town_of
from service.web.world import world_of

router = APIRouter(include_in_schema=False)
Changer = Annotated[Viewer, Depends(needs("cases.change"))]
Sent = Annotated[FormData, Depends(form_sent)]
_READ_AGAIN = (
    "伏せる言葉が変わったか、まだ見ていない文があります。"
    "下の「残る文」をもう一度読んでから、記録に残してください。"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """The form, the note read anew, and every text of it masked."""

    form: NewForm
    found: Triage
    masking: Masking
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion on the page; ``reason`` is masked."""

    key: str
    card: Suggestion
    reason: str
    chosen: bool
    rejected: str


@dataclass(frozen=True, slots=True)
class NewPage:
    """What would be kept, and what is still to be said about it."""

    draft: Draft
    chosen: tuple[Offer, ...]
    others: tuple[Offer, ...]
    districts: tuple[str, ...]
    age_group: str
    today: date
    once: str
    faults: dict[str, str]
    error: str = ""
    kinds = KINDS
    channels = CHANNELS
    age_groups = AGE_GROUPS
    consents = CONSENTS
    consent_help = CONSENT_HELP
    decisions = FLAG_DECISIONS
    reasons = REJECTED


@router.post("/cases/new")
def confirm_page(request: Request, _viewer: Changer, sent: Sent) -> Response:
    """Show what would be kept of the note; nothing is stored."""
    return _page(request, _draft(request, sent))


@router.post("/cases")
def keep_answer(request: Request, viewer: Changer, sent: Sent) -> Response:
    """Keep the case, if the desk has seen all that will be kept; else show the page again."""
    world, desk, draft = world_of(request), desk_of(request), _draft(request, sent)
    keys = frozenset(key_of(s) for s in draft.found.suggestions)
    faults = faults_of(draft.form, draft.found, keys, districts_of(desk), world.today())
    if faults:
        return _page(request, draft, faults, "直すところがあります。赤い字のところを見てください。")
    if draft.form.read != draft.masking.digest:
        return _page(request, draft, {}, _READ_AGAIN)
    try:
        new = _new_case(request, viewer, draft)
        case = open_case(
            world.store,
            town_of(request).code,
            new,
            viewer.person_id,
            world.now(),
            once_of(draft.form),
        )
    except BadInput as error:
        return _page(request, draft, {}, str(error))
    _keep_vector(request, desk, case.id, new.text)
    return see_other(f"/cases/{case.id}?done=opened")


def districts_of(desk: Desk) -> tuple[str, ...]:
    """Return the town's districts; those that its records name where it lists none."""
    town = desk.knowledge.town
    named = {r.district for r in desk.knowledge.resources if r.district and r.district != town.name}
    return town.districts or tuple(sorted(named))


def once_of(form: NewForm) -> str:
    """Return the id that the case will have: pressed twice, the same form keeps one case."""
    try:
        return str(UUID(form.value("once")))
    except ValueError:
        return str(uuid4())


def _draft(request: Request, sent: FormData) -> Draft:
    desk, today = desk_of(request), world_of(request).today()
    form, ticks = read_form(sent, desk.knowledge), ticks_of(sent)
    found = triage(desk, form.note, today, answers=form.answers)
    gazetteer = gazetteer_for(desk.knowledge, desk.index.manifest.version)
    masking = mask_all(form.texts(), gazetteer, today, ticks, frozenset({"own_name"}))
    return Draft(form, found, masking, ticks)


def _new_case(request: Request, viewer: Viewer, draft: Draft) -> NewCase:
    form, masking = draft.form, draft.masking
    clean = cleaner(masking.masked[NOTE])
    why = {key_of(s): clean(s.reason, s.evidence) for s in draft.found.suggestions}
    intake = IntakeForm(
        by=viewer.person_id,
        at=world_of(request).now(),
        consent_memo=masking.text_of("consent_memo"),
        memo=masking.text_of("memo"),
        district=form.value("district"),
        next_on=day_of_field(form.value("next_on")),
        chosen={key: masking.text_of(f"why_{key}") or why[key] for key in form.chosen},
        rejected={key: code for key, code in form.rejected.items() if code},  # type: ignore[misc]  # checked by faults_of
        flags={
            f.code: FlagChoice(form.value(f"flag_{f.code}"), masking.text_of(f"flagmemo_{f.code}"))  # type: ignore[arg-type]  # checked by faults_of
            for f in draft.found.red_flags
        },
        own=_own(draft),
    )
    checked = {name: form.value(name) for name in ("channel", "age_group", "consent")}
    form_checked = replace(intake, **checked)  # type: ignore[arg-type]  # checked by faults_of
    return new_case_of(draft.found, masking.masked[NOTE], form_checked)


def _own(draft: Draft) -> tuple[tuple[Target, str], ...]:
    form, masking = draft.form, draft.masking
    if not form.value("own_name").strip():
        return ()
    target = Target(
        kind="own",
        name=masking.text_of("own_name").strip(),
        window=form.value("own_window").strip(),
        phone=form.value("own_phone").strip(),
        hours=form.value("own_hours").strip(),
        address=form.value("own_address").strip(),
    )
    return ((target, masking.text_of("own_why")),)


def _keep_vector(request: Request, desk: Desk, case_id: str, text: str) -> None:
    """Remember what the case is like, for 「似た相談」; the case is kept already, whatever fails."""
    try:
        keep_vector(
            world_of(request).store,
            town_of(request).code,
            case_id,
            desk.embedder.digest,
            desk.embedder.encode(text),
        )
    except StoreProblem as error:
        log.error("vector_missed", **error_fields(error))


def _page(
    request: Request, draft: Draft, faults: dict[str, str] | None = None, error: str = ""
) -> Response:
    desk, form = desk_of(request), draft.form
    clean = cleaner(draft.masking.masked[NOTE])
    offers = tuple(
        Offer(
            key=key_of(card),
            card=card,
            reason=clean(card.reason, card.evidence),
            chosen=key_of(card) in form.chosen,
            rejected=form.rejected.get(key_of(card), ""),
        )
        for card in draft.found.suggestions
    )
    page = NewPage(
        draft=draft,
        chosen=tuple(offer for offer in offers if offer.chosen),
        others=tuple(offer for offer in offers if not offer.chosen),
        districts=districts_of(desk),
        age_group=form.value("age_group", age_group_of(draft.found.people)),
        today=world_of(request).today(),
        once=once_of(form),
        faults=faults or {},
        error=error,
    )
    return html(request, "case_new.html", 422 if error else 200, page=page)
