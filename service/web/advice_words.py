"""What is typed to or by the prefecture is looked through before it goes out.

Lines that the program itself wrote are left alone: the desk's own name and telephone stand in
them on purpose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData

from service.errors import NotReady
from service.triage.masking import Gazetteer
from service.web.case_mask import Piece, gazetteer_for, mask_all, unified
from service.web.town_of import desk_of
from service.web.world import world_of


@dataclass(frozen=True, slots=True)
class Looked:
    """The texts as they would go out, and the personal words found in them.

    ``to_ask``: somebody has still to say whether the words are replaced or may stay.
    ``seen`` is the digest of the words that the page asks about.
    """

    texts: Mapping[str, str]
    pieces: tuple[Piece, ...]
    seen: str
    to_ask: bool


def look_through(
    request: Request, sent: FormData, names: tuple[str, ...], own_lines: frozenset[str]
) -> Looked:
    """Look through the fields ``names`` of a form; ``own_lines`` are the program's own."""
    typed = {name: unified(str(sent.get(name) or "")) for name in names}
    lines = {name: text.split("\n") for name, text in typed.items()}
    places = {
        f"{name}:{number}": line
        for name in names
        for number, line in enumerate(lines[name])
        if line.strip() and line not in own_lines
    }
    masking = mask_all(places, _gazetteer(request), world_of(request).today())
    seen = hashlib.sha256("\x00".join(sorted(p.text for p in masking.pieces)).encode()).hexdigest()
    said = sent.get("masking")
    # "May stay" is said of the words that were shown, not of what was typed since.
    may_stay = said == "keep" and sent.get("seen") == seen
    if masking.pieces and not may_stay and said != "replace":
        return Looked(typed, masking.pieces, seen, to_ask=True)
    if said != "replace":
        return Looked(typed, (), seen, to_ask=False)
    masked = {
        name: "\n".join(
            masking.text_of(f"{name}:{n}") if f"{name}:{n}" in places else line
            for n, line in enumerate(lines[name])
        )
        for name in names
    }
    return Looked(masked, (), seen, to_ask=False)


def _gazetteer(request: Request) -> Gazetteer:
    try:
        desk = desk_of(request)
    except NotReady:
        # A prefecture's desk without records of its own: the rules work without names of places.
        return Gazetteer()
    return gazetteer_for(desk.knowledge, desk.index.manifest.version)
