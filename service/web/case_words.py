"""What is typed on a case's page is looked through before it is kept.

Where it holds words that look personal, nothing is done yet: the page shows them with what they
would become, and the desk says whether to replace them or that they may stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request, Response
from starlette.datastructures import FormData

from service.cases.models import Case
from service.web.case_look import Folder, address_of
from service.web.case_mask import Piece, Stretch, gazetteer_for, mask_all, unified
from service.web.render import html
from service.web.town_of import desk_of
from service.web.world import world_of

_ASKED = "masking"


@dataclass(frozen=True, slots=True)
class TextShown:
    """One typed text with what was found in it, and as it would be kept."""

    label: str
    stretches: tuple[Stretch, ...]
    masked: str


@dataclass(frozen=True, slots=True)
class MaskingPage:
    """What was found in the typed texts, and all that was typed, to be sent once more."""

    folder: Folder
    case: Case
    href: str
    action: str
    texts: tuple[TextShown, ...]
    pieces: tuple[Piece, ...]
    fields: tuple[tuple[str, str], ...]


def words_to_keep(
    request: Request,
    folder: Folder,
    case: Case,
    sent: FormData,
    labels: Mapping[str, str],
    offices: frozenset[str] = frozenset(),
) -> dict[str, str] | Response:
    """Return the texts of the fields ``labels`` names, as they may be kept.

    Until the desk has said what to do with personal words in them: the page that asks.
    """
    texts = {name: unified(str(sent.get(name) or "")) for name in labels}
    said = sent.get(_ASKED)
    if said == "keep":
        return texts
    desk = desk_of(request)
    masking = mask_all(
        texts,
        gazetteer_for(desk.knowledge, desk.index.manifest.version),
        world_of(request).today(),
        offices=offices,
        known_already=_of_offices(case),
    )
    if said == "replace" or not masking.pieces:
        return {name: masking.text_of(name) for name in labels}
    page = MaskingPage(
        folder=folder,
        case=case,
        href=address_of(case),
        action=request.url.path,
        texts=tuple(
            TextShown(label, masking.stretches[name], masking.text_of(name))
            for name, label in labels.items()
            if masking.touched(name)
        ),
        pieces=masking.pieces,
        fields=tuple((n, str(v)) for n, v in sent.multi_items() if n != _ASKED),
    )
    return html(request, "case_masking.html", 422, page=page)


def _of_offices(case: Case) -> str:
    """Return the names, phones and places of the offices that the case names anyway."""
    targets = (*(r.target for r in case.referrals), *(s.target for s in case.shown))
    return "\n".join(f"{t.name}\n{t.window}\n{t.phone}\n{t.address}" for t in targets)
