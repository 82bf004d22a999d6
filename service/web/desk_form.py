"""What the desk's page sends: the note, the answers given at the desk, and what was chosen.

Nothing of it is kept; the answer shows it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request

from knowledge.models import FactDefinition, Knowledge
from service.page.desk_page import Picked
from service.triage.answers import Answers, fits_kind, value_wanted
from service.web.case_answers import PREFIX, answers_in

_ASIDE, _REJECT = "aside_", "reject_"
_MOST_FIELDS = 2_000
_DIGEST_CHARS = 16


async def desk_form(request: Request) -> FormData:
    """Read the form; no files, and no more fields than the longest answer has."""
    return await request.form(max_files=0, max_fields=_MOST_FIELDS)


def note_of(form: FormData) -> str:
    """Return the note as it was typed."""
    note = form.get("note")
    return note if isinstance(note, str) else ""


def read_picked(form: FormData, knowledge: Knowledge) -> Picked:
    """Return what was answered and chosen.

    Answers belong to the note that they were given to.  When another one is searched they are
    set aside, so that nobody gets the answers of the person before; one press brings them back.
    """
    sent = {name: str(value) for name, value in form.multi_items()}
    digest = _digest(note_of(form))
    answers, notices = _answers(sent, knowledge)
    picked = Picked(
        chosen=frozenset(str(key) for key in form.getlist("choose")),
        rejected={
            n.removeprefix(_REJECT): t for n, t in sent.items() if n.startswith(_REJECT) and t
        },
        answers=answers,
        view="ranked" if sent.get("to_view", sent.get("view")) == "ranked" else "problems",
        notices=notices,
        digest=digest,
    )
    if "clear" in sent:
        picked = replace(picked, chosen=frozenset(), rejected={})
    if "bring_back" in sent:
        aside = {n.removeprefix(_ASIDE): t for n, t in sent.items() if n.startswith(_ASIDE)}
        return replace(picked, answers=_usable(aside, knowledge) | dict(answers))
    is_of_this_note = sent.get("answers_for", digest) in ("", digest) or "say" in sent
    if is_of_this_note or not (picked.answers or picked.chosen or picked.rejected):
        return picked
    return replace(picked, answers={}, set_aside=answers, chosen=frozenset(), rejected={})


def _answers(sent: Mapping[str, str], knowledge: Knowledge) -> tuple[Answers, tuple[str, ...]]:
    """Return the answers, and what to do about those that cannot be used."""
    given = {n.removeprefix(PREFIX): t for n, t in sent.items() if n.startswith(PREFIX)}
    fact, _, value = sent.get("say", "").partition(":")
    if value:
        given[fact] = value
    given.pop(sent.get("take_back", ""), None)
    usable = _usable(given, knowledge)
    labels: dict[str, FactDefinition] = {f.code: f for f in knowledge.facts}
    notices = tuple(
        f"「{labels[code].label}」の答えは、{value_wanted(labels[code])}。"
        for code, text in given.items()
        if code in labels and text.strip() and code not in usable
    )
    return usable, notices


def _usable(given: Mapping[str, str], knowledge: Knowledge) -> dict[str, bool | int | None]:
    facts = {fact.code: fact for fact in knowledge.facts}
    found = answers_in({PREFIX + code: text for code, text in given.items()}, knowledge)
    return {code: value for code, value in found.items() if fits_kind(value, facts[code])}


def _digest(note: str) -> str:
    # Browsers send another line end than they were given.
    text = note.replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]
